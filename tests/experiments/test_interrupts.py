"""Signals that arrive where an exception is lost."""

import signal

import pytest

from experiments.runner.interrupts import Interrupted, StopRequests


class Finalized:
    def __init__(self, last):
        self.last = last

    def __del__(self):
        self.last()


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_stop_that_a_finalizer_swallows_is_found_by_whoever_looks_next():
    requests = StopRequests()
    with requests.handled():
        Finalized(lambda: signal.raise_signal(signal.SIGTERM))
        with pytest.raises(Interrupted, match="SIGTERM"), requests.polled():
            assert requests.requested()


def test_a_second_signal_after_a_moment_leaves_at_once(monkeypatch):
    def leave(code: int) -> None:
        raise SystemExit(code)

    def press_three_times() -> None:
        requests = StopRequests()
        with requests.handled(), requests.polled():
            signal.raise_signal(signal.SIGINT)
            signal.raise_signal(signal.SIGINT)  # the same press, passed on by somebody
            assert requests.requested()
            monkeypatch.setattr("experiments.runner.interrupts.ONE_PRESS", 0.0)
            signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr("os._exit", leave)
    with pytest.raises(SystemExit, match="130"):
        press_three_times()
