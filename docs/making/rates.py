"""The quick size at several learning rates: does what is sure of one rate hold where each has its best one?"""

from dataclasses import dataclass, field, replace
from functools import lru_cache
from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd

from analysis.collect import Collection, collect
from analysis.display import plus_minus
from analysis.groups import Comparison, group_runs
from analysis.table import Cell
from analysis.uncertainty import MIN_SEEDS, estimate
from analysis.verdicts import COUNT
from making import records
from making.budgets import pair_words, quick_studies, verdict_of
from making.original import NAMES
from making.words import listed, markdown_table
from numpygpt.runs import find_runs

STUDIES = ("quick-iters", "quick-rates")  # the first has one rate, the second the others


@dataclass(frozen=True)
class Setting:
    """One tokenizer at one learning rate: its runs (rows of a Collection), some of which may have failed."""

    tokenizer: str
    lr: float
    runs: pd.DataFrame = field(compare=False, repr=False)

    @property
    def done(self) -> pd.DataFrame:
        return self.runs[self.runs["state"] == "done"]

    @property
    def whole(self) -> bool:
        """Whether all its runs came to their end, and enough of them for an interval."""
        return len(self.done) == len(self.runs) >= MIN_SEEDS

    @property
    def mean(self) -> float:
        """Bits per byte, over seeds."""
        return float(self.done["bits_per_byte"].mean())

    @property
    def words(self) -> str:
        """`3.024 ± 0.016`, or how many of its runs ended."""
        if not self.whole:
            return f"{len(self.done)} of {max(MIN_SEEDS, len(self.runs))} runs ended"
        found = estimate(self.done["bits_per_byte"].to_numpy(np.float64))
        return plus_minus(found.mean, found.half)


def searched() -> bool:
    """Whether every tokenizer was trained at the same two learning rates or more."""
    by_tokenizer = [{s.lr for s in settings() if s.tokenizer == name and s.whole} for name in NAMES]
    return bool(quick_studies()) and len(set.intersection(*by_tokenizer)) > 1


@lru_cache
def _collection(folder: Path) -> Collection:
    return collect(run for name in STUDIES for run in find_runs(folder / name))


def settings() -> list[Setting]:
    """All that was tried, rates rising."""
    found = _collection(records.RESULTS)
    lr = {path: float(identity["optimizer.lr"]) for path, identity in found.identities.items()}
    runs = found.runs.assign(lr=found.runs["folder"].map(lr))
    return [
        Setting(str(own["tokenizer"].iloc[0]), float(own["lr"].iloc[0]), own)
        for _, own in runs.groupby(["lr", "tokenizer"], sort=True)
    ]


def rates() -> list[float]:
    return sorted({setting.lr for setting in settings()})


def best(tokenizer: str) -> Setting:
    """The rate with the fewest bits per byte."""
    return min((s for s in settings() if s.tokenizer == tokenizer and s.whole), key=lambda s: s.mean)


def rate_table() -> str:
    """Bits per byte: a row per tokenizer, a column per rate, the best of each row marked."""
    rows: list[list[str | Cell]] = []
    for name in NAMES:
        found = {s.lr: s for s in settings() if s.tokenizer == name}
        marks = {rate: " (best)" * (s == best(name)) for rate, s in found.items()}
        rows.append(
            [name, *(f"{found[rate].words}{marks[rate]}" if rate in found else "" for rate in rates())]
        )
    return markdown_table(["learning rate", *(f"{rate:g}" for rate in rates())], rows)


def at_the_edge() -> list[str]:
    """The tokenizers whose best rate is the lowest or the highest that was tried: there may be a better one."""
    tried = {name: [s.lr for s in settings() if s.tokenizer == name and s.whole] for name in NAMES}
    return [name for name in NAMES if best(name).lr in (tried[name][0], tried[name][-1])]


def rate_seeds() -> str:
    """How many seeds each of the rates has that were tried beside the usual one: `three seeds`."""
    fewest = min(len(s.runs) for s in settings())
    return f"{COUNT[fewest] if fewest < len(COUNT) else fewest} seeds"


def at_best() -> Comparison:
    """All tokenizers, each at its own best rate, compared as a report would."""
    return _compared(tuple(best(name) for name in NAMES), records.RESULTS)


@lru_cache
def _compared(chosen: tuple[Setting, ...], folder: Path) -> Comparison:
    runs = pd.concat([setting.runs for setting in chosen]).assign(study="best rates")
    (comparison,), _ = group_runs(replace(_collection(folder), runs=runs))
    return comparison


def best_rate_pairs() -> str:
    """Every pair at the one rate and at the best ones: who needs fewer bits, and by how much."""
    usual = quick_studies()[0].only
    rate = float(usual.groups[0].identity["optimizer.lr"])
    rows = [
        [f"{a} or {b}", *(pair_words(verdict_of(c, a, b)) for c in (usual, at_best()))]
        for a, b in combinations(NAMES, 2)
    ]
    return markdown_table(["", f"all at {rate:g}", "each at its best"], rows)


def what_holds() -> str:
    """Whether each ranking at the one rate is that at the best rates: `all 5 of these rankings hold`."""
    usual = quick_studies()[0].only
    pairs = [(v.a, v.b) for v in usual.conclusion.verdicts if v.winner]
    now = {(a, b): verdict_of(at_best(), a, b).winner for a, b in pairs}
    lost = [f"{a} over {b}" for (a, b), winner in now.items() if winner != a]
    if not lost:
        return f"all {len(pairs)} of these rankings hold"
    return f"{len(pairs) - len(lost)} of the {len(pairs)} rankings hold, not {listed(lost)}"
