"""One pair of settings: which of their figures are weighed, the two tests, and what they come to.

A verdict needs two separate kinds of evidence to exclude zero, the seeds (Holm's test and the simultaneous
interval over all pairs) and the text (an interval within the passage, of at least 12 blocks). A tokenizer that
throws something away has no single figure but a *floor* (bits of its tokens alone) and a *ceiling* (with what our
residual coder charges for the rest): a rival below the floor wins, one above the ceiling loses, and between them
nobody can say.
"""

import math
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

import numpy as np

from analysis.inference import uncertainty
from analysis.inference.uncertainty import LEVEL, MIN_BLOCKS, MIN_SEEDS, Difference, TextDifference
from analysis.records.collect import Blocks, Floats
from analysis.records.display import plus_minus
from analysis.records.settings import NEGLIGIBLE

BITS = "bits per byte"
SMALL = 0.02  # bits per byte: a difference for which the number of seeds is told


class Outcome(StrEnum):
    BETTER = "better"  # one side is ranked above the other
    TIED = "tied"  # enough seeds, but the doubt covers zero
    DEPENDS = "depends"  # one lies between the other's floor and ceiling
    UNRANKED = "unranked"  # too few seeds, or no bits per block


@dataclass(frozen=True)
class SettingScores:
    """The figures of a setting that are weighed, per seed (n,), in bits per byte.

    totals: with what is charged for losses   floors: of the tokens alone (equal to `totals` if nothing is lost)
    tokenizer: settings that share it pay the same residual bits
    data_order: settings that share it saw, under one seed, the same batches in the same order
    """

    label: str
    seeds: tuple[int, ...]
    totals: Floats
    floors: Floats
    losses: str = ""
    tokenizer: str = ""
    data_order: str | None = None
    blocks: Blocks | None = None

    @property
    def mean(self) -> float:
        return float(self.totals.mean())

    @property
    def charge(self) -> float:
        return self.mean - float(self.floors.mean())

    @property
    def lossy(self) -> bool:
        """Whether what the tokenizer loses *of this text* leaves a gap between floor and ceiling."""
        return bool(self.losses) and not np.all(self.totals - self.floors < NEGLIGIBLE)


@dataclass(frozen=True)
class Match:
    """What is weighed: a's ceiling or total against b's total or floor.

    bound: the difference is the least lead of a that any residual coder as good as ours leaves
    overlap: floor and ceiling embrace the rival: nothing to test
    """

    a: SettingScores
    b: SettingScores
    b_at_floor: bool = False
    bound: bool = False
    overlap: bool = False

    @property
    def fewest_seeds(self) -> int:
        return min(len(self.a.seeds), len(self.b.seeds))


@dataclass(frozen=True)
class Verdict:
    """One pair. `a` has fewer bits than `b`; `seeds` and `text` are b - a, so that positive favours `a`.

    p: of the seed test, after Holm
    """

    pair: Match
    outcome: Outcome
    seeds: Difference | None = None
    text: TextDifference | None = None
    p: float = 1.0

    @property
    def a(self) -> str:
        return self.pair.a.label

    @property
    def b(self) -> str:
        return self.pair.b.label

    @property
    def winner(self) -> str | None:
        return self.a if self.outcome is Outcome.BETTER else None

    @property
    def sentence(self) -> str:
        """`bpe is better than word by at least 0.213 ± 0.042 bits per byte (5 seeds)`"""
        a, b = self.pair.a, self.pair.b
        if self.outcome is Outcome.BETTER and self.seeds:
            lead = f"{'at least ' if self.pair.bound else ''}{plus_minus(self.seeds.value, self.seeds.half)}"
            numbers = " and ".join(str(n) for n in dict.fromkeys((len(a.seeds), len(b.seeds))))
            return f"{a.label} is better than {b.label} by {lead} {BITS} ({numbers} seeds)"
        if self.outcome is Outcome.TIED:
            return f"{a.label} and {b.label} cannot be told apart by these runs"
        if self.outcome is Outcome.DEPENDS:
            return f"{a.label} or {b.label}: depends on the residual coder ({_overlap(self.pair)})"
        return f"no ranking of {a.label} and {b.label}: {why_unranked(self.pair)}"

    @cached_property
    def shown_from(self) -> float:
        """The difference that both tests would have shown in 8 of 10 cases; NaN where there were none."""
        untested = self.outcome in (Outcome.DEPENDS, Outcome.UNRANKED)
        if untested or self.seeds is None or self.text is None:
            return math.nan
        return uncertainty.smallest_shown(self.seeds, self.text)

    @cached_property
    def seeds_for_small(self) -> int | None:
        """Of each setting, for the seed test to show a difference of SMALL in 8 of 10 cases."""
        if self.seeds is None or math.isnan(self.shown_from):
            return None
        return uncertainty.seeds_needed(self.seeds, self.pair.fewest_seeds, SMALL)


