"""`report.py --watch`: what it says and writes while a study begins, goes on and ends, and when it is left."""

import os
import re
import time

import pytest
from rich.console import Console
from synthetic import make_run
from test_standing import begin, log, write_plan

from analysis import report, watch
from analysis.plans import lock_of
from analysis.standing import Study
from analysis.watch_page import watch_page
from analysis.watch_terminal import table
from analysis.watch_words import bits, sparks, summary
from numpygpt.errors import UserError
from numpygpt.files import locked
from numpygpt.runs import RunFolder


@pytest.fixture
def meanwhile(monkeypatch):
    """meanwhile(act, ...): what happens while the watcher sleeps, once after each look; then nobody sleeps long."""
    acts, looks = [], []

    def sleep(seconds):
        assert seconds >= watch.PAUSE
        looks.append(seconds)
        assert len(looks) < 50, "it never ends"
        if acts:
            acts.pop(0)()

    monkeypatch.setattr(watch.time, "sleep", sleep)
    return lambda *more: acts.extend(more)


def console(width: int = 200, terminal: bool = False) -> Console:
    return Console(width=width, height=30, record=True, file=open(os.devnull, "w"), force_terminal=terminal)  # noqa: PTH123


def finish(run: RunFolder) -> None:
    """As make_run leaves it."""
    make_run(run.path.parent, run.name.split("-")[0], int(run.name[-1]), name=run.name, every=100)


def test_a_study_is_awaited_followed_and_closed(tmp_path, meanwhile, capsys):
    study, said = tmp_path / "new", console()
    plan, lock = [], []

    def start():
        plan.append(write_plan(study, ("char", 1), ("word", 1)))
        lock.append(locked(lock_of(plan[0])))
        lock[0].__enter__()

    def train():
        log(begin(study), 0, 100)

    def page() -> str:
        return (study / "report" / "watch.html").read_text(encoding="utf-8")

    def first_done():
        assert 'http-equiv="refresh"' in page()
        assert 'data-run="char-small-s1" data-state="waiting"' in page()
        finish(RunFolder(study / "char-small-s1"))

    def stop():
        assert 'data-run="char-small-s1" data-state="done"' in page()
        lock[0].__exit__(None, None, None)

    meanwhile(lambda: None, start, train, first_done, stop)
    watch.watch(study, study / "report", said)
    text = said.export_text()
    assert f"{study}: waiting for a first run" in text
    assert "new: 2 runs, 2 waiting; time left unknown yet" in text
    assert "[char-small-s1] done: 2.6" in text
    assert "new: 2 runs, 1 done, 1 not begun" in text
    assert "the sweep's command, typed again, does what is not done" in text
    assert f"there is no report yet: python analysis/report.py {study}" in text
    assert "refresh" not in page()
    assert "Nothing goes on here any more" in page()
    assert not list((study / "report").glob(".*"))


def test_a_finished_study_is_shown_and_nothing_is_written(tmp_path, meanwhile):
    run = make_run(tmp_path, "char", 1, every=100)
    make_run(tmp_path, "bpe", 1, every=100, state="failed")
    said = console(100)
    watch.watch(tmp_path, tmp_path / "report", said)
    assert not (tmp_path / "report").exists()
    assert "2 runs, 1 done, 1 failed" in (text := said.export_text())
    assert "bpe-small-s1: diverged: the loss is not finite at step 40" in text
    (tmp_path / "report").mkdir()
    (tmp_path / "report" / "report.html").write_text("")
    watch.watch(tmp_path, tmp_path / "report", said := console(100))
    assert f"Report: {tmp_path}/report/report.html" in said.export_text().replace("\n", "")
    os.utime(run.path / "result.json", (time.time() + 9, time.time() + 9))
    watch.watch(tmp_path, tmp_path / "report", said := console(100))
    assert "the report is older than the last run" in said.export_text()


@pytest.mark.parametrize("terminal", [False, True])
def test_it_is_left_quietly_and_the_page_knows(tmp_path, monkeypatch, terminal):
    run, said = begin(tmp_path), console(terminal=terminal)
    log(run, 0, 100, 200)

    def interrupt(seconds):
        raise KeyboardInterrupt

    monkeypatch.setattr(watch.time, "sleep", interrupt)
    with run.lock():
        watch.watch(tmp_path, tmp_path / "report", said)
        assert run.state() == "running"
    assert said.export_text().rstrip().endswith("1 run, 1 running; at least 1:20 left")
    page = (tmp_path / "report" / "watch.html").read_text(encoding="utf-8")
    assert "Nobody keeps this page up to date now" in page
    assert "refresh" not in page


def test_a_page_that_cannot_be_written_is_said_once_and_stops_nothing(tmp_path, meanwhile):
    run, said = begin(tmp_path), console()
    (tmp_path / "report").write_text("a file")
    held = run.lock()
    held.__enter__()
    meanwhile(lambda: None, lambda: log(run, 0, 100), lambda: held.__exit__(None, None, None))
    watch.watch(tmp_path, tmp_path / "report", said)
    text = said.export_text()
    assert text.count("no page: ") == 1
    assert "1 interrupted" in text


def test_a_study_that_disappears_ends_the_watch(tmp_path, meanwhile):
    study, said = tmp_path / "study", console()
    run = begin(study)
    held = run.lock()
    held.__enter__()

    def remove():
        held.__exit__(None, None, None)
        study.rename(tmp_path / "elsewhere")

    meanwhile(remove)
    watch.watch(study, study / "report", said)
    assert f"{study} is gone" in said.export_text()
    assert not study.exists()


