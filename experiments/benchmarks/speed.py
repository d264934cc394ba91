"""The table of training, its memory too: this project beside `peers` of PyTorch's."""

from collections.abc import Mapping, Sequence
from functools import partial

from experiments.benchmarks import works
from experiments.benchmarks.processes import Row, Timings, in_turns
from experiments.benchmarks.works import CASES, COMPILED, NUMPY, TORCH, Case

PEAK = "peak"


def train(peers: Sequence[str], rounds: int, cases: Mapping[str, Case] = CASES) -> list[Row]:
    """share_of_peak: of the rate of a large product, which takes its turn, too."""
    rows = []
    for name, case in cases.items():
        tasks = {by: partial(works.train, by, case.overrides, case.vocab_size) for by in (NUMPY, *peers)}
        found = in_turns({**tasks, PEAK: partial(works.matmul_peak)}, rounds, units=5, warm_up=3)
        floor = works.train_operations(case) / works.PEAK_OPERATIONS * found.pop(PEAK).median
        check_losses(name, found)
        for by, timings in found.items():
            own = row(name, by, timings) | {"share_of_peak": floor / timings.median}
            for key, peer in (("ratio_to_eager", TORCH), ("ratio_to_compiled", COMPILED)):
                own[key] = timings.median / found[peer].median if peer in found else None
            own["relative_memory"] = timings.peak_mb / found[TORCH].peak_mb if TORCH in found else None
            rows.append(own)
    return rows


def check_losses(name: str, found: Mapping[str, Timings]) -> None:
    """All have the same start and the same batch: SystemExit unless their first ten losses agree."""
    for by, timings in found.items():
        pairs = list(zip(found[NUMPY].results, timings.results, strict=True))[:10]
        if (worst := max(abs(a - b) / abs(a) for a, b in pairs)) > 2e-3:
            raise SystemExit(f"{name}: the losses of {by} differ from ours by {worst:.1e}; not the same work")


def row(case: str, by: str, timings: Timings) -> Row:
    return {"case": case, "by": by, "median_ms": 1e3 * timings.median, "peak_mb": timings.peak_mb}
