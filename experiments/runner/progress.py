"""What a person sees while runs go on: a live display in a terminal, plain lines anywhere else."""

import math
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext, suppress
from typing import Any, TextIO

from rich.console import Console

from experiments.runner.forecast import Forecast

WIDE = 100  # columns
SILENCE = 4.0  # seconds after which plain lines say again what goes on
BETWEEN_ROWS = 3.0  # seconds from one line on training to the next


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


def bits_per_char(row: Mapping[str, Any], lossless: bool) -> str:
    """Of a training row: nats per token in bits per character, by the characters per token seen so far."""
    bits = row["loss"] / math.log(2) * row["tokens"] / row["chars"] if row["chars"] else math.nan
    return f"{bits:.3f} bits/char" + " (tokens only)" * (not lossless)


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


def _joined(*parts: str) -> str:
    return ", ".join(filter(None, parts))


class PlainReporter:
    """A line per event, each naming its run: for logs, pipes and worker processes."""

    def __init__(self, stream: TextIO | None = None, forecast: Forecast | None = None) -> None:
        self.stream, self.forecast = stream, forecast or Forecast([1.0])
        self._name, self._pace, self._next, self._lossless = "", Pace(0, 0), 0.0, True
        self._phase, self._phase_began, self._told = "", 0.0, 0.0

    def start(self, name: str) -> None:
        self._name = name
        self.forecast.start()
        if self.forecast.place:
            self.phase(_joined(self.forecast.place, self.forecast.left))

    def phase(self, what: str) -> None:
        self._phase, self._phase_began = what, time.monotonic()
        self._say(what)

    def model(self, vocab_size: int, n_params: int, n_embedding: int) -> None:
        self._say(size(vocab_size, n_params, n_embedding))

    def training(self, iters: int, done: int, lossless: bool) -> None:
        self._pace, self._next, self._lossless = Pace(iters, done), 0.0, lossless
        self.phase(f"training, {iters:,} updates" + (f", going on after update {done:,}" if done else ""))

    def row(self, row: Mapping[str, Any]) -> None:
        """A row of metrics.jsonl."""
        place = f"{row['step']:>{len(str(self._pace.iters))}}/{self._pace.iters}"
        if row["kind"] == "eval":
            self._say(f"{place}  validation loss {row['val_loss']:.3f}, training {row['train_loss']:.3f}")
            return
        self._pace.add(row)
        self.forecast.row(1 - row["step"] / self._pace.iters)
        if time.monotonic() >= self._next:
            self._next = time.monotonic() + BETWEEN_ROWS
            speed = self._pace.chars_per_second
            left = _joined(f"{clock(self._pace.seconds_left)} left", self.forecast.left)
            self._say(
                f"{place}  loss {row['loss']:.3f}  {bits_per_char(row, self._lossless)}"
                + (f"  {speed:,.0f} chars/s  {left}" if speed > 0 else "")
            )
        if said := self.forecast.announcement():
            self.note(said)

    def done(self, result: Mapping[str, Any]) -> None:
        self.forecast.end()
        self._say(f"done: {summary(result)}")

    def failed(self, status: str, reason: str) -> None:
        self.forecast.end()
        self._say(f"{status}: {reason}")

    def note(self, text: str) -> None:
        print(text, file=self.stream or sys.stdout, flush=True)

    def beat(self) -> None:
        """Called now and then: after a silence it says again what goes on."""
        if time.monotonic() - self._told > SILENCE:
            self._say(f"{self._phase}: {clock(time.monotonic() - self._phase_began)} so far")

    def _say(self, text: str) -> None:
        self._told = time.monotonic()
        self.note(f"[{self._name}] {text}")


