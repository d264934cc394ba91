"""Ctrl-C, SIGTERM and a cluster's pre-emption signal: the first asks, a second Ctrl-C or SIGTERM insists.

A run in training is asked between two updates, where a checkpoint is whole; everything else stops at once,
because it leaves files whole at any moment.
"""

import multiprocessing
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

ONE_PRESS = 1.0  # seconds in which the same wish may arrive twice: from the terminal, and passed on
SIGNALS = (signal.SIGINT, signal.SIGTERM)
PRE_EMPTION = tuple(getattr(signal, name) for name in ("SIGUSR1", "SIGUSR2") if hasattr(signal, name))


class Interrupted(KeyboardInterrupt):
    """The run stops because of the signal `signum`; no Exception, so that nothing takes it for a failure."""

    def __init__(self, signum: int) -> None:
        super().__init__(f"stopped by {signal.Signals(signum).name}")
        self.signum = signum


class StopRequests:
    """Remembers that a signal came. One per process: `stop_requests`.

    Where Python swallows what the handler raises, as in a finalizer, whoever looks next finds it remembered.
    """

    def __init__(self) -> None:
        self.signum: int | None = None
        self._since = 0.0
        self._polled = False
        self._pass_on: Callable[[int], None] | None = None

    @contextmanager
    def handled(self) -> Iterator[None]:
        """Signals are handled here inside the block; elsewhere than in the main thread, nothing is done.

        A cluster's pre-emption signal is handled, too, where somebody waits for it; the caller then passes it on.
        """
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        awaited = (number for number in PRE_EMPTION if callable(signal.getsignal(number)))
        before = {number: signal.signal(number, self._handle) for number in (*SIGNALS, *awaited)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    @contextmanager
    def polled(self, pass_on: Callable[[int], None] | None = None) -> Iterator[None]:
        """Inside the block a signal raises nothing; after it, it does.

        Either `requested` is looked at soon, or other processes do the work, to which `pass_on` sends the signal.
        """
        self._polled, self._pass_on = True, pass_on
        try:
            yield
        finally:
            self._polled, self._pass_on = False, None
        self.raise_if_requested()

    def requested(self) -> bool:
        return self.signum is not None

    def raise_if_requested(self) -> None:
        if self.signum is not None:
            raise Interrupted(self.signum)

    def _handle(self, signum: int, frame: FrameType | None) -> None:
        if self.requested() and (time.monotonic() - self._since < ONE_PRESS or signum in PRE_EMPTION):
            return
        if self.requested():
            if sys.stderr.isatty():
                os.write(2, b"\x1b[?25h\n")  # give the cursor back
            os._exit(128 + signum)
        self.signum, self._since = signum, time.monotonic()
        if self._pass_on is not None:
            self._pass_on(signum)
        if self._polled:
            os.write(2, b"\nstopping after this update, with a checkpoint; once more to leave at once\n")
        else:
            raise Interrupted(signum)


def send_to_children(signum: int) -> None:
    for process in multiprocessing.active_children():
        if process.pid is not None:
            os.kill(process.pid, signum)


@contextmanager
def limited(seconds: float, name: str) -> Iterator[None]:
    """After so long, the block is stopped as by Ctrl-C; `name`: of the limit, to be told."""

    def stop() -> None:
        print(f"{name} is over")
        os.kill(os.getpid(), signal.SIGINT)

    timer = threading.Timer(seconds, stop)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


stop_requests = StopRequests()
