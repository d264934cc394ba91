"""What a person sees while runs go on: in a terminal what goes on now, renewed; anywhere else plain lines."""

import math
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from typing import Any

from rich.console import Console
from rich.text import Text

BETWEEN_ROWS = 3.0  # seconds from one plain line on training to the next


class Reporter:
    """Says what happens to the runs of this process, one after the other; each line that stays names its run."""

    def __init__(self, n_runs: int = 1, live: bool = True) -> None:
        self.console, self.n_runs = Console(), n_runs
        self.live = self.console.status("") if live and self.console.is_terminal else None
        self._name, self._number, self._began = "", 0, time.monotonic()
        self._iters, self._lossless, self._validation, self._next_row = 0, True, "", 0.0

    def start(self, name: str) -> None:
        self._name, self._number = name, self._number + 1
        if self.n_runs > 1:
            self._say(f"run {self._number} of {self.n_runs}{self._left_in_all(0.0)}")

    def phase(self, what: str) -> None:
        """What goes on now."""
        if self.live:
            self.live.update(Text(f"[{self._name}] {what}"))
        else:
            self._say(what)

    def model(self, vocab_size: int, n_params: int, n_embedding: int) -> None:
        share = f"{n_embedding:,} of them embedding ({100 * n_embedding / n_params:.3g} %)"
        self._say(f"vocabulary {vocab_size:,}, {n_params:,} parameters, {share}")

    def training(self, iters: int, done: int, lossless: bool) -> None:
        self._iters, self._lossless, self._validation, self._next_row = iters, lossless, "", 0.0
        self.phase(f"training, {iters:,} updates" + (f", going on after update {done:,}" if done else ""))

    def row(self, row: Mapping[str, Any]) -> None:
        """A row of metrics.jsonl."""
        place = f"{row['step']:,}/{self._iters:,}"
        if row["kind"] == "eval" and self.live:
            self._validation = f" (validation {row['val_loss']:.3f})"
        elif row["kind"] == "eval":
            self._say(f"{place}  validation loss {row['val_loss']:.3f}, training {row['train_loss']:.3f}")
        elif self.live or time.monotonic() >= self._next_row:
            self._next_row = time.monotonic() + BETWEEN_ROWS
            left = (self._iters - row["step"]) * row["seconds"] / row["step"]
            bits = row["loss"] / math.log(2) * row["tokens"] / row["chars"]
            self.phase(
                f"{place}  loss {row['loss']:.3f}{self._validation}  {bits:.3f} bits/char"
                f"{'' if self._lossless else ' (tokens only)'}  {row['chars'] / row['seconds']:,.0f} chars/s  "
                f"{clock(left)} left{self._left_in_all(row['step'] / self._iters)}"
            )

    def done(self, result: Mapping[str, Any]) -> None:
        self._say(
            f"done: {result['bits_per_byte']:.3f} bits/byte, {result['val_loss']:.3f} nats/token, "
            f"{result['n_params']:,} parameters, {clock(result['train_seconds'])} of training"
        )

    def failed(self, status: str, reason: str) -> None:
        self._say(f"{status}: {reason}")

    def note(self, text: str) -> None:
        """A line that stays."""
        self.console.print(text, markup=False, highlight=False, soft_wrap=True)

    def _left_in_all(self, share: float) -> str:
        """Until the last run ends, if they all take as long as those so far; `share` of the present one is done."""
        runs = self._number - 1 + share
        if self.n_runs == 1 or runs < 0.2:  # of so little, what came before training is too much
            return ""
        each = (time.monotonic() - self._began) / runs
        return f", {about(each * (self.n_runs - runs))} left in all"

    def _say(self, text: str) -> None:
        self.note(f"[{self._name}] {text}")


_current: Reporter | None = None


@contextmanager
def shown(n_runs: int = 1, live: bool = True) -> Iterator[Reporter]:
    """What shows the runs of this block: the reporter of a block around it in this process, else a new one.

    `live=False` where several processes may print to one terminal.
    """
    global _current
    if _current is not None:
        yield _current
        return
    _current = Reporter(n_runs, live)
    try:
        with _current.live or nullcontext():
            yield _current
    finally:
        _current = None


def clock(seconds: float) -> str:
    """`m:ss` or `h:mm:ss`."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def about(seconds: float) -> str:
    """`about 40 s`, `about 4 min`, `about 2.5 h`."""
    if seconds < 90:
        return f"about {max(10 * math.ceil(seconds / 10), 10)} s"
    return f"about {seconds / 60:.0f} min" if seconds < 5400 else f"about {seconds / 3600:.1f} h"
