"""The benchmarks by name, measured and shown."""

import argparse
import importlib.util
import json
from collections.abc import Callable
from datetime import date
from importlib.metadata import version
from typing import Any

import pandas as pd

from benchmarks import loss_race, tokenizer_race, update_race
from benchmarks.processes import THREADS, Row
from benchmarks.update_race import PEERS
from experiments.runner.environment import environment
from numpygpt.commands import require_at_least
from numpygpt.errors import UserError
from numpygpt.files import writing

Chosen = argparse.Namespace  # of the command line: benchmark, rounds, seeds, json
BENCHMARKS: dict[str, Callable[[Chosen], list[Row]]] = {
    "train": lambda chosen: update_race.race(peers(), chosen.rounds),
    "race": lambda chosen: loss_race.race(peers(), chosen.seeds),
    "tokenizers": lambda chosen: tokenizer_race.race(chosen.rounds),
}


def run_benchmark(chosen: Chosen) -> None:
    """Measures, prints the table, and writes what it shows to `json`. UserError: that is no place, or no text."""
    require_at_least(1, chosen, "rounds", "seeds")
    out = chosen.json
    if out and not out.absolute().parent.is_dir():
        raise UserError(f"--json={out} is not possible: its folder does not exist")
    rows, how = BENCHMARKS[chosen.benchmark](chosen), measured(chosen)
    heads, texts = cells(rows)
    print(pd.DataFrame(texts, columns=heads).to_string(index=False), how, sep="\n\n")
    if out:
        with writing(out):
            out.write_text(json.dumps({"measured": how, "rows": rows}, indent=1) + "\n", encoding="utf-8")


def measured(chosen: Chosen) -> str:
    """When, how and with what."""
    figures = f"means over {chosen.seeds} seeds" if chosen.benchmark == "race" else "medians"
    threads = "1 thread" if chosen.benchmark == "tokenizers" else f"{THREADS} threads"
    versions = [f"{name} {version(name)}" for name in ("numpy", "torch") if importlib.util.find_spec(name)]
    said = [str(date.today()), figures, f"{threads} each, in turns", environment()["cpu"], *versions]
    return ", ".join(said)


def peers() -> tuple[str, ...]:
    """Those of PyTorch, if it is installed."""
    if importlib.util.find_spec("torch") is None:
        print("PyTorch is not installed: measuring this project alone (pip install torch for the comparison)")
        return ()
    return PEERS


COLUMNS = {  # key of a row -> heading and form
    "case": ("case", ""), "by": ("by", ""), "seconds": ("seconds", ".1f"), "median_ms": ("ms", ".1f"),
    "ratio_to_eager": ("/ PyTorch eager", ".2f"), "ratio_to_compiled": ("/ compiled", ".2f"),
    "ratio_to_torch": ("/ PyTorch", ".2f"), "updates": ("updates", ",.0f"), "reached": ("reached", ""),
    "nats": ("last nats", ".3f"), "share_of_peak": ("of peak", ".0%"),
    "chars_per_second": ("characters/s", ",.0f"), "relative_speed": ("relative speed", ".2f"),
    "peak_mb": ("peak MB", ",.0f"), "relative_memory": ("/ PyTorch", ".2f"),
}  # fmt: skip


def cells(rows: list[Row]) -> tuple[list[str], list[list[str]]]:
    """The heads and the cells of a table, without the columns that no row fills."""
    found = {k: column for k, column in COLUMNS.items() if any(row.get(k) is not None for row in rows)}

    def text(value: Any, form: str) -> str:
        return "" if value is None else format(value, form)

    texts = [[text(row.get(key), form) for key, (_, form) in found.items()] for row in rows]
    return [head for head, _ in found.values()], texts
