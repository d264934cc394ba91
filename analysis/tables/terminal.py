"""A table on a terminal: as many columns as there is room for, the most important first."""

import math
import re
from dataclasses import replace

from rich import box
from rich.cells import cell_len
from rich.console import Console
from rich.table import Table as RichTable
from rich.text import Text

from analysis.records.display import MISSING
from analysis.tables.model import Row, Table

MOST_COLUMNS = 8


def fit(table: Table, width: int) -> tuple[list[int], bool]:
    """The columns that fit into `width` cells of a terminal, and whether their intervals had to go.

    They are taken by their priority, MOST_COLUMNS of them; two of priority 0 always.
    """
    chosen: list[int]
    ranked = sorted((c.priority, i) for i, c in enumerate(table.columns) if c.priority is not None)
    for compact in (False, True):
        chosen, room = [], width - 1
        for priority, i in ranked[:MOST_COLUMNS]:
            room -= min(_width(table, i, compact), width // 2 if i == 0 else width) + 3
            if room < 0 and (priority > 0 or len(chosen) > 1):
                break
            chosen.append(i)
        if len(chosen) == min(MOST_COLUMNS, len(ranked)):
            break
    return sorted(chosen), compact


def _width(table: Table, i: int, compact: bool) -> int:
    lines = two_lines(table.columns[i].header).split("\n")
    return max(cell_len(t) for t in [*lines, *(_shown(table, row, i, compact) for row in table.rows)])


def _shown(table: Table, row: Row, i: int, compact: bool) -> str:
    cell = replace(row.cells[i], half=math.nan) if compact and table.columns[i].compact else row.cells[i]
    return "" if cell.text == MISSING and row.kind == "baseline" else cell.text


def two_lines(header: str) -> str:
    """A header in at most two lines, broken at a space or after a hyphen so that it is as narrow as can be."""
    breaks = [m.end() for m in re.finditer(r"[ -]", header)]
    halves = [(header[:k].rstrip(), header[k:]) for k in breaks if k < len(header)]
    best = min(halves, key=lambda h: max(map(cell_len, h)), default=(header, ""))
    return "\n".join(best) if best[1] else header


def to_rich(table: Table, width: int) -> RichTable:
    """A rich table that fits `width`; texts are never read as markup."""
    columns, compact = fit(table, width)
    rich = RichTable(box=box.SIMPLE_HEAD, padding=(0, 1), pad_edge=False)
    rich.title, rich.title_justify = Text(table.title, style="bold") if table.title else None, "left"
    for i in columns:
        col = table.columns[i]
        first, wide = i == 0, _width(table, i, compact)
        least = min(wide, width // 2) if first else None  # a row needs its name
        rich.add_column(
            Text(two_lines(col.header), style="cyan"), justify="right" if col.right else "left",
            vertical="top", overflow="fold", no_wrap=not first and wide <= width // 2,
            min_width=least, max_width=width // 2 if first else None,
        )  # fmt: skip
    for row, after in zip(table.rows, [*table.rows[1:], None], strict=True):
        plain = "" if row.kind == "run" else "dim"
        styles = {i: "bold green" if row.cells[i].best else plain for i in columns}
        cells = [Text(_shown(table, row, i, compact), style=style) for i, style in styles.items()]
        rich.add_row(*cells, end_section=after is not None and after.kind != row.kind)
    return rich


def print_table(table: Table, console: Console, titled: bool = True) -> None:
    """As much of the table as is room for, with notes; untitled with those of its columns alone."""
    shown, _ = fit(table, console.width)
    notes = [table.columns[i].note for i in shown if table.columns[i].note]
    console.print(to_rich(table if titled else replace(table, title=""), console.width))
    for note in dict.fromkeys([*notes, *(table.notes if titled else ())]):
        console.print(Text(f" {note}", style="dim"))
    console.print()
