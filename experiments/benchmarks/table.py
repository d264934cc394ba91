"""The rows of a benchmark as a table."""

from typing import Any

from rich.console import Console
from rich.table import Table

Row = dict[str, Any]

COLUMNS = {
    "case": ("case", "{}"),
    "by": ("by", "{}"),
    "sizes": ("sizes", "{}"),
    "all_ms": ("ms of each", "{}"),
    "seconds": ("seconds", "{:.1f}"),
    "median_ms": ("ms", "{:.1f}"),
    "ratio_to_eager": ("/ PyTorch eager", "{:.2f}"),
    "ratio_to_compiled": ("/ compiled", "{:.2f}"),
    "ratio_to_torch": ("/ PyTorch", "{:.2f}"),
    "updates": ("updates", "{:,.0f}"),
    "reached": ("reached", "{}"),
    "nats": ("last nats", "{:.3f}"),
    "share_of_peak": ("of peak", "{:.0%}"),
    "tokens_per_second": ("tokens/s", "{:,.0f}"),
    "chars_per_second": ("characters/s", "{:,.0f}"),
    "relative_speed": ("relative speed", "{:.2f}"),
    "peak_mb": ("peak MB", "{:,.0f}"),
    "relative_memory": ("/ PyTorch", "{:.2f}"),
    "time_slope": ("slope of time", "{:.2f}"),
    "operations_slope": ("of operations", "{:.2f}"),
    "memory_slope": ("of memory", "{:.2f}"),
}


def show(title: str, rows: list[Row]) -> None:
    """Print the rows, leaving out the columns that none of them fills."""
    table = Table(title=title)
    keys = [key for key in COLUMNS if any(r.get(key) is not None for r in rows)]
    for key in keys:
        table.add_column(COLUMNS[key][0], justify="left" if key in ("case", "by") else "right")
    for r in rows:
        table.add_row(*("" if r.get(key) is None else COLUMNS[key][1].format(r[key]) for key in keys))
    Console(width=max(Console().width, 110)).print(table)
