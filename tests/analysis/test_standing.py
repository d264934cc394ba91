"""A study that grows is followed: states, curves and problems are its folders', and only changes are read."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from synthetic import identity, make_run, record

from analysis import following
from analysis.pace import Left
from analysis.plans import FOLDER, lock_of, setting_of, to_json
from analysis.standing import Study
from numpygpt.files import locked
from numpygpt.runs import RunFolder

NOW = 2_000_000_000.0
ROW = {"lr": 1e-3, "grad_norm": 1.0, "clipped": False}


def status(study: Study, name: str, now: float = NOW):
    return next(run for run in study.standing(now).runs if run.name == name)


def begin(root: Path, tokenizer: str = "char", seed: int = 1, iters: int | None = 1000) -> RunFolder:
    run = RunFolder(root / f"{tokenizer}-small-s{seed}")
    resolved = {"iters": iters} if iters else {}
    run.create(record(tokenizer, seed, run.name) | {"resolved": resolved})
    return run


def log(run: RunFolder, *steps: int, seconds: float = 0.1) -> None:
    """An update and an evaluation at each of the steps; 768 characters and 0.1 s per update."""
    for step in steps:
        seen = {"tokens": 768 * step, "chars": 768.0 * step, "seconds": seconds * step}
        if step:
            run.append_metrics({"step": step, "kind": "train", "loss": 3.0 - step / 1000, **ROW, **seen})
        losses = {"train_loss": 2.0, "val_loss": 2.1, "train_bpb": 2.9, "val_bpb": 3.0 - step / 1000}
        run.append_metrics({"step": step, "kind": "eval", **losses, **seen})


def write_plan(root: Path, *runs: tuple[str, int], name: str = "1") -> Path:
    path = root / FOLDER / f"{name}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    stored = {run: json.loads(json.dumps(identity(*run))) for run in runs}
    path.write_text(to_json({f"{t}-small-s{s}": setting_of(stored[t, s]) for t, s in runs}))
    return path


def test_a_run_from_its_beginning_to_its_end(tmp_path):
    study = Study(tmp_path)
    assert not study.update()
    run = begin(tmp_path, iters=None)
    with run.lock():
        assert study.update()
        assert (status(study, run.name).state, status(study, run.name).phase) == ("running", "preparing")
        assert status(study, run.name).left is None
        run.create(record("char", 1, run.name) | {"resolved": {"iters": 1000}})
        log(run, 0, 100, 200)
        assert study.update()
        seen = status(study, run.name, run.metrics_path.stat().st_mtime)
        assert (seen.step, seen.iters, seen.share, seen.phase) == (200, 1000, 0.2, "")
        assert seen.loss == pytest.approx(2.8)
        assert [e.val for e in seen.evaluations] == [3.0, 2.9, 2.8]
        assert seen.chars_per_second == pytest.approx(7680)
        assert seen.left.at_least  # nobody knows how long scoring will take
        assert seen.left.seconds == pytest.approx(80.0, abs=0.2)
        assert not study.update()  # nothing new
        log(run, *range(300, 1001, 100))
        study.update()
        assert status(study, run.name).phase == "scoring"
    make_run(tmp_path, "char", 1, name=run.name, every=100)
    study.update()
    seen = status(study, run.name)
    assert (seen.state, seen.share, seen.tokenizer) == ("done", 1.0, "char")
    assert seen.bits_per_byte == run.result()["bits_per_byte"]
    assert not study.standing(NOW).goes_on


def test_only_new_lines_are_read_and_a_half_line_waits_for_its_other_half(tmp_path, monkeypatch):
    run, study, parsed = begin(tmp_path), Study(tmp_path), []
    log(run, *range(0, 500, 100))
    real = following.metric_row
    monkeypatch.setattr(following, "metric_row", lambda line: parsed.append(line) or real(line))
    study.update()
    assert len(parsed) == 9
    whole = run.metrics_path.read_bytes()
    log(run, 500)
    grown = run.metrics_path.read_bytes()
    run.metrics_path.write_bytes(grown[: len(whole) + 40])
    study.update()
    assert (len(parsed), status(study, run.name).step) == (9, 400)
    assert study.standing(NOW).problems == ()
    with run.metrics_path.open("ab") as file:
        file.write(grown[len(whole) + 40 :])
    study.update()
    assert (len(parsed), status(study, run.name).step) == (11, 500)


def test_a_run_that_was_resumed_is_read_from_the_first_line(tmp_path):
    run, study = begin(tmp_path), Study(tmp_path)
    log(run, *range(0, 500, 100))
    study.update()
    run.drop_metrics_after(200)
    log(run, 300)
    study.update()
    seen = status(study, run.name)
    assert [e.step for e in seen.evaluations] == [0, 100, 200, 300]
    assert (seen.step, seen.state) == (300, "interrupted")


def test_waiting_is_what_a_living_sweep_has_before_it(tmp_path):
    make_run(tmp_path, "char", 1, every=100, extra={"total_seconds": 90.0, "train_seconds": 70.0})
    failed = make_run(tmp_path, "char", 2, every=100, state="failed")
    os.utime(failed.path / "failure.json", (1, 1))  # of a sweep before this one
    cut = begin(tmp_path, "char", 3)
    log(cut, 0, 500)
    plan = write_plan(tmp_path, ("char", 2), ("char", 3), ("char", 4), ("word", 1))
    study = Study(tmp_path)
    with locked(lock_of(plan)):
        assert study.update()
        now = study.standing(NOW)
        assert [(run.name, run.state) for run in now.runs] == [
            *((f"char-small-s{seed}", "waiting") for seed in (2, 3, 4)),
            ("word-small-s1", "waiting"),
            ("char-small-s1", "done"),
        ]
        assert [run.left for run in now.runs[:4]] == [Left(90.0), Left(45.0), Left(90.0), None]
        assert (now.left, now.unknown) == (Left(225.0, at_least=True), 1)
        assert (now.runs[0].step, now.runs[1].step) == (0, 500)  # begun anew, and gone on with
        assert now.goes_on
    assert study.update()
    now = study.standing(NOW)
    assert {run.name: run.state for run in now.runs} == {
        "char-small-s1": "done",
        "char-small-s2": "failed",
        "char-small-s3": "interrupted",
        "char-small-s4": "not begun",
        "word-small-s1": "not begun",
    }
    assert not now.goes_on
    assert now.left is None
    assert all(run.left is None for run in now.runs)


def test_a_run_that_has_not_begun_is_as_long_as_one_of_its_kind_that_goes_on(tmp_path):
    run = begin(tmp_path, "bpe", 1)
    log(run, 0, 100, 200)
    plan = write_plan(tmp_path, ("bpe", 1), ("bpe", 2))
    study = Study(tmp_path)
    with locked(lock_of(plan)), run.lock():
        study.update()
        now = study.standing(run.metrics_path.stat().st_mtime)
        assert [run.state for run in now.runs] == ["running", "waiting"]
        assert now.runs[1].left.at_least
        assert now.runs[1].left.seconds == pytest.approx(100.0, abs=0.1)
        assert now.left.seconds == pytest.approx(180.0, abs=0.3)


def test_a_run_that_is_gone_on_with_after_hours_is_neither_slow_nor_silent(tmp_path):
    run, study = begin(tmp_path), Study(tmp_path)
    log(run, 0, 100, 200)
    hours_ago = time.time() - 36_000
    for path in run.path.iterdir():
        os.utime(path, (hours_ago, hours_ago))
    study.update()
    with run.lock():
        run.create(record("char", 1, run.name) | {"resolved": {"iters": 1000}})
        study.update()
        began = (run.path / "run.json").stat().st_mtime
        assert status(study, run.name, began + 1).phase == "preparing"
        log(run, 300)
        study.update()
        seen = status(study, run.name, run.metrics_path.stat().st_mtime)
        assert seen.phase == ""
        assert seen.left.seconds == pytest.approx(70.0, abs=1)


def test_a_finished_run_never_waits(tmp_path):
    run = make_run(tmp_path, "char", 1, name="char-small-s1", every=100)
    os.utime(run.path / "result.json", (1, 1))
    plan = write_plan(tmp_path, ("char", 1), ("char", 2))
    study = Study(tmp_path)
    with locked(lock_of(plan)):
        study.update()
        states = {seen.name: seen.state for seen in study.standing(NOW).runs}
    assert states == {"char-small-s1": "done", "char-small-s2": "waiting"}


def test_when_one_of_two_sweeps_has_ended_its_place_is_empty(tmp_path):
    runs = [begin(tmp_path, "char", seed) for seed in (1, 2)]
    one, two = (write_plan(tmp_path, ("char", seed), name=str(seed)) for seed in (1, 2))
    study = Study(tmp_path)
    with locked(lock_of(one)), runs[0].lock():
        with locked(lock_of(two)), runs[1].lock():
            study.update()
            assert study._at_once == 2
        study.update()
        assert study._at_once == 1


def test_two_plans_count_each_run_once(tmp_path):
    write_plan(tmp_path, ("char", 1), ("char", 2), name="old")
    plan = write_plan(tmp_path, ("char", 2), ("char", 3), name="new")
    study = Study(tmp_path)
    with locked(lock_of(plan)):
        study.update()
        assert {run.name[-2:]: run.state for run in study.standing(NOW).runs} == {
            "s1": "not begun",
            "s2": "waiting",
            "s3": "waiting",
        }


def test_a_run_at_work_in_another_process_is_seen_and_not_disturbed(tmp_path):
    run = begin(tmp_path)
    script = (
        "import sys, time; from numpygpt.runs import RunFolder\n"
        "with RunFolder(sys.argv[1]).lock(): print('at it', flush=True); sys.stdin.read()"
    )
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen([sys.executable, "-c", script, run.path], **pipes) as worker:
        assert worker.stdout.readline() == b"at it\n"
        before = sorted((p.name, p.stat().st_mtime_ns) for p in run.path.iterdir())
        study = Study(tmp_path)
        study.update()
        assert status(study, run.name).state == "running"
        assert sorted((p.name, p.stat().st_mtime_ns) for p in run.path.iterdir()) == before
    study.update()
    assert status(study, run.name).state == "interrupted"


def test_a_run_that_says_nothing_for_long_is_said_to(tmp_path):
    run, study = begin(tmp_path), Study(tmp_path)
    log(run, 0, 100)
    with run.lock():
        study.update()
        spoke = run.metrics_path.stat().st_mtime
        assert status(study, run.name, spoke + 30).phase == ""
        assert status(study, run.name, spoke + 200).phase == "silent for 3:20"


@pytest.mark.parametrize("name", ["run.json", "result.json", "failure.json", "metrics.jsonl"])
def test_a_damaged_file_is_named_until_it_is_whole_again(tmp_path, name):
    make_run(tmp_path, "word", 1, every=200)
    run = make_run(tmp_path, "char", 1, every=200, state="failed" if name == "failure.json" else "done")
    study, path = Study(tmp_path), run.path / name
    whole = path.read_bytes()
    path.write_bytes(whole[:30] + b"\n" + whole[31:])
    for _ in range(2):
        study.update()
        (problem,) = study.standing(NOW).problems
        assert str(path) in problem
        assert "damaged" in problem
    assert status(study, "word-small-s1").state == "done"
    path.write_bytes(whole)
    assert study.update()
    assert study.standing(NOW).problems == ()


def test_what_may_not_be_read_is_named_and_nothing_else_is_lost(tmp_path, monkeypatch):
    make_run(tmp_path, "word", 1, every=200)
    make_run(tmp_path, "char", 1, every=200)
    real = os.stat

    def stat(path, **options):
        if str(path).endswith("char-small-s1/run.json"):
            raise PermissionError(13, "Permission denied")
        return real(path, **options)

    monkeypatch.setattr(following.os, "stat", stat)
    study = Study(tmp_path)
    study.update()
    monkeypatch.undo()
    now = study.standing(NOW)
    assert now.count("done") == 2
    assert now.problems == (f"{tmp_path}/char-small-s1/run.json cannot be read (Permission denied)",)
    study.update()
    assert study.standing(NOW).problems == ()


def test_a_folder_that_may_not_be_listed_hides_no_other(tmp_path, monkeypatch):
    closed = make_run(tmp_path, "word", 1, every=200).path
    make_run(tmp_path, "char", 1, every=200)
    real = os.scandir

    def refuse(path):
        if os.fspath(path) == str(closed):
            raise PermissionError(13, "Permission denied", str(path))
        return real(path)

    monkeypatch.setattr(os, "scandir", refuse)
    study = Study(tmp_path)
    study.update()
    now = study.standing(NOW)
    assert [run.name for run in now.runs] == ["char-small-s1"]
    (problem,) = now.problems
    assert problem.startswith(f"{closed} cannot be read (Permission denied)")


def test_a_study_that_may_not_be_listed_any_more_leaves_what_was_known(tmp_path, monkeypatch):
    make_run(tmp_path, "word", 1, every=200)
    study = Study(tmp_path)
    study.update()

    def refuse(path="."):
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(os, "scandir", refuse)
    monkeypatch.setattr(os, "listdir", refuse)
    study.update()
    now = study.standing(NOW)
    assert now.count("done") == 1
    assert "Permission denied" in now.problems[0]


def test_looking_at_a_hundred_runs_takes_little(tmp_path):
    for number in range(100):
        run = begin(tmp_path, "char", number)
        log(run, 0)
    study = Study(tmp_path)
    study.update()
    began = time.process_time()
    for _ in range(10):
        assert not study.update()
    assert (time.process_time() - began) / 10 < 0.04  # 0.008 where nobody else is at work; a look every 2 s
