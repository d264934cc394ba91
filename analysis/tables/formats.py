"""Tables as frames, as CSV, of which a spreadsheet computes nothing, and as Markdown, where no text is markup."""

import math
import re
from collections.abc import Sequence
from typing import Any

import pandas as pd
from pandas.api.types import is_numeric_dtype
from rich.cells import cell_len

from analysis.tables.model import Table


def to_csv(frame: pd.DataFrame) -> str:
    """Full precision, integers as such; what is missing is empty. What a spreadsheet would compute is quoted."""
    plain = frame.convert_dtypes()
    for name, column in plain.items():
        if not is_numeric_dtype(column):
            plain[name] = column.map(_defused, na_action="ignore")
    return str(plain.rename(columns=_defused).to_csv(index=False, lineterminator="\n"))


def _defused(value: Any) -> Any:
    is_formula = isinstance(value, str) and value.startswith(("=", "+", "-", "@", "\t", "\r"))
    return f"'{value}" if is_formula else value


def frame_of(table: Table, comparison: str = "") -> pd.DataFrame:
    """A column per key, and KEY_half with the half-widths where a column has intervals; the comparison first."""
    columns: dict[str, Any] = {"comparison": comparison} if comparison else {}
    for i, column in enumerate(table.columns):
        cells = [row.cells[i] for row in table.rows]
        columns[column.key] = [cell.value for cell in cells]
        if any(not math.isnan(cell.half) for cell in cells):
            columns[f"{column.key}_half"] = [cell.half for cell in cells]
    return pd.DataFrame(columns)


def escape_markdown(text: str) -> str:
    """Shows any text as itself: no table border, no markup, no HTML."""
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    text = re.sub(r"([\\`*_\[\]|~])", r"\\\1", text)
    return " ".join(text.split())


def to_markdown(table: Table) -> str:
    """A pipe table with its notes."""
    head = [escape_markdown(c.header) for c in table.columns]
    texts = [[(escape_markdown(c.text), c.best) for c in row.cells] for row in table.rows]
    body = [[f"**{text}**" if best else text for text, best in row] for row in texts]
    widths = [max(3, *(cell_len(line[i]) for line in [head, *body])) for i in range(len(head))]
    rule = ["-" * (w - 1) + ":" if c.right else "-" * w for w, c in zip(widths, table.columns, strict=True)]

    def line(cells: Sequence[str]) -> str:
        blanks = [" " * (width - cell_len(cell)) for cell, width in zip(cells, widths, strict=True)]
        parts = zip(cells, blanks, table.columns, strict=True)
        return f"| {' | '.join(blank + cell if c.right else cell + blank for cell, blank, c in parts)} |"

    notes = "".join(f"\n{escape_markdown(note)}\n" for note in table.all_notes)
    return "\n".join([line(head), line(rule), *map(line, body)]) + "\n" + notes
