"""Who models this text better, in plain words: pure functions from bits to sentences.

A verdict needs two separate kinds of evidence to exclude zero, the seeds (Holm's test and the simultaneous
interval over all pairs) and the text (an interval within the passage, of at least 12 blocks). A tokenizer that
throws something away has no single figure but a *floor* (bits of its tokens alone) and a *ceiling* (with what our
residual coder charges for the rest): a rival below the floor wins, one above the ceiling loses, and between them
nobody can say.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import combinations

import numpy as np

from analysis.inference.uncertainty import (
    LEVEL,
    MIN_BLOCKS,
    MIN_SEEDS,
    Difference,
    Floats,
    TextDifference,
    bonferroni,
    holm,
    paired,
    seeds_needed,
    smallest_shown,
    welch,
    within_text,
)
from analysis.records.display import plus_minus

BITS = "bits per byte"
OVER_SEEDS = "over seeds"
SMALL = 0.02  # bits per byte: a difference for which the number of seeds is told
NEGLIGIBLE = 0.0005  # bits per byte: a residual below the last digit that is shown
COUNT = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")


class Outcome(StrEnum):
    BETTER = "better"  # one side is ranked above the other
    TIED = "tied"  # enough seeds, but the doubt covers zero
    DEPENDS = "depends"  # one lies between the other's floor and ceiling
    UNRANKED = "unranked"  # too few seeds, or no bits per block


@dataclass(frozen=True)
class Blocks:
    """Bits of the validation text in blocks: `sizes` in bytes (n,), `tokens` and `residual` (seeds, n).

    baselines: of programs without a neural network, by name, (n,) each.
    """

    sizes: Floats
    tokens: Floats
    residual: Floats
    baselines: Mapping[str, Floats] = field(default_factory=dict)


@dataclass(frozen=True)
class Contender:
    """All seeds of one setting. Arrays are per seed (n,), in bits per byte; `gained` and `gap` may be NaN.

    `totals` charge for what is lost, `floors` are the tokens alone (equal to `totals` if nothing is lost).
    Two contenders with the same `tokenizer` key pay the same residual bits; two with the same
    `data_order` saw, under one seed, the same batches in the same order.
    """

    label: str
    seeds: tuple[int, ...]
    totals: Floats
    floors: Floats
    gained: Floats  # what the last evaluation lies above the best one, on the same windows of validation text
    gap: Floats
    losses: str = ""
    tokenizer: str = ""
    data_order: str | None = None
    blocks: Blocks | None = None

    @property
    def mean(self) -> float:
        return float(self.totals.mean())

    @property
    def lossy(self) -> bool:
        """Whether what the tokenizer loses *of this text* leaves a gap between floor and ceiling."""
        return bool(self.losses) and not np.all(self.totals - self.floors < NEGLIGIBLE)


@dataclass(frozen=True)
class Match:
    """What is weighed: a's ceiling or total against b's total or floor; `bound` says it is the least lead."""

    a: Contender
    b: Contender
    b_at_floor: bool = False
    bound: bool = False
    overlap: bool = False  # floor and ceiling embrace the rival: nothing to test


@dataclass(frozen=True)
class Verdict:
    """One pair. `a` has fewer bits than `b`; `seeds` and `text` are b - a, so that positive favours `a`."""

    a: str
    b: str
    outcome: Outcome
    sentence: str
    notes: tuple[str, ...] = ()
    seeds: Difference | None = None
    text: TextDifference | None = None
    p: float = 1.0  # of the seed test, after Holm
    bound: bool = False  # the lead is the least that any residual coder as good as ours leaves
    shown_from: float = math.nan  # the difference that both tests would have shown in 8 of 10 cases
    seeds_for_small: int | None = None  # of each setting, for the seed test to show SMALL in 8 of 10 cases

    @property
    def winner(self) -> str | None:
        return self.a if self.outcome is Outcome.BETTER else None


@dataclass(frozen=True)
class Conclusion:
    """All verdicts of one comparison, and what they come to."""

    headline: str
    verdicts: tuple[Verdict, ...]
    leader: str | None = None  # beats every other
    unbeaten: tuple[str, ...] = ()


def seeds_phrase(a: Contender, b: Contender) -> str:
    n, m = len(a.seeds), len(b.seeds)
    if n == m:
        return f"{n} seed{'s' if n > 1 else ''}"
    return f"{n} and {m} seeds"


def _match(a: Contender, b: Contender) -> Match:
    """The fairest test of the pair: totals where the charge is the same, else the bound that is hardest."""
    if a.tokenizer == b.tokenizer or not (a.lossy or b.lossy):
        return Match(a, b) if a.mean <= b.mean else Match(b, a)
    for x, y in ((a, b), (b, a)):
        if x.mean < y.floors.mean():
            return Match(x, y, b_at_floor=y.lossy, bound=True)
    return Match(a, b, overlap=True) if a.mean <= b.mean else Match(b, a, overlap=True)


def _seed_test(match: Match, level: float) -> Difference | None:
    """b - a over seeds; paired if, seed by seed, both saw the same batches. None with fewer than 2 seeds."""
    a, b = match.a, match.b
    b_values = b.floors if match.b_at_floor else b.totals
    common = sorted(set(a.seeds) & set(b.seeds))
    if a.data_order is not None and a.data_order == b.data_order and len(common) >= MIN_SEEDS:
        return paired(
            [b_values[b.seeds.index(s)] for s in common], [a.totals[a.seeds.index(s)] for s in common], level
        )
    if min(len(a.seeds), len(b.seeds)) < 2:
        return None
    return welch(b_values, a.totals, level)


def _text_test(match: Match, level: float) -> TextDifference | None:
    """b - a over blocks, averaged over seeds; None if the blocks are missing, too few or cut elsewhere."""
    a, b = match.a.blocks, match.b.blocks
    if a is None or b is None or not np.array_equal(a.sizes, b.sizes) or len(a.sizes) < MIN_BLOCKS:
        return None
    b_bits = b.tokens if match.b_at_floor else b.tokens + b.residual
    return within_text(b_bits.mean(axis=0), (a.tokens + a.residual).mean(axis=0), a.sizes, level)


def _outcome(match: Match, seeds: Difference | None, text: TextDifference | None, p: float, level: float):
    fewest = min(len(match.a.seeds), len(match.b.seeds))
    if fewest < MIN_SEEDS or seeds is None:
        return Outcome.UNRANKED
    if match.overlap:
        return Outcome.DEPENDS
    if text is None:
        return Outcome.UNRANKED
    over_seeds = p <= 1 - level and seeds.excludes_zero and seeds.value > 0
    return Outcome.BETTER if over_seeds and text.excludes_zero and text.value > 0 else Outcome.TIED


def _sentence(match: Match, outcome: Outcome, seeds: Difference | None) -> str:
    a, b = match.a, match.b
    if outcome is Outcome.BETTER and seeds is not None:
        least = "at least " if match.bound else ""
        lead = plus_minus(seeds.value, seeds.half)
        return f"{a.label} is better than {b.label} by {least}{lead} {BITS} ({seeds_phrase(a, b)})"
    if outcome is Outcome.TIED:
        return f"{a.label} and {b.label} cannot be told apart by these runs"
    if outcome is Outcome.DEPENDS:
        return f"{a.label} or {b.label}: depends on the residual coder"
    fewest = min(len(a.seeds), len(b.seeds))
    if fewest >= MIN_SEEDS:
        why = "their bits per block of text are missing or differ"
        if a.blocks and b.blocks and len(a.blocks.sizes) == len(b.blocks.sizes) < MIN_BLOCKS:
            n = len(a.blocks.sizes)
            why = f"the validation text is {COUNT[n] if n < len(COUNT) else n} block{'s' * (n > 1)} of about 4 kB"
            why += f", too short to say how sure a difference is: that takes {MIN_BLOCKS}"
        return f"no ranking of {a.label} and {b.label}: {why}"
    return f"{COUNT[fewest]} seed{'s' * (fewest > 1)}: no ranking of {a.label} and {b.label}"


def _why(match: Match, outcome: Outcome, seeds, text, p: float, level: float) -> list[str]:
    """What stands behind the sentence, and why it is not a stronger one."""
    notes = []
    if outcome is Outcome.UNRANKED and min(len(match.a.seeds), len(match.b.seeds)) < MIN_SEEDS:
        notes.append(
            f"a rank needs at least {MIN_SEEDS} seeds: to a test over text alone, even one tokenizer "
            "trained under two seeds looks like two different ones"
        )
    if match.overlap:
        low, high = sorted((match.a, match.b), key=lambda c: float(c.floors.mean()))
        lossy = low if low.lossy else high
        other = high if lossy is low else low
        notes.append(
            f"{other.label} at {other.mean:.3f} lies between the floor {lossy.floors.mean():.3f} "
            f"and the ceiling {lossy.mean:.3f} of {lossy.label}"
            if not other.lossy
            else f"the floors and ceilings of {lossy.label} and {other.label} overlap"
        )
        return notes
    if match.bound:
        notes.append(
            f"measured from the floor of {match.b.label}: it holds under any residual coder"
            if match.b_at_floor
            else f"measured from the ceiling of {match.a.label}: it holds under any residual coder as good as ours"
        )
    if seeds is not None:
        notes.append(
            f"{OVER_SEEDS} ({seeds.method}): {plus_minus(seeds.value, seeds.half)}, Holm p = {p:.2g}"
            + (" (Holm's steps exclude zero, the simultaneous interval does not)" * _split(seeds, p, level))
        )
    if text is not None:
        notes.append(
            f"within this passage ({text.n_blocks} blocks): {plus_minus(text.value, text.half)}; "
            f"first half {text.first_half:.3f}, second half {text.second_half:.3f}; "
            f"neighbouring blocks correlate by {text.neighbours:.2f}"
        )
        if outcome is Outcome.TIED and p <= 1 - level and seeds is not None and seeds.excludes_zero:
            notes.append("the seeds agree, but the difference does not hold across the passage")
    return notes


def _split(seeds: Difference, p: float, level: float) -> bool:
    return p <= 1 - level and not seeds.excludes_zero


def _caution(match: Match) -> list[str]:
    """The gap between training and validation, and whether the best evaluations rank the other way."""
    a, b, notes = match.a, match.b, []
    gaps = [f"{c.label} {c.gap.mean():+.3f}" for c in (a, b) if np.isfinite(c.gap).all()]
    if gaps:
        notes.append(f"gap between training and validation since the first evaluation: {', '.join(gaps)}")
    b_final = b.floors if match.b_at_floor else b.totals
    lead = float((b_final - b.gained).mean() - (a.totals - a.gained).mean())
    if not match.overlap and math.isfinite(lead) and lead < 0:
        notes.append(
            f"best and final rank differently: at its best evaluation (chosen on validation) "
            f"{b.label} leads by {-lead:.3f}"
        )
    return notes


def compare(
    contenders: Sequence[Contender],
    pairs: Sequence[tuple[int, int]] | None = None,
    level: float = LEVEL,
) -> tuple[Verdict, ...]:
    """A verdict for each of `pairs` (indices; by default all).

    Over seeds the whole family holds at `level` together, over the text each by itself.
    """
    chosen = list(combinations(range(len(contenders)), 2)) if pairs is None else list(pairs)
    each = bonferroni(level, len(chosen))
    matches = [_match(contenders[i], contenders[j]) for i, j in chosen]
    seeds = [_seed_test(m, each) for m in matches]
    open_p = [1.0 if s is None or m.overlap else s.p for m, s in zip(matches, seeds, strict=True)]
    verdicts = []
    for match, seed, p in zip(matches, seeds, holm(open_p), strict=True):
        text = _text_test(match, level)
        outcome = _outcome(match, seed, text, p, level)
        notes = _why(match, outcome, seed, text, p, level) + _caution(match)
        sentence = _sentence(match, outcome, seed)
        least, needed = math.nan, None
        if (
            seed
            and text
            and not match.overlap
            and (n := min(len(match.a.seeds), len(match.b.seeds))) >= MIN_SEEDS
        ):
            least, needed = smallest_shown(seed, text), seeds_needed(seed, n, SMALL)
            notes.append(_power_words(least, needed, smallest_shown(text)))
        names = (match.a.label, match.b.label)
        verdicts.append(
            Verdict(*names, outcome, sentence, tuple(notes), seed, text, p, match.bound, least, needed)
        )
    return tuple(verdicts)


def _power_words(least: float, needed: int | None, of_text: float) -> str:
    """What these seeds and this text could have shown, and what it takes to show a difference of SMALL."""
    enough = f"{needed} seeds of each" if needed else "more than 1,000 seeds of each"
    if of_text > SMALL:
        enough += f", and a longer text: this one shows {of_text:.2g} and more, whatever the seeds"
    return (
        f"a difference of {least:.2g} would have been shown in 8 of 10 cases; one of {SMALL} takes {enough}"
    )


def against(
    contenders: Sequence[Contender], key: str, label: str, level: float = LEVEL
) -> tuple[Verdict, ...]:
    """A verdict for each contender beside a baseline, which no seed changes: a family of tests of its own.

    Contenders without the baseline's bits per block, under `key`, are left out.
    """
    models, baselines = [], []
    for model in contenders:
        if model.blocks is not None and key in model.blocks.baselines:
            n, bits = len(model.seeds), model.blocks.baselines[key]
            total, none = np.full(n, bits.sum() / model.blocks.sizes.sum()), np.full(n, np.nan)
            blocks = Blocks(model.blocks.sizes, bits[None], np.zeros((1, len(bits))))
            models.append(model)
            baselines.append(Contender(label, model.seeds, total, total, none, none, blocks=blocks))
    pairs = [(i, len(models) + i) for i in range(len(models))]
    return compare([*models, *baselines], pairs, level)


def _list(labels: Sequence[str], most: int = 6) -> str:
    if len(labels) > most:
        return f"{', '.join(labels[: most - 1])} and {len(labels) - most + 1} others"
    return labels[0] if len(labels) == 1 else f"{', '.join(labels[:-1])} and {labels[-1]}"


def conclude(contenders: Sequence[Contender], verdicts: Sequence[Verdict]) -> Conclusion:
    """The headline: the one that beats every rival, or those that nobody beats, or why nobody is ranked."""
    verdicts = tuple(verdicts)
    order = sorted(contenders, key=lambda c: c.mean)
    if len(order) < 2:
        only = f"{order[0].label} alone, at {order[0].mean:.3f} {BITS}" if order else "no finished run"
        return Conclusion(f"Nothing to compare: {only}.", verdicts)
    beaten = {v.b for v in verdicts if v.winner}
    unbeaten = tuple(c.label for c in order if c.label not in beaten)
    if not beaten or not unbeaten:
        return Conclusion(_unranked(order, verdicts), verdicts, None, unbeaten)
    first = unbeaten[0]
    wins = [v for v in verdicts if v.winner == first and v.seeds is not None]
    rivals = [v for v in verdicts if first in (v.a, v.b)]
    if len(unbeaten) == 1 and len(wins) == len(rivals):
        return Conclusion(_victory(wins), verdicts, first, unbeaten)
    worse = _list([c.label for c in order if c.label in beaten])
    why = _reason([v for v in verdicts if v.a in unbeaten and v.b in unbeaten])
    headline = f"Nobody beats {_list(unbeaten)}{': ' * bool(why)}{why}. Beaten: {worse}."
    return Conclusion(headline, verdicts, None, unbeaten)


def _victory(wins: Sequence[Verdict]) -> str:
    """The leader's closest win, and over whom else it wins."""
    closest = min(wins, key=lambda v: v.seeds.value if v.seeds else 0.0)
    others = [v.b for v in wins if v is not closest]
    return f"{closest.sentence}{f'; and better than {_list(others)} by more' if others else ''}."


def _unranked(order: Sequence[Contender], verdicts: Sequence[Verdict]) -> str:
    lowest = f"The lowest figure is that of {order[0].label}, {order[0].mean:.3f} {BITS}."
    fewest = min(len(c.seeds) for c in order)
    if fewest < MIN_SEEDS:
        return f"{COUNT[fewest].capitalize()} seed{'s' * (fewest > 1)}: no ranking. {lowest}"
    return f"No ranking: {_reason(verdicts)}. {lowest}"


def _reason(verdicts: Sequence[Verdict]) -> str:
    """The sentences of a few verdicts, or their count by kind."""
    if len(verdicts) <= 2:
        return "; ".join(v.sentence for v in verdicts)
    words = {
        Outcome.TIED: "cannot be told apart by these runs",
        Outcome.DEPENDS: "depend on the residual coder",
        Outcome.UNRANKED: f"lack seeds, or {MIN_BLOCKS} blocks of text",
    }
    counts = [(w, sum(v.outcome is o for v in verdicts)) for o, w in words.items()]
    return ", ".join(f"{n} of {len(verdicts)} pairs {w}" for w, n in counts if n)
