"""A user's own text costs what the run's own scores say, and joins what the run knows; nothing else is touched."""

import os
import re
import shutil
import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import analysis
from experiments import score
from experiments.configuration.identity import run_folder
from experiments.runner.job import execute, recorded_config
from experiments.runner.progress import Reporter
from experiments.trained import scoring
from numpygpt.errors import UserError
from numpygpt.measures.text.perturbations import perturbed
from numpygpt.runs import RunFolder


@pytest.fixture
def runs(finished, tmp_path) -> dict[str, RunFolder]:
    """A study of two finished runs, one of a tokenizer that loses something, by tokenizer."""
    found = {}
    for tokenizer in ("byte", "word"):
        run = finished(tokenizer)
        found[tokenizer] = RunFolder(shutil.copytree(run.path, tmp_path / "cats" / run.name))
    return found


@pytest.fixture
def mine(tmp_path) -> Path:
    path = tmp_path / "mine.txt"
    path.write_text("The Zebra sat on my hat.\n\t ", encoding="utf-8")
    return path


@pytest.mark.parametrize("tokenizer", ["byte", "word"])
def test_the_beginning_of_the_validation_text_costs_what_the_run_says(runs, tokenizer, tmp_path):
    run = runs[tokenizer]
    (own, *others) = run.passages()
    path = tmp_path / "again.txt"
    path.write_bytes(own["text"].encode())
    assert score.main([str(run.path), "--passage", str(path)]) == 0
    *before, again = run.passages()
    assert before == [own, *others]
    assert again["name"] == "again.txt"
    known = len(again["ids"]) - 2  # where the text is cut, the last tokens may be others
    assert known > 20
    for key in ("ids", "ends"):
        assert again[key][:known] == own[key][:known]
    for key in ("bits", "bits_residual"):
        np.testing.assert_allclose(again[key][:known], own[key][:known], atol=2e-4)


def test_every_byte_is_charged(runs, mine, capsys):
    assert score.main([str(runs["word"].path), "--passage", str(mine)]) == 0
    entry = runs["word"].passages()[-1]
    total = sum(entry["bits"]) + sum(entry["bits_residual"]) + entry["bits_tail"]
    assert entry["bits_tail"] > 5  # a tab and spaces that no token stands for
    assert entry["ends"][-1] < len(entry["text"].encode())
    said = r"mine\.txt  word-tiny\S+  ([\d.]+) bits/byte, tokens alone .*; ([\d.]+) bits, (\d+) tokens"
    (line,) = re.findall(said, capsys.readouterr().out)
    assert [float(n) for n in line] == pytest.approx([total / 27, total, len(entry["ids"])], abs=0.06)


def test_a_study_is_scored_and_a_passage_of_the_same_name_is_replaced(runs, mine, tmp_path, capsys):
    other = tmp_path / "[b]other"  # nothing but a name
    other.write_text("<script>cat</script>")
    both = ["--passage", str(mine), "--passage", str(other)]
    assert score.main([str(tmp_path / "cats"), *both]) == 0
    said = capsys.readouterr().out
    assert "mine.txt  byte-tiny" in said
    assert "[b]other  word-tiny" in said
    assert "added to 2 runs" in said
    mine.write_text("Another hat.")
    assert score.main([str(tmp_path / "cats"), "--passage", str(mine)]) == 0
    for run in runs.values():
        assert run.state() == "done"
        named = [(p["name"], p["text"]) for p in run.passages() if "name" in p]
        assert named == [("[b]other", "<script>cat</script>"), ("mine.txt", "Another hat.")]


def test_a_text_is_added_to_finished_runs_as_if_they_had_been_told_to_evaluate_it(
    runs, mine, tmp_path, capsys
):
    before = {run: (run.result(), run.checkpoint_path.stat().st_mtime_ns) for run in runs.values()}
    assert score.main([str(tmp_path / "cats"), "--text", str(mine), "--text", "crlf"]) == 0
    assert "mine.txt  word-tiny" in capsys.readouterr().out
    for run, (result, trained_at) in before.items():
        assert run.checkpoint_path.stat().st_mtime_ns == trained_at
        added = run.result()
        (evaluated,), (own, again) = result.pop("texts"), added.pop("texts")
        assert added == result
        assert again.pop("name") == evaluated.pop("name") == "crlf"
        assert again.pop("sha256") == evaluated.pop("sha256")
        assert again == pytest.approx(evaluated, rel=1e-6)
        assert (own["name"], own["bytes"]) == ("mine.txt", 27)
        assert own["bits_per_byte"] == pytest.approx(
            own["bits_per_byte_tokens"] + own["bits_per_byte_residual"]
        )


