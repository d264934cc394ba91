"""Ctrl-C and SIGTERM: the first asks, the second insists.

A run in training is asked between two updates, where a checkpoint is whole; everything else stops at once,
because it leaves files whole at any moment.
"""

import multiprocessing
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

ONE_PRESS = 1.0  # seconds in which the same wish may arrive twice: from the terminal, and passed on
SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Interrupted(KeyboardInterrupt):
    """The run stops because of the signal `signum`; no Exception, so that nothing takes it for a failure."""

    def __init__(self, signum: int) -> None:
        super().__init__(f"stopped by {signal.Signals(signum).name}")
        self.signum = signum


class StopRequests:
    """Remembers that a signal came. One per process: `stop_requests`."""

    def __init__(self) -> None:
        self.signum: int | None = None
        self._since = 0.0
        self._patient = False
        self._leads = False

    @contextmanager
    def handled(self) -> Iterator[None]:
        """Signals are handled here inside the block; elsewhere than in the main thread, nothing is done."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = {number: signal.signal(number, self._handle) for number in SIGNALS}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    @contextmanager
    def polled(self) -> Iterator[None]:
        """Inside the block `requested` is looked at soon, so a signal raises nothing; after it, it does."""
        self._patient = True
        try:
            yield
        finally:
            self._patient = False
        self.raise_if_requested()

    @contextmanager
    def passed_on(self) -> Iterator[None]:
        """Inside the block child processes do the work: signals go to them, and are waited for here."""
        self._leads = True
        try:
            with self.polled():
                yield
        finally:
            self._leads = False

    def requested(self) -> bool:
        return self.signum is not None

    def raise_if_requested(self) -> None:
        if self.signum is not None:
            raise Interrupted(self.signum)

    def _handle(self, signum: int, frame: FrameType | None) -> None:
        if self.requested() and time.monotonic() - self._since < ONE_PRESS:
            return
        if self.requested():
            if sys.stderr.isatty():
                os.write(2, b"\x1b[?25h\n")  # give the cursor back
            os._exit(128 + signum)
        self.signum, self._since = signum, time.monotonic()
        for process in multiprocessing.active_children() if self._leads else ():
            if process.pid is not None:
                os.kill(process.pid, signum)
        if self._patient:
            os.write(2, b"\nstopping at the next checkpoint; once more to leave at once\n")
        else:
            raise Interrupted(signum)


stop_requests = StopRequests()
