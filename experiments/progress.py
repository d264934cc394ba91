"""What a person sees while runs go on: a live display in a terminal, plain lines anywhere else."""

import math
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Protocol, TextIO

from rich.console import Console

WIDE = 100  # columns


class Reporter(Protocol):
    """What a run tells while it goes on. `row` is a row of metrics.jsonl, `result` that of result.json."""

    def start(self, name: str) -> None: ...
    def phase(self, what: str) -> None: ...
    def model(self, vocab_size: int, n_params: int, n_embedding: int) -> None: ...
    def training(self, iters: int, done: int) -> None: ...
    def row(self, row: Mapping[str, Any]) -> None: ...
    def done(self, result: Mapping[str, Any]) -> None: ...
    def failed(self, status: str, reason: str) -> None: ...
    def note(self, text: str) -> None: ...


class Pace:
    """Speed and time left of a run, from its rows; what a resumed run did before it was cut does not count."""

    def __init__(self, iters: int, done: int) -> None:
        self.iters, self.step = iters, done
        self._first: tuple[int, float, float] | None = None
        self.chars_per_second = math.nan
        self.seconds_left = math.nan

    def add(self, row: Mapping[str, Any]) -> None:
        self.step = row["step"]
        now = (self.step, float(row["chars"]), float(row["seconds"]))
        if self._first is None:
            self._first = now
            return
        steps, chars, seconds = (a - b for a, b in zip(now, self._first, strict=True))
        if seconds > 0 and steps > 0:
            self.chars_per_second = chars / seconds
            self.seconds_left = (self.iters - self.step) * seconds / steps


def bits_per_char(row: Mapping[str, Any]) -> float:
    """Of a training row: nats per token in bits per character, by the characters per token seen so far."""
    return row["loss"] / math.log(2) * row["tokens"] / row["chars"] if row["chars"] else math.nan


def clock(seconds: float) -> str:
    """`m:ss` or `h:mm:ss`; `-:--` if unknown."""
    if not math.isfinite(seconds):
        return "-:--"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def size(vocab_size: int, n_params: int, n_embedding: int) -> str:
    """A model's size in words."""
    share = 100 * n_embedding / n_params
    return f"vocabulary {vocab_size:,}, {n_params:,} parameters, {n_embedding:,} of them embedding ({share:.3g} %)"


def summary(result: Mapping[str, Any]) -> str:
    """One line on a finished run."""
    return (
        f"{result['bits_per_byte']:.3f} bits/byte, {result['val_loss']:.3f} nats/token, "
        f"{result['n_params']:,} parameters, {clock(result['train_seconds'])} of training"
    )


class PlainReporter:
    """A line per event, each naming its run: for logs, pipes and worker processes."""

    def __init__(self, stream: TextIO | None = None, seconds_between: float = 10.0) -> None:
        self.stream = stream
        self.seconds_between = seconds_between
        self._name, self._pace, self._next = "", Pace(0, 0), 0.0

    def start(self, name: str) -> None:
        self._name = name

    def phase(self, what: str) -> None:
        self._say(what)

    def model(self, vocab_size: int, n_params: int, n_embedding: int) -> None:
        self._say(size(vocab_size, n_params, n_embedding))

    def training(self, iters: int, done: int) -> None:
        self._pace, self._next = Pace(iters, done), 0.0
        self._say(f"training, {iters:,} updates" + (f", going on after update {done:,}" if done else ""))

    def row(self, row: Mapping[str, Any]) -> None:
        place = f"{row['step']:>{len(str(self._pace.iters))}}/{self._pace.iters}"
        if row["kind"] == "eval":
            self._say(f"{place}  validation loss {row['val_loss']:.3f}, training {row['train_loss']:.3f}")
            return
        self._pace.add(row)
        if time.monotonic() >= self._next:
            self._next = time.monotonic() + self.seconds_between
            speed = self._pace.chars_per_second
            self._say(
                f"{place}  loss {row['loss']:.3f}  {bits_per_char(row):.3f} bits/char"
                + (f"  {speed:,.0f} chars/s  {clock(self._pace.seconds_left)} left" if speed > 0 else "")
            )

    def done(self, result: Mapping[str, Any]) -> None:
        self._say(f"done: {summary(result)}")

    def failed(self, status: str, reason: str) -> None:
        self._say(f"{status}: {reason}")

    def note(self, text: str) -> None:
        print(text, file=self.stream or sys.stdout, flush=True)

    def _say(self, text: str) -> None:
        self.note(f"[{self._name}] {text}")