def test_mistakes_in_the_validation_text_are_added_and_cost_what_the_same_text_costs(runs, tmp_path, capsys):
    run, before = runs["word"], runs["word"].result()
    both = ["--perturb", "typos,unicode"]
    assert score.main([str(run.path), "--perturb", "case", "--rate", "0"]) == 0
    assert score.main([str(run.path), *both, "--rate", "0.025"]) == 0
    assert "unicode 2.5 %  word-tiny" in capsys.readouterr().out
    corpus = (Path(run.run()["config"]["data"]["path"])).read_text(encoding="utf-8")
    worse = tmp_path / "worse.txt"
    worse.write_text(perturbed(corpus[int(0.9 * len(corpus)) :], "typos", 0.025), encoding="utf-8")
    assert score.main([str(run.path), "--text", str(worse)]) == 0
    after = run.result()
    none, typos, _ = after["perturbed"]
    assert none["bits_per_byte"] == pytest.approx(before["bits_per_byte"], rel=1e-6)
    assert typos | {"name": "worse.txt"} == after["texts"][-1]
    assert typos["bits_per_byte"] > before["bits_per_byte"] + 0.05
    rises = analysis.load(run.path).set_index("measure")["mean"]
    assert rises["perturbed.typos 2.5 %"] == typos["bits_per_byte"] - after["bits_per_byte"]
    assert score.main([str(run.path), "--measures"]) == 0
    assert run.result()["perturbed"] == after["perturbed"]
    for refused in (["--perturb", "typo"], [*both, "--rate", "2"], ["--perturb", ""]):
        assert score.main([str(run.path), *refused]) == 2


def test_a_run_that_is_measured_again_stays_the_run_that_was_trained(runs, mine, monkeypatch):
    before = runs["byte"].run()
    before["config"]["tracking"] = {"kind": "none"}  # a setting that there was once
    runs["byte"].create(before)
    ended = runs["byte"].result()["ended"]
    monkeypatch.setattr("experiments.configuration.identity.RESULTS_VERSION", 99)
    assert score.main([str(runs["byte"].path), "--measures", "sample.tokens=7"]) == 0
    after = runs["byte"].run()
    assert after["config"]["sample"]["tokens"] == 7
    assert {**after, "config": None} == {**before, "config": None}
    assert runs["byte"].result()["ended"] == ended


def test_samples_and_measures_are_taken_anew_from_the_trained_weights(runs, mine, capsys):
    run = runs["word"]
    assert score.main([str(run.path), "--passage", str(mine), "--text", str(mine)]) == 0
    before, passages, scores = run.result(), run.passages(), run.scores()
    weights = run.checkpoint_path.read_bytes()
    assert score.main([str(run.path), "--measures", "sample.number=2", "sample.prompt=The cat"]) == 0
    after = run.result()
    assert (run.checkpoint_path.read_bytes(), run.passages(), run.scores()) == (weights, passages, scores)
    assert len(run.samples()["samples"]) == 2
    assert run.samples()["prompt"] == "The cat"
    names = [text["name"] for text in after.pop("texts")]
    assert sorted(names) == sorted(text["name"] for text in before.pop("texts")) == ["crlf", "mine.txt"]
    of_samples = {"generated", "generated_tokens", "human", "chars_in_500_tokens"}
    timed = {"tokens_per_second_generated", "chars_per_second_generated"}
    assert {key for key in before if before[key] != after[key]} <= of_samples | timed


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ("optimizer.lr=1", "it may set sample.tokens"),
        ("sample.numbr=1", "it may set sample.tokens"),
        ("sample.number=x", "it may set sample.tokens"),
        ("sample.number=0", "sample.number=0 is not possible"),
    ],
)
def test_only_settings_of_samples_can_be_changed(runs, setting, said, capsys):
    before = (runs["byte"].path / "result.json").read_bytes()
    assert score.main([str(runs["byte"].path), "--measures", setting]) == 2
    assert said in capsys.readouterr().err
    assert (runs["byte"].path / "result.json").read_bytes() == before


def test_a_result_is_not_replaced_where_rows_of_metrics_are_lost(runs, mine, capsys):
    run, before = runs["byte"], (runs["byte"].path / "result.json").read_bytes()
    rows = run.metrics_path.read_bytes().splitlines(keepends=True)
    run.metrics_path.write_bytes(b"".join(rows[:-1]))
    assert score.main([str(run.path), "--text", str(mine)]) == 2
    assert "metrics.jsonl is damaged" in capsys.readouterr().err
    assert (run.path / "result.json").read_bytes() == before


def test_nothing_to_score_is_refused(runs, capsys):
    assert score.main([str(runs["byte"].path)]) == 2
    assert "nothing to score" in capsys.readouterr().err


def test_a_run_without_passages_gets_its_first(runs, mine):
    (runs["byte"].path / "passages.json").unlink()
    assert score.main([str(runs["byte"].path), "--passage", str(mine)]) == 0
    assert [p["name"] for p in runs["byte"].passages()] == ["mine.txt"]


