"""How fast this is, measured in turns with peers in one call.

    python experiments/benchmark.py train                   training steps: this project, and PyTorch if installed
    python experiments/benchmark.py generate                tokens per second, one prompt
    python experiments/benchmark.py memory                  peak memory of a training process
    python experiments/benchmark.py scaling                 how time grows with width, depth, batch and so on
    python experiments/benchmark.py tokenizers              training and encoding, ours and every installed peer
    python experiments/benchmark.py race                    seconds of training until a loss is reached, by recipe

Options: --against torch|none, --rounds N, --seeds N, --updates N, --json FILE. See docs/PERFORMANCE.md for what the
figures mean.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import statistics
import subprocess
import sys
from dataclasses import asdict, dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

from experiments.benchmarks.workers import THREADS, Case, describe, numpy_optimizer
from experiments.configuration.build import gpt_config, optimizer_settings
from experiments.configuration.compose import composed
from numpygpt.errors import UserError
from numpygpt.models import GPT, NoDraws
from numpygpt.printing import print_anything
from numpygpt.training.worker_pool import search_path

REFERENCE = {"block_size": 128, "n_layer": 4, "n_head": 4, "n_embd": 256}
# Characters per token of Shakespeare: a character, or BPE at this vocabulary (measured on the training part).
CHARS_PER_TOKEN = {65: 1.0, 69: 1.0, 6551: 3.44}
PEAK_OPERATIONS = 2 * 2048**3

Row = dict[str, Any]


@cache
def cases() -> dict[str, Case]:
    """What is timed: the sizes of the original experiment, the default recipe, and nanoGPT's."""
    return {
        "reference, V=69": Case({"vocab_size": 69, **REFERENCE}, 16),
        "reference, V=6551": Case({"vocab_size": 6551, **REFERENCE}, 16),
        "small, V=65": case_of(),
        "nanogpt, V=65": case_of("experiment=nanogpt_cpu"),
    }


def case_of(*overrides: str) -> Case:
    """A recipe of conf/ for 65 characters."""
    config = composed("tokenizer=char", *overrides)
    optimizer = {"kind": config.optimizer.kind, **optimizer_settings(config.optimizer)}
    return Case(asdict(gpt_config(config.model, 65, 1.0)), config.train.batch_size, optimizer=optimizer)


@dataclass
class Measured:
    """What one worker did: seconds of each unit of work, the losses if it trains, its peak memory."""

    seconds: list[float]
    losses: list[float]
    peak_mb: float

    @property
    def median(self) -> float:
        return statistics.median(self.seconds)

    @property
    def spread(self) -> float:
        """Half the distance between the quartiles, relative to the median."""
        low, high = np.percentile(self.seconds, [25, 75])
        return float(high - low) / 2 / self.median


