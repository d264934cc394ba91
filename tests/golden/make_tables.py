"""Writes tables.json.gz: all numbers of all tables of the kept studies. `python tests/golden/make_tables.py`

The figures were made by the code before the records were packed; a change of them is a change of results.
"""

import gzip
import json
import math
from pathlib import Path
from typing import Any

from analysis.page.view import View, view
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


def numbers(shown: View) -> dict[str, dict[str, list[float | None]]]:
    """Table (with its section's prefix) -> column -> value and half-width of each row that has a number."""
    tables = [(f"{s.prefix}{t.name}", t) for s in shown.sections for t in s.tables]
    tables += [(t.name, t) for t in (*shown.overviews, shown.runs)]
    found: dict[str, dict[str, list[float | None]]] = {}
    for name, table in tables:
        columns = {
            c.key: [x for row in table.rows for x in _cell(row.cells[i])] for i, c in enumerate(table.columns)
        }
        found[name.replace("rulers", "baselines")] = {
            key: values for key, values in columns.items() if values
        }
    return found


def _cell(cell: Any) -> list[float | None]:
    """[value, half-width] to nine digits; [] for what is no number."""
    if isinstance(cell.value, str) or cell.value is None:
        return []
    pair = (float(cell.value), float(cell.half))
    return [float(f"{x:.9g}") if math.isfinite(x) else None for x in pair]


def all_numbers() -> dict[str, Any]:
    """By study, and of all of them in one report ("all")."""
    found = {name: numbers(view(runs_in([RESULTS / name]))) for name in STUDIES}
    return found | {"all": numbers(view(runs_in([RESULTS])))}


if __name__ == "__main__":
    content = json.dumps(all_numbers(), indent=0, sort_keys=True).encode("ascii")
    GOLDEN.write_bytes(gzip.compress(content, mtime=0))
    print(f"{GOLDEN}: {GOLDEN.stat().st_size:,} bytes")
