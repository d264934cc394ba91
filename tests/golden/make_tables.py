"""Writes tables.json.gz: all numbers of all tables of the kept studies. `python tests/golden/make_tables.py`

A change of them is a change of results, not of the code that shows them.
"""

import gzip
import json
import math
from pathlib import Path

from analysis.inference.choices import ALL_PAIRS
from analysis.page.view import view
from analysis.records.find import runs_in
from analysis.tables.model import Cell, Table

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


def numbers_of(study: str) -> dict[str, list[list[float]]]:
    """Table (with its section's prefix) -> the numbers of each setting, settings in the order of these.

    Of one study, or ("") of all in one report. Which pairs of many settings are weighed hangs on their order:
    verdicts are left out then.
    """
    shown = view(runs_in(RESULTS / f"{name}.jsonl" for name in ([study] if study else STUDIES)))
    tables = [
        (f"{section.prefix}{table.name}", table)
        for section in shown.sections
        for table in section.tables
        if table.name != "verdicts" or len(section.comparison.settings) <= ALL_PAIRS
    ]
    return {
        name: _numbers(table)
        for name, table in [*tables, *((t.name, t) for t in (*shown.overviews, shown.runs))]
    }


def _numbers(table: Table) -> list[list[float]]:
    lines = [row.cells for row in table.rows]
    if table.transposed:
        lines = list(zip(*lines, strict=True))
    return sorted([number for cell in line for number in _of(cell)] for line in lines)


def _of(cell: Cell) -> list[float]:
    """Value and half-width to nine digits, as far as they are finite."""
    if isinstance(cell.value, str) or cell.value is None:
        return []
    return [float(f"{x:.9g}") for x in (float(cell.value), cell.half) if math.isfinite(x)]


def main() -> None:
    found = {study: numbers_of(study) for study in STUDIES} | {"all": numbers_of("")}
    GOLDEN.write_bytes(gzip.compress(json.dumps(found, sort_keys=True).encode("ascii"), mtime=0))


if __name__ == "__main__":
    main()
