"""What a person sees while runs go on, in a log and in a terminal."""

import io
import re
import time

import pytest
from rich.console import Console

from experiments.runner.forecast import Forecast
from experiments.runner.progress import LiveReporter, PlainReporter, counted, never_silent

RESULT = {"bits_per_byte": 2.5, "val_loss": 1.7, "n_params": 1000, "train_seconds": 61.0}


def row(step: int) -> dict[str, object]:
    return {
        **{"step": step, "kind": "train", "loss": 2.0, "tokens": 10 * step},
        **{"chars": 30 * step, "seconds": 0.1 * step},
    }


@pytest.fixture
def every_row(monkeypatch):
    monkeypatch.setattr("experiments.runner.progress.BETWEEN_ROWS", 0.0)


def shown(kind: str, forecast: Forecast, lossless: bool) -> str:
    """What is printed of two rows of a sweep's first run, which goes at a known pace."""
    out = io.StringIO()
    now = iter(range(100))
    forecast._clock = lambda: next(now)
    if kind == "plain":
        reporter = PlainReporter(out, forecast)
    else:
        reporter = LiveReporter(Console(file=out, force_terminal=True, width=120), forecast)
        reporter.progress.start()
    reporter.start("word-small-s1-12345678")
    reporter.training(100, 0, lossless=lossless)
    for step in (1, 21, 41):
        reporter.row(row(step))
    if kind == "live":
        reporter.progress.refresh()
    reporter.done(RESULT)
    if kind == "live":
        reporter.progress.stop()
    return re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", out.getvalue())


@pytest.mark.parametrize("kind", ["plain", "live"])
def test_a_sweep_is_forecast_and_counted(kind, every_row):
    text = shown(kind, Forecast([1.0, 2.0, 1.0]), lossless=True)
    assert "for 3 runs" in text
    assert "run 1 of 3" in text
    assert "left in all" in text
    alone = shown(kind, Forecast([1.0]), lossless=True)
    assert "of 1" not in alone
    assert "in all" not in alone


@pytest.mark.parametrize("kind", ["plain", "live"])
def test_the_figure_of_tokens_alone_says_so(kind, every_row):
    assert "bits/char (tokens only)" in shown(kind, Forecast([1.0]), lossless=False)
    assert "tokens only" not in shown(kind, Forecast([1.0]), lossless=True)


def test_a_long_step_is_not_silent_and_a_short_one_says_nothing_more(monkeypatch):
    monkeypatch.setattr("experiments.runner.progress.SILENCE", 0.0)
    out = io.StringIO()
    reporter = PlainReporter(out)
    reporter.start("char-s1-12345678")
    reporter.phase("fitting")
    with never_silent(reporter):
        time.sleep(1.2)
    assert "fitting: 0:01 so far" in out.getvalue()
    before = out.getvalue()
    time.sleep(1.1)
    assert out.getvalue() == before  # it ends with its block
    with never_silent(reporter):
        pass
    assert out.getvalue() == before


def test_shares_are_told_now_and_then(monkeypatch):
    out = io.StringIO()
    reporter = PlainReporter(out)
    progress = counted(reporter, "scoring")
    progress(0.1)
    assert out.getvalue() == ""
    later = time.monotonic() + 100
    monkeypatch.setattr(time, "monotonic", lambda: later)
    progress(0.5)
    progress(0.6)
    assert re.findall(r"scoring: (\d+) %|scoring: (\d+)%", out.getvalue()) == [("", "50")]
