"""What a table is. It is filled once and knows nothing of where it is shown."""

import math
from dataclasses import dataclass, replace
from typing import Any, Literal

from analysis.records.display import MISSING, show
from analysis.records.measures import measure


@dataclass(frozen=True)
class Cell:
    """`value` plus or minus `half` (NaN without interval), with a `mark` behind it where shown.

    `best`: the statistics support that this one beats all others of its column.
    """

    value: Any = None
    form: str = "text"
    half: float = math.nan
    best: bool = False
    mark: str = ""

    @property
    def text(self) -> str:
        shown = show(self.value, self.form, self.half)
        return f"{shown} {self.mark}" if self.mark and shown != MISSING else shown


@dataclass(frozen=True)
class Column:
    """`priority` 0, 1, ...: the terminal takes them in this order while there is room; None: the files only.

    Where room is short, the terminal leaves out the intervals of `compact` columns.
    """

    key: str
    header: str
    right: bool = True
    priority: int | None = 0
    note: str = ""
    compact: bool = True


@dataclass(frozen=True)
class Row:
    """`kind` lets a writer set baselines and human text apart from the runs."""

    cells: tuple[Cell, ...]
    kind: Literal["run", "baseline", "human"] = "run"


@dataclass(frozen=True)
class Table:
    """`name` is that of its files. In a `transposed` one a column is a setting, and a row has values of its own."""

    name: str
    title: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    notes: tuple[str, ...] = ()
    transposed: bool = False

    @property
    def all_notes(self) -> list[str]:
        """Those of the columns, then those of the table."""
        return [*dict.fromkeys([c.note for c in self.columns if c.note] + list(self.notes))]

    def without_empty(self) -> "Table":
        """Leaves out the columns in which no row has a value (the first column stays)."""
        some = [any(row.cells[i].text != MISSING for row in self.rows) for i in range(len(self.columns))]
        keep = [i for i, has_value in enumerate(some) if i == 0 or has_value]
        rows = tuple(Row(tuple(row.cells[i] for i in keep), row.kind) for row in self.rows)
        return replace(self, columns=tuple(self.columns[i] for i in keep), rows=rows)


def measure_column(key: str, priority: int | None = None) -> Column:
    """A column of numbers for a registered measure."""
    return Column(key, measure(key).heading, True, priority)
