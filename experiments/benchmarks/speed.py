"""Training, evaluating and generating: seconds and memory, this project's and PyTorch's, measured in turns."""

import json
import statistics
from collections.abc import Iterable
from contextlib import ExitStack
from dataclasses import astuple, dataclass, replace
from functools import cache

import numpy as np

from experiments.benchmarks.processes import WorkerProcess
from experiments.benchmarks.table import Row
from experiments.benchmarks.workers import Case

REFERENCE = ("model=reference", "optimizer=adamw", "train.batch_size=16")  # the original experiment's sizes
# Characters per token of Shakespeare: a character, or BPE at this vocabulary (measured on the training part).
CHARS_PER_TOKEN = {65: 1.0, 69: 1.0, 6551: 3.44}
PEAK_OPERATIONS = 2 * 2048**3  # of one "matmul peak"
SIZES: dict[str, list[int]] = {
    "model.n_embd": [64, 128, 256, 512],
    "model.n_layer": [2, 4, 8, 16],
    "model.block_size": [64, 128, 256, 512],
    "vocab_size": [512, 1024, 2048, 4096, 8192],
    "train.batch_size": [4, 8, 16, 32],
}


# --- what is timed ---


@cache
def cases() -> dict[str, Case]:
    """The original experiment's model, the default recipe, and nanoGPT's."""
    return {
        "reference, V=69": Case(REFERENCE, 69),
        "reference, V=6551": Case(REFERENCE, 6551),
        "small, V=65": Case((), 65),
        "nanogpt, V=65": Case(("experiment=nanogpt_cpu",), 65),
    }


@dataclass
class Timings:
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


def in_turns(
    works: Iterable[str], case: Case, rounds: int, units: int, warm_up: int = 2
) -> dict[str, Timings]:
    """Run workers in turns, `units` of work at a time, and gather what they report; the warm-up is dropped."""
    with ExitStack() as opened:
        workers = {
            work: opened.enter_context(WorkerProcess("workers", work, json.dumps(astuple(case))))
            for work in works
        }
        found = {work: Timings([], worker.ask(warm_up)["losses"], 0.0) for work, worker in workers.items()}
        for _ in range(rounds):
            for work, worker in workers.items():
                answer = worker.ask(units)
                found[work].seconds += answer["seconds"]
                found[work].losses += answer["losses"]
                found[work].peak_mb = answer["peak_mb"]
        return found


def forward_operations(case: Case, n_tokens: int | None = None) -> float:
    """Matrix-product operations of a forward: 2 per weight of a matrix and token, and attention's two products.

    Attention is counted whole, as usual, though its causal half need not be computed.
    """
    c = case.shape
    n = case.tokens_per_batch if n_tokens is None else n_tokens
    weights = 12 * c.n_layer * c.n_embd**2 + c.n_embd * c.vocab_size
    return float(n) * (2 * weights + 4 * c.n_layer * c.block_size * c.n_embd)


def train_operations(case: Case) -> float:
    """A backward has two products for each one of the forward; the optimizer may have some of its own."""
    return 3 * forward_operations(case) + case.optimizer().flops()


# --- the benchmarks: with_torch says whether PyTorch takes turns ---


def train(with_torch: bool, rounds: int) -> list[Row]:
    rows = []
    for name, case in cases().items():
        works = ["numpy train", "matmul peak"]
        if with_torch:
            works += ["torch train", "torch compiled train"]
        if with_torch and has_torch_muon(case):
            works.append("torch.optim.Muon train")
        found = in_turns(works, case, rounds, 5, warm_up=3)
        floor = train_operations(case) / PEAK_OPERATIONS * found.pop("matmul peak").median
        check_losses(name, found)
        rows += [row(name, work, m, case, case.tokens_per_batch, floor) for work, m in found.items()]
    return add_ratios(rows + evaluate(rounds))


def evaluate(rounds: int) -> list[Row]:
    """Every token of a text once, windows overlapping by half: the products of two forwards per token."""
    rows = []
    for name, case in cases().items():
        case = replace(case, n_tokens=20_000)
        found = in_turns(["numpy evaluate", "matmul peak"], case, rounds, 1, warm_up=1)
        c = case.shape
        head = 2 * c.n_embd * c.vocab_size * case.n_tokens  # the head is needed where a token is scored only
        operations = 2 * forward_operations(case, case.n_tokens) - head
        floor = operations / PEAK_OPERATIONS * found["matmul peak"].median
        rows.append(
            row(f"{name}: evaluation", "numpy evaluate", found["numpy evaluate"], case, case.n_tokens, floor)
        )
    return rows


def generate(with_torch: bool, rounds: int) -> list[Row]:
    rows = []
    for name, case in cases().items():
        theirs = ["torch generate", "torch without cache generate"] if with_torch else []
        found = in_turns(["numpy generate", *theirs], case, rounds, 1, warm_up=1)
        rows += [row(name, work, m, case, case.n_tokens) for work, m in found.items()]
    return add_ratios(rows)


def memory(with_torch: bool) -> list[Row]:
    rows = []
    for name, case in cases().items():
        found = in_turns(["numpy train", *(["torch train"] if with_torch else [])], case, 1, 3)
        rows += [row(name, work, m, case, case.tokens_per_batch) for work, m in found.items()]
    return add_ratios(rows)


def scaling(rounds: int) -> list[Row]:
    """One size at a time around the reference model; the slope of log time against the log of the size."""
    base = Case((*REFERENCE, "train.batch_size=8"), 512)
    rows: list[Row] = []
    for key, sizes in SIZES.items():
        cases = [
            replace(base, vocab_size=n)
            if key == "vocab_size"
            else replace(base, overrides=(*base.overrides, f"{key}={n}"))
            for n in sizes
        ]
        found = [in_turns(["numpy train"], case, rounds, 2)["numpy train"] for case in cases]
        slopes = {
            "time_slope": slope(sizes, [m.median for m in found]),
            "operations_slope": slope(sizes, [train_operations(case) for case in cases]),
            "memory_slope": slope(sizes, [m.peak_mb for m in found]),
        }
        rows += [
            row(f"{key}={n}", "numpy train", m, case, case.tokens_per_batch) | {"sweep": key} | slopes
            for n, case, m in zip(sizes, cases, found, strict=True)
        ]
    return rows


def slope(sizes: list[int], values: list[float]) -> float:
    return float(np.polyfit(np.log(sizes), np.log(values), 1)[0])


def has_torch_muon(case: Case) -> bool:
    """Whether a case trains with Muon, and PyTorch has one of its own."""
    import torch

    return case.config.optimizer.kind == "muon" and hasattr(torch.optim, "Muon")


def check_losses(name: str, found: dict[str, Timings]) -> None:
    """All implementations have the same start and the same batch: SystemExit unless their losses agree."""
    reference = found["numpy train"].losses
    for work, m in found.items():
        worst = max(abs(a - b) / abs(a) for a, b in zip(reference[:10], m.losses[:10], strict=False))
        if worst > 2e-3:
            raise SystemExit(
                f"{name}: the losses of {work} differ from ours by {worst:.1e}; not the same work"
            )


# --- rows ---


def row(name: str, work: str, m: Timings, case: Case, n_tokens: float, floor: float | None = None) -> Row:
    """`n_tokens`: of a unit of work; `floor`: seconds of its matrix products at the machine's peak."""
    per_second = n_tokens / m.median
    chars = CHARS_PER_TOKEN.get(case.vocab_size)
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
