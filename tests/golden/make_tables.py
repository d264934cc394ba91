"""Writes tables.json.gz: all numbers of all tables of the kept studies. `python tests/golden/make_tables.py`

A change of them is a change of results, not of the code that shows them.
"""

import gzip
import json
import math
from pathlib import Path
from typing import Any

from analysis.page.view import view
from analysis.records.find import runs_in

GOLDEN = Path(__file__).parent / "tables.json.gz"
RESULTS = Path(__file__).resolve().parents[2] / "docs" / "results"
STUDIES = (
    "nanogpt_cpu",
    "optimizers",
    "quick-flops",
    "quick-iters",
    "quick-rates",
    "quick-text",
    "shakespeare",
)


def numbers_of(study: str) -> dict[str, dict[str, list[Any]]]:
    """Table (with its section's prefix) -> column -> value and half-width of each row that has a number.

    Of one study, or ("") of all in one report.
    """
    shown = view(runs_in([RESULTS / f"{study}.jsonl" if study else RESULTS]))
    tables = [(f"{s.prefix}{t.name}", t) for s in shown.sections for t in s.tables]
    tables += [(t.name, t) for t in (*shown.overviews, shown.runs)]
    return {
        name: {
            column.key: values
            for i, column in enumerate(table.columns)
            if (values := [x for row in table.rows for x in _cell(row.cells[i])])
        }
        for name, table in tables
    }


def _cell(cell: Any) -> list[float | None]:
    """[value, half-width] to nine digits, None for what is not finite; [] for what is no number."""
    if isinstance(cell.value, str) or cell.value is None:
        return []
    pair = (float(cell.value), float(cell.half))
    return [float(f"{x:.9g}") if math.isfinite(x) else None for x in pair]


def main() -> None:
    found = {study: numbers_of(study) for study in STUDIES} | {"all": numbers_of("")}
    GOLDEN.write_bytes(gzip.compress(json.dumps(found, sort_keys=True).encode("ascii"), mtime=0))


if __name__ == "__main__":
    main()
