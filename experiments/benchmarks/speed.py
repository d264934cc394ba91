"""The tables of training (its memory, too), generating and evaluating: this project beside `peers` of PyTorch's."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from experiments.benchmarks import works
from experiments.benchmarks.processes import Row, Timings, Work, in_turns
from experiments.benchmarks.works import CASES, COMPILED, NUMPY, OWN_MUON, TORCH, Case

Peers = Sequence[str]
Cases = Mapping[str, Case]
PEAK = "peak"
EVALUATED, GENERATED = 20_000, 500  # tokens
BATCHES = (1, 8)  # rows that are generated side by side


def measured(
    tasks: Mapping[str, Work], rounds: int, units: int, operations: float, **options: Any
) -> tuple[dict[str, Timings], float]:
    """The timings of the tasks, and the seconds that their matrix products take at the machine's peak."""
    found = in_turns({**tasks, PEAK: partial(works.matmul_peak)}, rounds, units, **options)
    return found, operations / works.PEAK_OPERATIONS * found.pop(PEAK).median


def train(peers: Peers, rounds: int, cases: Cases = CASES) -> list[Row]:
    rows = []
    for name, case in cases.items():
        tasks, operations = training_tasks(case, peers), works.train_operations(case)
        found, floor = measured(tasks, rounds, 5, operations, warm_up=3)
        check_losses(name, found)
        for by, timings in found.items():
            own = row(name, by, timings) | {"share_of_peak": floor / timings.median}
            for key, peer in (("ratio_to_eager", TORCH), ("ratio_to_compiled", COMPILED)):
                own[key] = timings.median / found[peer].median if peer in found else None
            own["relative_memory"] = timings.peak_mb / found[TORCH].peak_mb if TORCH in found else None
            rows.append(own)
    return rows


def training_tasks(case: Case, peers: Peers) -> dict[str, Work]:
    """PyTorch's own Muon is left out where Muon is not the optimizer."""
    able = [by for by in peers if by != OWN_MUON or case.config.optimizer.kind == "muon"]
    return {by: partial(works.train, by, case.overrides, case.vocab_size) for by in (NUMPY, *able)}


def check_losses(name: str, found: Mapping[str, Timings]) -> None:
    """All have the same start and the same batch: SystemExit unless their first ten losses agree."""
    for by, timings in found.items():
        pairs = list(zip(found[NUMPY].results, timings.results, strict=True))[:10]
        if (worst := max(abs(a - b) / abs(a) for a, b in pairs)) > 2e-3:
            raise SystemExit(f"{name}: the losses of {by} differ from ours by {worst:.1e}; not the same work")


def evaluate(rounds: int, cases: Cases = CASES) -> list[Row]:
    """Every token of a text once, in windows that overlap by half."""
    rows = []
    for name, case in cases.items():
        task = partial(works.evaluate, case.overrides, case.vocab_size, EVALUATED)
        found, floor = measured({NUMPY: task}, rounds, 1, works.evaluate_operations(case, EVALUATED))
        median = found[NUMPY].median
        shares = {"share_of_peak": floor / median, "tokens_per_second": EVALUATED / median}
        rows.append(row(name, NUMPY, found[NUMPY]) | shares)
    return rows


def generate(peers: Peers, rounds: int, cases: Cases = CASES) -> list[Row]:
    """Tokens after a prompt, with a cache of keys and values: one text, and several side by side."""
    functions = {NUMPY: works.numpy_generate} | ({TORCH: works.torch_generate} if TORCH in peers else {})
    rows = []
    for name, case in cases.items():
        for n in BATCHES:
            arguments = case.overrides, case.vocab_size, n, GENERATED
            tasks = {by: partial(function, *arguments) for by, function in functions.items()}
            found = in_turns(tasks, rounds, 1)
            speeds = {by: n * GENERATED / timings.median for by, timings in found.items()}
            for by, timings in found.items():
                relative = speeds[by] / speeds[TORCH] if TORCH in peers else None
                own = {"tokens_per_second": speeds[by], "relative_speed": relative}
                rows.append(row(f"{name}, {n} at once", by, timings) | own)
    return rows


def row(case: str, by: str, timings: Timings) -> Row:
    return {"case": case, "by": by, "median_ms": 1e3 * timings.median, "peak_mb": timings.peak_mb}
