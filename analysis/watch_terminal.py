"""How a study stands, in the terminal: a table that stays where it is, or lines where there is no terminal."""

import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Protocol

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from analysis.standing import Standing, Status
from analysis.watch_words import bits, left, loss, position, sparks, speed, summary, training

LINE_PAUSE = 30.0  # seconds between lines about runs that go on, where there is no terminal
MARKS = {
    "running": ("▶", "yellow"),
    "waiting": ("·", "dim"),
    "failed": ("✗", "red"),
    "interrupted": ("‖", "yellow"),
    "not begun": (" ", "dim"),
    "done": ("✓", "green"),
}
# heading, what it shows, and the columns of terminal from which on there is room for it
COLUMNS: tuple[tuple[str, Callable[[Status], RenderableType], int], ...] = (
    ("", lambda run: ProgressBar(total=1.0, completed=run.share, width=10), 76),
    ("updates", position, 64),
    ("bits/byte", bits, 0),
    ("training", training, 112),
    ("loss", loss, 96),
    ("chars/s", speed, 84),
    ("", sparks, 124),
)


class Display(Protocol):
    """Shows how a study stands. `notes`: what else there is to say."""

    def show(self, standing: Standing, notes: list[str]) -> None: ...


@contextmanager
def display(console: Console) -> Iterator[Display]:
    """For the length of its block; what a terminal showed is gone after it."""
    if not console.is_terminal:
        yield Lines(console)
        return
    with Live(console=console, auto_refresh=False, transient=True) as live:
        yield LiveTable(console, live)


class LiveTable:
    """A table that is drawn anew."""

    def __init__(self, console: Console, live: Live) -> None:
        self.console, self.live = console, live

    def show(self, standing: Standing, notes: list[str]) -> None:
        said = [Text(note, style="yellow", no_wrap=True, overflow="ellipsis") for note in notes[:3]]
        foot = Text(f"{time.strftime('%H:%M:%S')}  Ctrl-C leaves, and the runs go on", style="dim")
        reasons = sum(bool(run.reason) for run in standing.runs)
        rows = max(3, self.console.height - 5 - len(said) - reasons)
        self.live.update(Group(table(standing, self.console.width, rows), *said, foot), refresh=True)


def table(standing: Standing, width: int, rows: int | None = None) -> RenderableType:
    """The runs; if there are more than `rows`, the first ones, and how many there are of the others."""
    listed = standing.runs if rows is None or len(standing.runs) <= rows else standing.runs[: rows - 1]
    columns = [(heading, show) for heading, show, least in COLUMNS if width >= least]
    shown = Table(box=None, header_style="dim", pad_edge=False)
    shown.add_column("", width=1)
    shown.add_column("run", no_wrap=True, overflow="ellipsis")
    for heading, _ in columns:
        shown.add_column(heading, justify="right", no_wrap=True)
    shown.add_column("left", justify="right", no_wrap=True)
    for run in listed:
        shown.add_row(*_row(run, [show for _, show in columns]))
    parts: list[RenderableType] = [Text(summary(standing), style="bold"), *([shown] if listed else [])]
    if more := Counter(run.state for run in standing.runs[len(listed) :]):
        parts.append(Text(f"and {', '.join(f'{n} more {state}' for state, n in more.items())}", style="dim"))
    parts += [Text(f"✗ {run.name}: {run.reason}", style="red") for run in listed if run.reason]
    return Group(*parts)


def _row(run: Status, shown: list[Callable[[Status], RenderableType]]) -> list[RenderableType]:
    mark, style = MARKS[run.state]
    last = left(run) or (run.state if run.state != "done" else "")
    return [Text(mark, style), Text(run.name), *(show(run) for show in shown), Text(last, style)]


class Lines:
    """A line whenever a run's state changes, and now and then one on how all of it stands: for logs and pipes."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self._states: dict[str, str] = {}
        self._notes: list[str] = []
        self._next = 0.0

    def show(self, standing: Standing, notes: list[str]) -> None:
        changed = [run for run in standing.runs if self._states.get(run.name) != run.state]
        for run in changed if self._states else []:  # at first the headline says it all
            details = ", ".join(part for part in (bits(run), run.reason, left(run)) if part)
            self._say(f"[{run.name}] {run.state}{': ' if details else ''}{details}")
        for note in notes:
            if note not in self._notes:
                self._say(note)
        if changed or time.monotonic() >= self._next:
            self._next = time.monotonic() + LINE_PAUSE
            self._say(summary(standing))
        self._states, self._notes = {run.name: run.state for run in standing.runs}, notes

    def _say(self, text: str) -> None:
        self.console.print(text, markup=False, highlight=False, soft_wrap=True)
