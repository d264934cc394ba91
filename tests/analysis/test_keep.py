"""Kept records: small, without weights or folders of the machine, and good for the same report."""

import pytest
from synthetic import make_run, make_study

from analysis import keep
from analysis.reports.files import write_report
from numpygpt.errors import UserError
from numpygpt.runs import RunFolder, find_runs


@pytest.fixture
def study(tmp_path):
    folder = tmp_path / "study"
    make_study(folder, tokenizers=("char", "bpe"), seeds=(3, 4, 5))
    for run in find_runs(folder):
        run.checkpoint_path.write_bytes(b"weights")
        run.samples_path.write_text("To be", encoding="utf-8")
        run.write_passages([{"text": "To be"}, {"text": "my own", "name": "private.txt"}])
        run.write_samples({"prompt": "", "least_copied": 20, "samples": []})
        record = run.run()
        record["config"]["eval"] = {"texts": ["/home/somebody/texts/accents.txt"]}
        run.create({k: v for k, v in record.items() if k != "schema"})
    return folder


def test_what_is_kept_and_what_is_not(study, tmp_path, capsys):
    assert keep.main([str(study), str(tmp_path / "kept")]) == 0
    assert "6 runs" in capsys.readouterr().out
    for run in find_runs(tmp_path / "kept"):
        assert run.state() == "done"
        original = RunFolder(study / run.name)
        assert run.result()["bits_per_byte"] == original.result()["bits_per_byte"]
        assert run.scores() == original.scores()
        assert not run.checkpoint_path.exists()
        assert (run.path / "passages.json").exists() == (run.result()["seed"] == 3)
        assert run.result()["seed"] != 3 or run.passages() == [{"text": "To be"}]
        assert (run.path / "samples.json").exists() == (run.result()["seed"] == 3)
        assert run.run()["config"]["eval"]["texts"] == ["accents.txt"]
        evaluations = [row for row in run.metrics() if row["kind"] == "eval"]
        assert evaluations == [row for row in original.metrics() if row["kind"] == "eval"]


def test_the_report_is_the_same(study, tmp_path):
    keep.keep(study, tmp_path / "kept")
    tables = [
        (write_report(folder, out).path.parent / "tables" / "comparison.md").read_text()
        for folder, out in ((study, tmp_path / "a"), (tmp_path / "kept", tmp_path / "b"))
    ]
    assert tables[0] == tables[1]


@pytest.mark.parametrize("name", ["scores.json", "passages.json", "samples.json", "metrics.jsonl"])
def test_a_damaged_record_costs_nothing_that_was_kept_before(study, tmp_path, name):
    target = tmp_path / "kept"
    keep.keep(study, target)
    before = {path.relative_to(target): path.read_bytes() for path in target.rglob("*") if path.is_file()}
    damaged = sorted(find_runs(study))[-1].path / name
    damaged.write_bytes(damaged.read_bytes()[:-9] + b"x")
    with pytest.raises(UserError, match="damaged"):
        keep.keep(study, target)
    with pytest.raises(UserError, match="in its own place"):
        keep.keep(target, target)
    after = {path.relative_to(target): path.read_bytes() for path in target.rglob("*") if path.is_file()}
    assert after == before


def test_unfinished_runs_are_not_kept(tmp_path, capsys):
    run = make_run(tmp_path / "study", "char", 1)
    (run.path / "result.json").unlink()
    with pytest.raises(UserError, match="no finished run"):
        keep.keep(tmp_path / "study", tmp_path / "kept")
    assert keep.main([str(tmp_path / "nowhere"), str(tmp_path / "kept")]) == 2
    assert "keep.py:" in capsys.readouterr().err