class LiveReporter:
    """A bar for the run that goes on; finished runs stay above it, one line each."""

    def __init__(self, console: Console, forecast: Forecast) -> None:
        from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

        self.console, self.forecast = console, forecast
        self.progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=None),  # what the text leaves of the line
            TextColumn("{task.fields[text]}"),
            TimeElapsedColumn(),  # which shows in the longest step that it goes on
            console=console,
            transient=True,
            expand=True,
            refresh_per_second=5,
        )
        self._task: Any = None
        self._name, self._pace, self._validation, self._lossless = "", Pace(0, 0), "", True
        self._all = self.progress.add_task("", total=sum(forecast.works), text="", visible=False)

    def start(self, name: str) -> None:
        self.forecast.start()
        self._show_all()
        self._name, self._validation = name, ""
        self._drop()
        self._task = self.progress.add_task(name.rpartition("-")[0], total=None, text="")  # without its hash

    def phase(self, what: str) -> None:
        self.progress.update(self._task, text=f"[dim]{what}[/dim]")

    def model(self, vocab_size: int, n_params: int, n_embedding: int) -> None:
        text = f"  {self._name}  {size(vocab_size, n_params, n_embedding)}"
        self.console.print(text, style="dim", highlight=False, soft_wrap=True)

    def training(self, iters: int, done: int, lossless: bool) -> None:
        self._pace, self._lossless = Pace(iters, done), lossless
        self.progress.update(self._task, total=iters, completed=done)

    def row(self, row: Mapping[str, Any]) -> None:
        if row["kind"] == "eval":
            self._validation = f" (val {row['val_loss']:.3f})" if self.console.width >= WIDE else ""
            return
        self._pace.add(row)
        self.forecast.row(1 - row["step"] / self._pace.iters)
        self._show_all()
        if said := self.forecast.announcement():
            self.note(said)
        speed, left = self._pace.chars_per_second, clock(self._pace.seconds_left)
        text = f"loss {row['loss']:.3f}{self._validation}  {bits_per_char(row, self._lossless)}"
        text += f"  {speed / 1000:.1f}k chars/s" if speed > 0 and self.console.width >= WIDE else ""
        self.progress.update(self._task, completed=row["step"], text=f"{text}  {left} left")

    def done(self, result: Mapping[str, Any]) -> None:
        self.forecast.end()
        self._drop()
        self.console.print(
            f"[green]✓[/green] {self._name}  {summary(result)}", highlight=False, soft_wrap=True
        )

    def failed(self, status: str, reason: str) -> None:
        from rich.markup import escape

        self.forecast.end()
        self._drop()
        self.console.print(f"[red]✗[/red] {self._name}  {status}: {escape(reason)}", soft_wrap=True)

    def note(self, text: str) -> None:
        self.console.print(text, markup=False, highlight=False, soft_wrap=True)

    def beat(self) -> None:
        """It shows by itself that it goes on."""

    def _show_all(self) -> None:
        shown = self.forecast
        self.progress.update(
            self._all,
            description=shown.place,
            text=shown.left,
            visible=bool(shown.place),
            completed=shown.worked,
        )

    def _drop(self) -> None:
        if self._task is not None:
            self.progress.remove_task(self._task)
            self._task = None


Reporter = PlainReporter | LiveReporter
_current: Reporter | None = None


def reporter() -> Reporter:
    """The live display if this process shows one, else plain lines (worker processes, pipes, logs)."""
    return _current or PlainReporter()


@contextmanager
def display(forecast: Forecast) -> Iterator[None]:
    """The runs of this block, one after the other in this process, are shown together; live in a terminal."""
    global _current
    console = Console()
    live = LiveReporter(console, forecast) if console.is_terminal else None
    _current = live or PlainReporter(forecast=forecast)
    try:
        with live.progress if live else nullcontext():
            yield
    finally:
        _current = None


@contextmanager
def working(what: str) -> Iterator[None]:
    """Says what goes on in a block that belongs to no run."""
    console = Console()
    if console.is_terminal:
        with console.status(what):
            yield
        return
    reporter = PlainReporter()
    reporter.start("sweep")
    reporter.phase(what)
    with never_silent(reporter):
        yield


def counted(reporter: Reporter, what: str) -> Callable[[float], None]:
    """To be told the share that is done, 0 to 1, of a step that the reporter then names with it."""
    told = time.monotonic()

    def progress(share: float) -> None:
        nonlocal told
        if time.monotonic() - told >= SILENCE / 2:
            told = time.monotonic()
            reporter.phase(f"{what}: {share:.0%}")

    return progress


@contextmanager
def never_silent(reporter: Reporter) -> Iterator[None]:
    """Inside the block the reporter is asked every second whether it has something to say."""
    over = threading.Event()

    def watch() -> None:
        with suppress(OSError, ValueError):  # who reads has gone: the block itself will find out
            while not over.wait(1.0):
                reporter.beat()

    threading.Thread(target=watch, daemon=True).start()
    try:
        yield
    finally:
        over.set()
