"""How far the runs of a study are: state, updates, last figures, pace and time left, from their folders alone."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from analysis.records.find import Run
from numpygpt.errors import UserError
from numpygpt.runs import RunUnfinished

if TYPE_CHECKING:
    from rich.console import Console

RECENT = 20  # logged updates that tell the pace
HEADINGS = ("run", "state", "updates", "loss", "bits/byte", "updates/s", "left")
STYLES = {"running": "yellow", "failed": "red", "interrupted": "magenta"}


@dataclass(frozen=True)
class RunStatus:
    """How far a run is. NaN is what is unknown, or, of pace and time left, what does not apply.

    step, iters: updates done and to be done in all (0 until that is decided)
    loss: of the last logged update, nats per token
    bits_per_byte: over the whole validation text if the run is done, else of the last evaluation
    pace: updates per second of training   seconds_left: that the updates still to be done take at this pace
    reason: why it failed, or what of its folder cannot be read
    """

    name: str
    state: str
    step: int = 0
    iters: int = 0
    loss: float = math.nan
    bits_per_byte: float = math.nan
    pace: float = math.nan
    seconds_left: float = math.nan
    reason: str = ""


def run_status(folder: Run) -> RunStatus:
    """Reads one run; what is damaged becomes the reason."""
    state = folder.state()
    try:
        rows = folder.metrics()
        record = folder.run()
        result = folder.result() if state == "done" else {}
        failure = folder.failure() or {}
    except RunUnfinished:  # it has only just begun
        return RunStatus(folder.name, state)
    except UserError as error:
        return RunStatus(folder.name, state, reason=str(error))
    step = rows[-1]["step"] if rows else 0
    iters = int(record.get("resolved", {}).get("iters", 0))
    pace = _pace(rows) if state == "running" else math.nan
    return RunStatus(
        folder.name,
        state,
        step,
        iters,
        _last(rows, "loss"),
        result.get("bits_per_byte", _last(rows, "val_bpb")),
        pace,
        (iters - step) / pace if iters else math.nan,
        ": ".join(failure[key] for key in ("status", "reason") if key in failure),
    )


def _last(rows: Sequence[dict[str, Any]], key: str) -> float:
    return next((row[key] for row in reversed(rows) if key in row), math.nan)


def _pace(rows: Sequence[dict[str, Any]]) -> float:
    """Updates per second over the last logged updates, by the run's own clock, which stands during evaluations."""
    updates = [row for row in rows if row["kind"] == "train"][-RECENT:]
    seconds = updates[-1]["seconds"] - updates[0]["seconds"] if updates else 0.0
    return (updates[-1]["step"] - updates[0]["step"]) / seconds if seconds > 0 else math.nan


def print_status(statuses: Sequence[RunStatus], console: "Console | None" = None) -> None:
    """A table on a terminal; in a pipe a line per run, its cells set apart by tabs."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = console or Console(highlight=False)
    rows = [_cells(status) for status in statuses]
    if not console.is_terminal:
        lines = [HEADINGS, *((*cells, status.reason) for cells, status in zip(rows, statuses, strict=True))]
        for line in lines:
            print("\t".join(line).rstrip(), file=console.file)  # the console would turn tabs into blanks
        return
    table = Table(box=None, header_style="dim", pad_edge=False)
    for i, heading in enumerate(HEADINGS):
        table.add_column(heading, justify="left" if i < 2 else "right", no_wrap=i > 0, overflow="fold")
    for row, status in zip(rows, statuses, strict=True):
        table.add_row(*map(Text, row), style=STYLES.get(status.state, ""))
    console.print(table)
    for status in statuses:
        if status.reason:
            console.print(
                Text(f"{status.name}: {status.reason}", style=STYLES.get(status.state, "")), soft_wrap=True
            )


def _cells(status: RunStatus) -> tuple[str, ...]:
    def number(value: float, form: str) -> str:
        return f"{value:{form}}" if math.isfinite(value) else ""

    left = str(timedelta(seconds=round(status.seconds_left))) if math.isfinite(status.seconds_left) else ""
    updates = f"{status.step:,}/{status.iters:,}" if status.iters else f"{status.step:,}"
    figures = number(status.loss, ".3f"), number(status.bits_per_byte, ".3f"), number(status.pace, ".2f")
    return (status.name, status.state, updates, *figures, left)
