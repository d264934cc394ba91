"""Signals that arrive where an exception is lost."""

import signal
import sys
import time

import pytest

from experiments.runner.interrupts import Interrupted, StopRequests


class Finalized:
    def __init__(self, last):
        self.last = last

    def __del__(self):
        self.last()


@pytest.fixture
def lost(monkeypatch):
    """What Python would report as ignored."""
    found = []
    monkeypatch.setattr(sys, "unraisablehook", lambda args: found.append(args.exc_value))
    return found


def test_a_stop_that_a_finalizer_swallows_comes_again(lost):
    def swallow_twice():
        for _ in range(2):
            Finalized(lambda: signal.raise_signal(signal.SIGTERM))
        time.sleep(30)

    requests, started = StopRequests(), time.monotonic()
    with pytest.raises(Interrupted, match="SIGTERM"), requests.handled(), requests.handled():
        swallow_twice()
    assert time.monotonic() - started < 10
    assert requests.requested()
    assert lost == []


def test_what_else_a_finalizer_raises_is_reported(lost):
    with StopRequests().handled(), StopRequests().handled():
        Finalized(lambda: 1 / 0)
    assert [type(error) for error in lost] == [ZeroDivisionError]
