"""Packed studies: small, without weights or folders of the machine, and good for the same report."""

import json

import pytest
from synthetic import make_run, make_study

from analysis.pack import main
from analysis.records.find import runs_in
from analysis.records.packed import pack, read_packed
from analysis.reports import write_report
from numpygpt.errors import UserError
from numpygpt.runs import RunUnfinished, find_runs


@pytest.fixture
def study(tmp_path):
    folder = tmp_path / "study"
    make_study(folder, tokenizers=("char", "bpe"), seeds=(3, 4, 5))
    make_run(folder, "char", 6, state="failed")
    make_run(folder, "char", 7, state="interrupted")
    for run in find_runs(folder):
        passage = {"text": "To be", "ids": [1], "ends": [5], "bits": [1.23456789], "bits_residual": [0.0]}
        run.write_passages([passage, passage | {"name": "private.txt"}])
        run.write_samples({"prompt": "", "least_copied": 20, "samples": []})
        record = run.run()
        record["config"]["eval"] = {"texts": ["/home/somebody/texts/accents.txt"]}
        run.create({k: v for k, v in record.items() if k != "schema"})
    return folder


def test_what_is_kept_and_what_is_not(study, tmp_path, capsys):
    out = tmp_path / "kept.jsonl"
    assert main([str(study), "-o", str(out)]) == 0
    assert "7 runs" in capsys.readouterr().out
    originals = {run.name: run for run in find_runs(study)}
    for run in read_packed(out):
        original = originals[run.name]
        assert run.path == out / run.name
        assert run.state() == original.state() != "interrupted"
        assert run.failure() == original.failure()
        assert run.run()["config"]["eval"]["texts"] == ["accents.txt"]
        evaluations = [row for row in run.metrics() if row["kind"] == "eval"]
        assert evaluations == [row for row in original.metrics() if row["kind"] == "eval"]
        assert len(run.metrics()) < len(original.metrics()) / 4
        if run.state() == "done":
            assert (run.result(), run.scores()) == (original.result(), original.scores())
        if run.state() == "done" and run.result()["seed"] == 3:
            assert run.passages() == original.passages()[:1]
            assert run.samples() == original.samples()
        else:
            with pytest.raises(RunUnfinished, match="keeps no passages"):
                run.passages()


def test_the_report_is_the_same(study, tmp_path, no_figures):
    pack(study, tmp_path / "kept" / "study.jsonl")
    reports = [write_report(place).path.parent for place in (study, tmp_path / "kept" / "study.jsonl")]
    assert reports[1] == tmp_path / "kept" / "report"
    tables = [(report / "tables" / "comparison.csv").read_text() for report in reports]
    assert tables[0] == tables[1]


def test_a_folder_holds_runs_and_packed_studies_side_by_side(study, tmp_path):
    pack(study, tmp_path / "other.jsonl")
    runs = runs_in([tmp_path])
    assert len(runs) == 8 + 7
    assert runs == sorted(runs, key=lambda run: run.path)


@pytest.mark.parametrize("name", ["scores.json", "passages.json", "samples.json", "metrics.jsonl"])
def test_a_damaged_record_costs_nothing_that_was_packed_before(study, tmp_path, name):
    out = tmp_path / "kept.jsonl"
    pack(study, out)
    before = out.read_bytes()
    damaged = study / "char-small-s3" / name
    damaged.write_bytes(damaged.read_bytes()[:-9] + b"x")
    with pytest.raises(UserError, match="damaged"):
        pack(study, out)
    assert out.read_bytes() == before


@pytest.mark.parametrize("content", ["{", json.dumps({"step": 1}), "[]"])
def test_what_is_no_packed_study_is_refused(tmp_path, content):
    (tmp_path / "notes.jsonl").write_text(content)
    with pytest.raises(UserError, match="is no packed study"):
        runs_in([tmp_path / "notes.jsonl"])


def test_unfinished_runs_are_not_packed(tmp_path, capsys):
    make_run(tmp_path / "study", "char", 1, state="interrupted")
    assert main([str(tmp_path / "study")]) == 2
    assert main([str(tmp_path / "nowhere")]) == 2
    assert "pack.py:" in capsys.readouterr().err