def test_the_live_table_fits_its_terminal(tmp_path):
    for number in range(1, 9):
        log(begin(tmp_path, "char", number), 0, 100, 200)
    for number in range(1, 5):
        make_run(tmp_path, "word", number, every=100)
    study = Study(tmp_path)
    study.update()
    for width in (64, 84, 100, 130):
        shown = Console(width=width, record=True, file=open(os.devnull, "w"))  # noqa: SIM115, PTH123
        shown.print(table(study.standing(time.time()), width, 6))
        lines = shown.export_text().splitlines()
        assert len(lines) <= 8 + (width == 64)  # where the first line is too long
        assert lines[-1] == "and 3 more interrupted, 4 more done"
        assert all(len(line) <= width for line in lines)
        assert "200/1,000" in lines[-2]
        assert (" 2.800" in lines[-2]) == (width >= 96)


def test_estimates_are_marked_and_curves_fall(tmp_path):
    log(begin(tmp_path), 0, 500, 1000)
    make_run(tmp_path, "word", 1)
    study = Study(tmp_path)
    study.update()
    now = study.standing(time.time())
    cut, done = now.runs
    assert bits(cut) == "~2.000"
    assert re.fullmatch(r"\d\.\d{3}", bits(done))
    assert sparks(cut) == "█▅▁"
    assert sparks(done)[0] == "█"
    assert len(sparks(done)) == 10
    assert summary(now).endswith("2 runs, 1 done, 1 interrupted")


def test_a_page_shows_every_run_and_runs_nothing_of_theirs(tmp_path):
    name = "<script>alert(1)-s1-'\"&<b>"
    run = make_run(tmp_path, "char", 1, every=100, name=name, extra={"tokenizer": "<img src=x>"})
    failed = make_run(tmp_path, "bpe", 1, every=100, state="failed")
    failed.write_failure("<i>bad</i>", "<script>alert(2)</script>")
    log(begin(tmp_path, "word", 1), 0)  # one point is no curve
    study = Study(tmp_path)
    study.update()
    page = watch_page(study.standing(time.time()), "followed")
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(2)&lt;/script&gt;" in page
    assert "<img" not in page
    assert page.count("<polyline") == 2 * 2  # two runs in two charts
    assert all(f'data-run="{other}"' in page for other in ("bpe-small-s1", "word-small-s1"))
    assert not re.search(r"\bnan\b", page)
    assert len(page) < 40_000
    assert run.name not in page


def test_a_page_of_a_long_study_stays_small(tmp_path):
    run = begin(tmp_path, iters=100_000)
    log(run, *range(0, 100_000, 100))
    study = Study(tmp_path)
    study.update()
    page = watch_page(study.standing(time.time()), "left")
    assert max(len(points.split()) for points in re.findall('points="(.*?)"', page)) <= 162
    assert re.search(r'points="[^"]* 411\.\d,', page)  # the last evaluation is drawn


def test_losses_that_are_no_numbers_are_not_drawn(tmp_path):
    run = begin(tmp_path)
    log(run, 0, 100, 200)
    row = {"step": 300, "kind": "eval", "train_loss": 1.0, "val_loss": 1.0, "train_bpb": float("inf")}
    run.append_metrics(row | {"val_bpb": float("nan"), "tokens": 1, "chars": 1.0, "seconds": 30.0})
    study = Study(tmp_path)
    study.update()
    page = watch_page(study.standing(time.time()), "over")
    assert all("nan" not in points for points in re.findall('points="(.*?)"', page))


@pytest.mark.parametrize(
    ("arguments", "fault"),
    [
        (["--watch", "a", "b"], "--watch follows one study, not 2"),
        (["--watch", "file"], "file is no folder"),
        (["--watch", "no/where/to"], "no/where/to cannot begin"),
        (["--watch"], "there are no runs in"),
    ],
)
def test_what_cannot_be_watched_is_refused_in_one_sentence(arguments, fault, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(report, "OUTPUTS", tmp_path / "outputs")
    monkeypatch.setattr(report.newest_study, "__defaults__", (tmp_path / "outputs",))
    (tmp_path / "file").write_text("")
    assert report.main(arguments) == 2
    said = capsys.readouterr().err.strip()
    assert fault in said
    assert "\n" not in said


def test_a_study_goes_by_its_folder_its_name_or_its_sweep(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (outputs := tmp_path / "outputs").mkdir()
    newest = lambda outputs: outputs / "newest"  # noqa: E731
    (tmp_path / "here").mkdir()
    name = watch.study_to_watch
    assert name(type(tmp_path)("here"), outputs, newest) == type(tmp_path)("here")
    assert name(type(tmp_path)("quick"), outputs, newest) == outputs / "quick"
    assert name(tmp_path / "x", outputs, newest) == tmp_path / "x"
    plan = write_plan(outputs / "going", ("char", 1))
    assert name(None, outputs, newest) == outputs / "newest"
    with locked(lock_of(plan)):
        assert name(None, outputs, newest) == outputs / "going"


def test_watching_does_not_import_what_a_report_needs():
    """Pandas and matplotlib take seconds to load and hundreds of megabytes."""
    import subprocess
    import sys

    script = (
        "import sys, analysis.watch; sys.exit(bool({'pandas', 'matplotlib', 'numpy'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0


def test_a_place_that_is_no_folder_is_refused(tmp_path):
    with pytest.raises(UserError, match="cannot begin"):
        watch.watch(tmp_path / "a" / "b" / "c", tmp_path, console())
