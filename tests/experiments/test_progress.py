"""What a person sees while runs go on, in a log and in a terminal."""

import re
import time

import pytest
from rich.console import Console

from experiments.runner import progress
from experiments.runner.progress import Reporter, about, shown

RESULT = {"bits_per_byte": 2.5, "val_loss": 1.7, "n_params": 1000, "train_seconds": 61.0}


def row(step: int) -> dict[str, object]:
    return {
        **{"step": step, "kind": "train", "loss": 2.0, "tokens": 10 * step},
        **{"chars": 30 * step, "seconds": 0.1 * step},
    }


@pytest.fixture(params=["log", "terminal"])
def said(request, monkeypatch, capsys):
    """Calls a function with a reporter of so many runs; what was printed, without colours."""
    monkeypatch.setattr(progress, "BETWEEN_ROWS", 0.0)
    if request.param == "terminal":
        monkeypatch.setattr(progress, "Console", lambda: Console(force_terminal=True, width=120))

    def call(use, n_runs=1):
        with shown(n_runs) as reporter:
            use(reporter)
        return re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", capsys.readouterr().out)

    return call


def a_run(reporter: Reporter, lossless: bool = True) -> None:
    reporter.start("word-small-s1-12345678")
    reporter.training(100, 0, lossless=lossless)
    for step in (1, 21, 41):
        reporter.row(row(step))
        time.sleep(0.15)  # a live line is drawn ten times a second
    reporter.done(RESULT)


def test_the_runs_of_a_sweep_are_counted_and_one_alone_is_not(said):
    def three(reporter):
        for _ in range(3):
            a_run(reporter)

    text = said(three, n_runs=3)
    assert "run 1 of 3\n" in text
    assert "run 3 of 3, about 10 s left in all" in text
    assert (
        "0:06 left, about 10 s left in all" in text.partition("run 2 of 3")[0]
    )  # forecast from the first row on
    alone = said(a_run)
    assert "of 1" not in alone
    assert "41/100  loss 2.000  0.962 bits/char  300 chars/s  0:06 left" in alone
    assert "done: 2.500 bits/byte, 1.700 nats/token, 1,000 parameters, 1:01 of training" in alone


def test_the_figure_of_tokens_alone_says_so(said):
    assert "bits/char (tokens only)" in said(lambda reporter: a_run(reporter, lossless=False))
    assert "tokens only" not in said(a_run)


def test_processes_that_share_a_terminal_print_lines(monkeypatch):
    monkeypatch.setattr(progress, "Console", lambda: Console(force_terminal=True))
    with shown(live=False) as reporter:
        assert reporter.live is None
    with shown() as reporter:
        assert reporter.live is not None


def test_a_block_within_another_is_shown_by_the_same():
    with shown() as outer, shown(5) as inner:
        assert inner is outer
    with shown() as later:
        assert later is not outer


def test_of_rows_that_come_fast_some_are_left_out_of_a_log(monkeypatch, capsys):
    clock = [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: clock[0])
    reporter = Reporter()
    reporter.start("char-s1-12345678")
    reporter.training(100, 0, lossless=True)
    for step in (10, 20, 30):
        clock[0] += 5.0
        reporter.row(row(step))
        reporter.row({"step": step, "kind": "eval", "train_loss": 1.9, "val_loss": step / 10})
        clock[0] += 0.5
        reporter.row(row(step + 1))
    said = re.findall(r"\d+/100  loss|validation loss [.0-9]+", capsys.readouterr().out)
    assert said == [
        *("10/100  loss", "validation loss 1.000"),
        *("20/100  loss", "validation loss 2.000"),
        *("30/100  loss", "validation loss 3.000"),
    ]


@pytest.mark.parametrize(
    ("seconds", "words"), [(3, "10 s"), (41, "50 s"), (100, "2 min"), (600, "10 min"), (9000, "2.5 h")]
)
def test_times_are_said_roughly(seconds, words):
    assert about(seconds) == f"about {words}"