def test_a_text_without_a_token_is_all_tail(runs, tmp_path):
    blank = tmp_path / "blank.txt"
    blank.write_text("  \t ")
    assert score.main([str(runs["word"].path), "--passage", str(blank)]) == 0
    entry = runs["word"].passages()[-1]
    assert (entry["ids"], entry["ends"]) == ([], [])
    assert entry["bits_tail"] > 0


@pytest.mark.parametrize(
    ("data", "fault"),
    [
        (b"", "is empty"),
        (b"caf\xe9 au lait", r"not UTF-8 text \(byte 3\)"),
        (b"a" * (scoring.MAX_PASSAGE_BYTES + 1), "more than 20,000 bytes"),
        (None, "cannot be read"),
    ],
)
def test_bad_files_are_refused_before_any_work(runs, tmp_path, data, fault, capsys):
    path = tmp_path / "bad.txt"
    path.mkdir() if data is None else path.write_bytes(data)
    with pytest.raises(UserError, match=fault):
        scoring.read_passages([str(path)])
    before = (runs["byte"].path / "passages.json").read_bytes()
    assert score.main([str(runs["byte"].path), "--passage", str(path)]) == 2
    assert capsys.readouterr().err.count("\n") == 1
    assert (runs["byte"].path / "passages.json").read_bytes() == before


def test_two_files_of_one_name_are_refused(mine, tmp_path):
    (tmp_path / "folder").mkdir()
    twin = shutil.copy(mine, tmp_path / "folder")
    with pytest.raises(UserError, match=r"two texts are called mine\.txt"):
        scoring.read_passages([str(mine), twin])
    assert len(scoring.read_passages([str(mine), str(mine)])) == 1
    with pytest.raises(UserError, match=r"two texts are called mine\.txt"):
        scoring.score_runs([], {"mine.txt": "a"}, {"mine.txt": "b"})


def test_runs_that_cannot_be_scored_are_refused_by_name(runs, mine, tmp_path):
    runs["byte"].checkpoint_path.unlink()
    with pytest.raises(UserError, match=r"byte-tiny.* has no checkpoint\.safetensors"):
        scoring.runs_to_score([str(runs["byte"].path)])
    for run in runs.values():
        (run.path / "result.json").unlink()
    with pytest.raises(UserError, match=r"is not done \(interrupted\)"):
        scoring.runs_to_score([str(runs["byte"].path)])
    with pytest.raises(UserError, match=r"none of the 2 runs in .* is done"):
        scoring.runs_to_score([str(tmp_path / "cats")])
    assert score.main(["nowhere", "--passage", str(mine)]) == 2


def test_what_is_wrong_with_one_run_keeps_no_other_from_being_scored(runs, mine, tmp_path, capsys):
    (runs["byte"].path / "passages.json").write_text("{")
    assert score.main([str(tmp_path / "cats"), "--passage", str(mine)]) == 2
    out, err = capsys.readouterr()
    assert "added to 1 run;" in out
    assert "passages.json is damaged" in err
    assert runs["word"].passages()[-1]["name"] == "mine.txt"


def test_a_run_at_work_is_not_disturbed(runs, mine, capsys):
    """A lock of another open file is as good as another process's."""
    run, before = runs["byte"], (runs["byte"].path / "passages.json").read_bytes()
    held, leave = threading.Event(), threading.Event()

    def hold():
        with run.lock():
            held.set()
            leave.wait(30)

    holder = threading.Thread(target=hold)
    holder.start()
    held.wait(30)
    try:
        assert score.main([str(run.path), "--passage", str(mine)]) == 2
    finally:
        leave.set()
        holder.join()
    assert f"is being worked on by process {os.getpid()}" in capsys.readouterr().err
    assert (run.path / "passages.json").read_bytes() == before


def test_seeds_are_averaged_as_results_has_it(finished, tmp_path, capsys):
    one = finished("word")
    config = replace(recorded_config(one.run()["config"]), seed=7, outputs=str(tmp_path))
    assert execute(config, Reporter()) == "done"
    other = run_folder(config)
    page = (Path(__file__).parents[2] / "docs" / "RESULTS.md").read_text(encoding="utf-8")
    (code,) = re.findall(r"```python\n(import numpy.*?)```", page, re.DOTALL)
    capsys.readouterr()
    found = {}
    exec(code.replace('"outputs/record"', f"{str(one.path)!r}, {str(other.path)!r}"), found)
    printed = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert [n for n, _ in printed] == ["1", "2"]
    alone, averaged = (float(bits) for _, bits in printed)
    first, second = (run.result() for run in (one, other))
    assert alone == pytest.approx(first["bits_per_byte"], rel=1e-6)
    chances = np.exp(-np.array(found["nats"])).mean(axis=0)
    tokens = -np.log2(chances).sum() / len(found["text"].encode())
    assert averaged == pytest.approx(tokens + first["bits_per_byte_residual"], rel=1e-6)
    assert averaged < (alone + second["bits_per_byte"]) / 2
