"""The benchmarks by name, measured and shown."""

import importlib.util
import json
from collections.abc import Callable
from pathlib import Path

from experiments.benchmarks import loss_race, speed, tokenizer_race
from experiments.benchmarks.processes import THREADS
from experiments.benchmarks.table import Row, show
from numpygpt.errors import UserError
from numpygpt.files import writing


def run_benchmark(name: str, against: str, rounds: int, seeds: int, updates: int, out: Path | None) -> None:
    """Measures, prints the table, and writes the rows to `out`. UserError: `out` cannot be written, or no text."""
    if out and not out.absolute().parent.is_dir():
        raise UserError(f"--json={out} is not possible: its folder does not exist")
    with_torch = against == "torch" and name not in ("scaling", "tokenizers") and torch_is_here()
    benchmarks: dict[str, Callable[[], list[Row]]] = {
        "train": lambda: speed.train(with_torch, rounds),
        "generate": lambda: speed.generate(with_torch, rounds),
        "memory": lambda: speed.memory(with_torch),
        "scaling": lambda: speed.scaling(rounds),
        "tokenizers": lambda: tokenizer_race.race(rounds),
        "race": lambda: loss_race.race(seeds, updates, with_torch),
    }
    rows = benchmarks[name]()
    threads = "1 thread" if name == "tokenizers" else f"{THREADS} threads"
    figures = f"means over {seeds} seeds" if name == "race" else "medians"
    show(f"{name} ({figures}; {threads} each, in turns)", rows)
    if out:
        with writing(out):
            out.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")


def torch_is_here() -> bool:
    if importlib.util.find_spec("torch") is None:
        print("PyTorch is not installed: measuring this project alone (pip install torch for the comparison)")
        return False
    return True