class LiveReporter:
    """A bar for the run that goes on; finished runs stay above it, one line each."""

    def __init__(self, console: Console, total: int) -> None:
        from rich.progress import BarColumn, Progress, TextColumn

        self.console, self.total, self.started = console, total, 0
        self.progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=None),  # what the text leaves of the line
            TextColumn("{task.fields[text]}"),
            console=console,
            transient=True,
            expand=True,
            refresh_per_second=5,
        )
        self._task: Any = None
        self._name, self._pace, self._validation = "", Pace(0, 0), ""

    def start(self, name: str) -> None:
        self.started += 1
        self._name, self._validation = name, ""
        self._drop()
        self._task = self.progress.add_task(self._title(), total=None, text="")

    def phase(self, what: str) -> None:
        self.progress.update(self._task, text=f"[dim]{what}[/dim]")

    def model(self, vocab_size: int, n_params: int, n_embedding: int) -> None:
        text = f"  {self._name}  {size(vocab_size, n_params, n_embedding)}"
        self.console.print(text, style="dim", highlight=False, soft_wrap=True)

    def training(self, iters: int, done: int) -> None:
        self._pace = Pace(iters, done)
        self.progress.update(self._task, total=iters, completed=done)

    def row(self, row: Mapping[str, Any]) -> None:
        if row["kind"] == "eval":
            self._validation = f" (val {row['val_loss']:.3f})" if self.console.width >= WIDE else ""
            return
        self._pace.add(row)
        speed, left = self._pace.chars_per_second, clock(self._pace.seconds_left)
        text = f"loss {row['loss']:.3f}{self._validation}  {bits_per_char(row):.2f} bits/char"
        text += f"  {speed / 1000:.1f}k chars/s" if speed > 0 else ""
        self.progress.update(self._task, completed=row["step"], text=f"{text}  {left}")

    def done(self, result: Mapping[str, Any]) -> None:
        self._drop()
        self.console.print(
            f"[green]✓[/green] {self._name}  {summary(result)}", highlight=False, soft_wrap=True
        )

    def failed(self, status: str, reason: str) -> None:
        from rich.markup import escape

        self._drop()
        self.console.print(f"[red]✗[/red] {self._name}  {status}: {escape(reason)}", soft_wrap=True)

    def note(self, text: str) -> None:
        self.console.print(text, markup=False, highlight=False, soft_wrap=True)

    def _title(self) -> str:
        place = f"[dim]{self.started}/{self.total}[/dim] " if self.total > 1 else ""
        return f"{place}{self._name.rpartition('-')[0]}"  # the hash is for the folder

    def _drop(self) -> None:
        if self._task is not None:
            self.progress.remove_task(self._task)
            self._task = None


_current: Reporter | None = None


def reporter() -> Reporter:
    """The live display if this process shows one, else plain lines (worker processes, pipes, logs)."""
    return _current or PlainReporter()


@contextmanager
def live_display(total: int, in_process: bool) -> Iterator[None]:
    """Shows the runs of this block live, if they run in this process and standard output is a terminal."""
    global _current
    console = Console()
    if not (in_process and console.is_terminal):
        yield
        return
    shown = LiveReporter(console, total)
    with shown.progress:
        _current = shown
        try:
            yield
        finally:
            _current = None
