"""Tables as frames and as CSV: a spreadsheet computes none of their texts."""

import math
from typing import Any

import pandas as pd
from pandas.api.types import is_numeric_dtype

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