def in_turns(works: dict[str, Case], rounds: int, units: int, warm_up: int = 2) -> dict[str, Measured]:
    """Run workers in turns, `units` of work at a time, and gather what they report; the warm-up is dropped."""
    workers = {
        work: subprocess.Popen(
            [sys.executable, "-P", "-m", "experiments.benchmarks.workers", work, describe(case)],
            env=os.environ | {"PYTHONPATH": search_path()},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for work, case in works.items()
    }
    try:
        first = {work: _ask(worker, warm_up) for work, worker in workers.items()}
        found = {work: Measured([], first[work]["losses"], 0.0) for work in workers}
        for _ in range(rounds):
            for work, worker in workers.items():
                answer = _ask(worker, units)
                found[work].seconds += answer["seconds"]
                found[work].losses += answer["losses"]
                found[work].peak_mb = answer["peak_mb"]
        return found
    finally:
        for worker in workers.values():
            worker.kill()
            worker.wait()


def _ask(worker: subprocess.Popen[str], n: int) -> Row:
    assert worker.stdin is not None
    assert worker.stdout is not None
    worker.stdin.write(f"{n}\n")
    worker.stdin.flush()
    line = worker.stdout.readline()
    if not line:
        raise SystemExit(f"a worker of the benchmark died: {' '.join(map(str, worker.args[2:4]))}")  # type: ignore[index]
    return json.loads(line)


def forward_operations(case: Case, n_tokens: int | None = None) -> float:
    """Matrix-product operations of a forward: 2 per weight of a matrix and token, and attention's two products.

    Attention is counted whole, as usual, though its causal half need not be computed.
    """
    c = case.config
    n = case.batch_size * c.block_size if n_tokens is None else n_tokens
    weights = 12 * c.n_layer * c.n_embd**2 + c.n_embd * c.vocab_size
    return float(n) * (2 * weights + 4 * c.n_layer * c.block_size * c.n_embd)


def train_operations(case: Case) -> float:
    """A backward has two products for each one of the forward; the optimizer may have some of its own."""
    model = GPT(case.config, rng=NoDraws())
    return 3 * forward_operations(case) + numpy_optimizer(case, model).flops()


def row(name: str, work: str, m: Measured, case: Case, n_tokens: float, floor: float | None = None) -> Row:
    per_second = n_tokens / m.median
    chars = CHARS_PER_TOKEN.get(case.config.vocab_size)
    return {
        "case": name,
        "implementation": work.rsplit(" ", 1)[0],
        "median_ms": 1e3 * m.median,
        "spread": m.spread,
        "ratio_to_torch": None,
        "share_of_floor": None if floor is None else floor / m.median,
        "tokens_per_second": per_second,
        "chars_per_second": None if chars is None else per_second * chars,
        "peak_mb": m.peak_mb,
    }


def add_ratios(rows: list[Row]) -> list[Row]:
    """Time relative to PyTorch eager in the same case."""
    base = {r["case"]: r["median_ms"] for r in rows if r["implementation"] == "torch"}
    for r in rows:
        if r["case"] in base:
            r["ratio_to_torch"] = r["median_ms"] / base[r["case"]]
    return rows


def peers(against: str, *works: str) -> list[str]:
    if against == "torch" and importlib.util.find_spec("torch") is None:
        print("PyTorch is not installed: measuring this project alone (pip install torch for the comparison)")
        return []
    return list(works) if against == "torch" else []


def has_torch_muon(case: Case) -> bool:
    """Whether a case trains with Muon and PyTorch, if it is installed, has one of its own."""
    if case.optimizer["kind"] != "muon" or importlib.util.find_spec("torch") is None:
        return False
    import torch

    return hasattr(torch.optim, "Muon")


def train(args: argparse.Namespace) -> list[Row]:
    rows = []
    for name, case in cases().items():
        theirs = ["torch train", "torch compiled train", *["torch.optim.Muon train"] * has_torch_muon(case)]
        works = ["numpy train", *peers(args.against, *theirs), "matmul peak"]
        found = in_turns(dict.fromkeys(works, case), args.rounds, 5, warm_up=3)
        floor = train_operations(case) / PEAK_OPERATIONS * found.pop("matmul peak").median
        check_losses(name, found)
        n_tokens = case.batch_size * case.config.block_size
        rows += [row(name, work, m, case, n_tokens, floor) for work, m in found.items()]
    rows += evaluate(args)
    return add_ratios(rows)


def evaluate(args: argparse.Namespace) -> list[Row]:
    """Every token of a text once, windows overlapping by half: the products of two forwards per token."""
    rows = []
    for name, case in cases().items():
        case = replace(case, n_tokens=20_000)
        found = in_turns(dict.fromkeys(["numpy evaluate", "matmul peak"], case), args.rounds, 1, warm_up=1)
        c = case.config
        head = 2 * c.n_embd * c.vocab_size * case.n_tokens  # the head is needed where a token is scored only
        operations = 2 * forward_operations(case, case.n_tokens) - head
        floor = operations / PEAK_OPERATIONS * found["matmul peak"].median
        m = found["numpy evaluate"]
        rows.append(row(f"{name}: evaluation", "numpy evaluate", m, case, case.n_tokens, floor))
    return rows


def check_losses(name: str, found: dict[str, Measured]) -> None:
    """All implementations start from the same weights and see the same batch: their losses must agree."""
    reference = found["numpy train"].losses
    for work, m in found.items():
        worst = max(abs(a - b) / abs(a) for a, b in zip(reference[:10], m.losses[:10], strict=False))
        if worst > 2e-3:
            raise SystemExit(
                f"{name}: the losses of {work} differ from ours by {worst:.1e}; not the same work"
            )


def generate(args: argparse.Namespace) -> list[Row]:
    rows = []
    for name, case in cases().items():
        works = ["numpy generate", *peers(args.against, "torch generate", "torch without cache generate")]
        found = in_turns(dict.fromkeys(works, case), args.rounds, 1, warm_up=1)
        rows += [row(name, work, m, case, case.n_tokens) for work, m in found.items()]
    return add_ratios(rows)


def memory(args: argparse.Namespace) -> list[Row]:
    rows = []
    for name, case in cases().items():
        works = ["numpy train", *peers(args.against, "torch train")]
        found = in_turns(dict.fromkeys(works, case), 1, 3)
        n_tokens = case.batch_size * case.config.block_size
        rows += [row(name, work, m, case, n_tokens) for work, m in found.items()]
    return add_ratios(rows)


SWEEPS: dict[str, list[int]] = {
    "n_embd": [64, 128, 256, 512],
    "n_layer": [2, 4, 8, 16],
    "block_size": [64, 128, 256, 512],
    "vocab_size": [512, 1024, 2048, 4096, 8192],
    "batch_size": [4, 8, 16, 32],
}


def scaling(args: argparse.Namespace) -> list[Row]:
    """One size at a time around the reference model; the slope of log time against the log of the size."""
    base = Case({"vocab_size": 512, **REFERENCE}, 8)
    rows: list[Row] = []
    for key, sizes in SWEEPS.items():
        cases = [
            replace(base, batch_size=n) if key == "batch_size" else replace(base, model=base.model | {key: n})
            for n in sizes
        ]
        found = [in_turns({"numpy train": c}, args.rounds, 2)["numpy train"] for c in cases]

        def slope(values: list[float], over: list[int] = sizes) -> float:
            return float(np.polyfit(np.log(over), np.log(values), 1)[0])

        slopes = {
            "time_slope": slope([m.median for m in found]),
            "operations_slope": slope([train_operations(c) for c in cases]),
            "memory_slope": slope([m.peak_mb for m in found]),
        }
        for n, c, m in zip(sizes, cases, found, strict=True):
            n_tokens = c.batch_size * c.config.block_size
            rows.append(row(f"{key}={n}", "numpy train", m, c, n_tokens) | {"sweep": key} | slopes)
    return rows


COLUMNS = {
    "case": ("case", "{}"),
    "implementation": ("by", "{}"),
    "seconds": ("seconds", "{:.1f}"),
    "median_ms": ("median ms", "{:.1f}"),
    "spread": ("spread", "± {:.0%}"),
    "ratio_to_torch": ("/ PyTorch", "{:.2f}"),
    "updates": ("updates", "{:,.0f}"),
    "reached": ("reached", "{}"),
    "nats": ("last nats", "{:.3f}"),
    "share_of_floor": ("of matmul peak", "{:.0%}"),
    "tokens_per_second": ("tokens/s", "{:,.0f}"),
    "chars_per_second": ("characters/s", "{:,.0f}"),
    "ratio": ("relative speed", "{:.2f}"),
    "peak_mb": ("peak MB", "{:,.0f}"),
    "time_slope": ("slope of time", "{:.2f}"),
    "operations_slope": ("of operations", "{:.2f}"),
    "memory_slope": ("of memory", "{:.2f}"),
}


def show(title: str, rows: list[Row]) -> None:
    """Print the rows, leaving out the columns that none of them fills."""
    table = Table(title=title)
    keys = [key for key in COLUMNS if any(r.get(key) is not None for r in rows)]
    for key in keys:
        table.add_column(COLUMNS[key][0], justify="left" if key in ("case", "implementation") else "right")
    for r in rows:
        table.add_row(*("" if r.get(key) is None else COLUMNS[key][1].format(r[key]) for key in keys))
    Console(width=max(Console().width, 110)).print(table)


def race(args: argparse.Namespace) -> list[Row]:
    from experiments.benchmarks.loss_race import race

    return race(args.seeds, args.updates, bool(peers(args.against, "torch")))


def tokenizers(args: argparse.Namespace) -> list[Row]:
    from experiments.benchmarks.tokenizer_race import race

    return race(args.rounds)


BENCHMARKS = {
    "train": train,
    "generate": generate,
    "memory": memory,
    "scaling": scaling,
    "tokenizers": tokenizers,
    "race": race,
}


def main() -> None:
    print_anything()
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("benchmark", choices=BENCHMARKS)
    parser.add_argument(
        "--against", choices=["torch", "none"], default="torch", help="of train, generate, memory and race"
    )
    parser.add_argument(
        "--rounds", type=int, default=4, help="turns that each implementation takes (default 4; memory: one)"
    )
    parser.add_argument("--seeds", type=int, default=3, help="race: how many, from 1 on (default 3)")
    parser.add_argument(
        "--updates", type=int, default=450, help="race: the length of our recipe's schedule (default 450)"
    )
    parser.add_argument("--json", type=Path, help="write the rows to this file, too")
    args = parser.parse_args()
    for name in ("rounds", "seeds", "updates"):
        if getattr(args, name) < 1:
            parser.error(f"--{name} must be at least 1")
    if args.json and not args.json.absolute().parent.is_dir():
        parser.error(f"--json {args.json} is not possible: its folder does not exist")
    try:
        rows = BENCHMARKS[args.benchmark](args)
    except UserError as error:
        parser.exit(2, f"{parser.prog}: {error}\n")
    threads = "1 thread" if args.benchmark == "tokenizers" else f"{THREADS} threads"
    figures = f"means over {args.seeds} seeds" if args.benchmark == "race" else "medians"
    show(f"{args.benchmark} ({figures}; {threads} each, in turns)", rows)
    if args.json:
        args.json.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