def match(a: SettingScores, b: SettingScores) -> Match:
    """The fairest test of the pair: totals where the charge is the same, else the bound that is hardest."""
    if a.tokenizer == b.tokenizer or not (a.lossy or b.lossy):
        return Match(a, b) if a.mean <= b.mean else Match(b, a)
    for x, y in ((a, b), (b, a)):
        if x.mean < y.floors.mean():
            return Match(x, y, b_at_floor=y.lossy, bound=True)
    return Match(a, b, overlap=True) if a.mean <= b.mean else Match(b, a, overlap=True)


def seed_test(pair: Match, level: float) -> Difference | None:
    """b - a over seeds; paired if, seed by seed, both saw the same batches. None with fewer than 2 seeds."""
    a, b = pair.a, pair.b
    b_values = b.floors if pair.b_at_floor else b.totals
    common = sorted(set(a.seeds) & set(b.seeds))
    if a.data_order is not None and a.data_order == b.data_order and len(common) >= MIN_SEEDS:
        b_common = [b_values[b.seeds.index(seed)] for seed in common]
        return uncertainty.paired(b_common, [a.totals[a.seeds.index(seed)] for seed in common], level)
    return uncertainty.welch(b_values, a.totals, level) if pair.fewest_seeds >= 2 else None


def text_test(pair: Match) -> TextDifference | None:
    """b - a over blocks, averaged over seeds; None if the blocks are missing, too few or cut elsewhere."""
    a, b = pair.a.blocks, pair.b.blocks
    if a is None or b is None or not np.array_equal(a.sizes, b.sizes) or len(a.sizes) < MIN_BLOCKS:
        return None
    b_bits = b.tokens if pair.b_at_floor else b.tokens + b.residual
    return uncertainty.within_text(b_bits.mean(axis=0), (a.tokens + a.residual).mean(axis=0), a.sizes)


def outcome_of(
    pair: Match, seeds: Difference | None, text: TextDifference | None, p: float, by_seeds: bool = False
) -> Outcome:
    """`p`: of the seed test, after Holm. `by_seeds`: nothing is asked of the text, which is short."""
    if pair.fewest_seeds < MIN_SEEDS or seeds is None:
        return Outcome.UNRANKED
    if pair.overlap:
        return Outcome.DEPENDS
    over_seeds = p <= 1 - LEVEL and seeds.low > 0
    if by_seeds:
        return Outcome.BETTER if over_seeds else Outcome.TIED
    if text is None:
        return Outcome.UNRANKED
    return Outcome.BETTER if over_seeds and text.low > 0 else Outcome.TIED


def why_unranked(pair: Match) -> str:
    """Too few seeds, or too little text."""
    if pair.fewest_seeds < MIN_SEEDS:
        return f"a rank needs at least {MIN_SEEDS} seeds"
    a, b = pair.a.blocks, pair.b.blocks
    if a and b and len(a.sizes) == len(b.sizes) < MIN_BLOCKS:
        return (
            f"the validation text is too short to say how sure a difference is, of its blocks of about 4 kB "
            f"{MIN_BLOCKS} are needed and there are {len(a.sizes)}"
        )
    return "their bits per block of text are missing or differ"


def _overlap(pair: Match) -> str:
    low, high = sorted((pair.a, pair.b), key=lambda scores: float(scores.floors.mean()))
    lossy, other = (low, high) if low.lossy else (high, low)
    if other.lossy:
        return f"the floors and ceilings of {lossy.label} and {other.label} overlap"
    return (
        f"{other.label} at {other.mean:.3f} lies between the floor {lossy.floors.mean():.3f} "
        f"and the ceiling {lossy.mean:.3f} of {lossy.label}"
    )
