"""How far the runs of a study are: state, updates, last figures, pace and time left, from their folders alone."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from rich.console import Console
from rich.text import Text

from analysis.records.find import Run
from analysis.tables.model import Cell, Column, Row, Table
from analysis.tables.terminal import to_rich
from numpygpt.errors import UserError
from numpygpt.runs import RunUnfinished

RECENT = 20  # logged updates that tell the pace
COLUMNS = (  # fields of RunStatus, their headings and forms
    ("name", "run", "text"), ("state", "state", "text"), ("step", "updates", "count"), ("iters", "of", "count"),
    ("loss", "loss", ".3f"), ("bits_per_byte", "bits/byte", ".3f"), ("pace", "updates/s", ".2f"),
    ("seconds_left", "left", "seconds"), ("reason", "reason", "text"),
)  # fmt: skip


@dataclass(frozen=True)
class RunStatus:
    """How far a run is. NaN is what is unknown, or, of pace and time left, what does not apply.

    step, iters: updates done and to be done in all (NaN until that is decided)
    loss: of the last logged update, nats per token
    bits_per_byte: over the whole validation text if the run is done, else of the last evaluation
    pace: updates per second of training   seconds_left: that the updates still to be done take at this pace
    reason: why it failed, or what of its folder cannot be read
    """

    name: str
    state: str
    step: int = 0
    iters: float = math.nan
    loss: float = math.nan
    bits_per_byte: float = math.nan
    pace: float = math.nan
    seconds_left: float = math.nan
    reason: str = ""


def run_status(folder: Run) -> RunStatus:
    """Reads one run; what is damaged becomes the reason."""
    state, reason = folder.state(), ""
    if state == "interrupted" and not folder.path.exists():
        state = "not started"
    try:
        failure = folder.failure() or {}
        reason = ": ".join(failure[key] for key in ("status", "reason") if key in failure)
        rows = folder.metrics()
        record = folder.run()
        result = folder.result() if state == "done" else {}
    except RunUnfinished:  # it has only just begun
        return RunStatus(folder.name, state, reason=reason)
    except UserError as error:
        return RunStatus(folder.name, state, reason=str(error))
    step = rows[-1]["step"] if rows else 0
    iters = record.get("resolved", {}).get("iters", math.nan)
    pace, updates = math.nan, [row for row in rows if row["kind"] == "train"][-RECENT:]
    if state == "running" and len(updates) > 1:  # by the run's own clock, which stands during evaluations
        seconds = updates[-1]["seconds"] - updates[0]["seconds"]
        pace = (updates[-1]["step"] - updates[0]["step"]) / seconds if seconds > 0 else math.nan
    loss, bits = _last(rows, "loss"), result.get("bits_per_byte", _last(rows, "val_bpb"))
    left = (iters - step) / pace
    return RunStatus(folder.name, state, step, iters, loss, bits, pace, left, reason)


def _last(rows: Sequence[dict[str, Any]], key: str) -> float:
    return next((row[key] for row in reversed(rows) if key in row), math.nan)


def print_status(statuses: Sequence[RunStatus], console: Console | None = None) -> None:
    """A table, and the reasons below it."""
    console = console or Console(highlight=False)
    columns = [Column(k, head, form != "text", None if k == "reason" else 0) for k, head, form in COLUMNS]
    rows = [Row(tuple(Cell(getattr(status, key), form) for key, _, form in COLUMNS)) for status in statuses]
    table = Table("status", "How far the runs are", tuple(columns), tuple(rows))
    console.print(to_rich(table, console.width))
    for status in statuses:
        if status.reason:
            console.print(Text(f"{status.name}: {status.reason}", style="yellow"), soft_wrap=True)
