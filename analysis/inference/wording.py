"""Verdicts in plain words: the sentence of a pair, and the notes that say what stands behind it."""

import math

import numpy as np

from analysis.inference.pairs import Match, Outcome, SettingScores
from analysis.inference.uncertainty import LEVEL, MIN_BLOCKS, MIN_SEEDS, Difference, TextDifference
from analysis.records.display import plus_minus

BITS = "bits per byte"
OVER_SEEDS = "over seeds"
SMALL = 0.02  # bits per byte: a difference for which the number of seeds is told
NUMBER_WORDS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")


def counted(n: int, noun: str) -> str:
    """`three seeds`, `one seed`, `12 blocks`."""
    return f"{NUMBER_WORDS[n] if n < len(NUMBER_WORDS) else n} {noun}{'s' if n > 1 else ''}"


def seeds_phrase(a: SettingScores, b: SettingScores) -> str:
    """`5 seeds`, or `3 and 5 seeds`."""
    n, m = len(a.seeds), len(b.seeds)
    return f"{n} and {m} seeds" if n != m else f"{n} seed{'s' if n > 1 else ''}"


def sentence(pair: Match, outcome: Outcome, seeds: Difference | None) -> str:
    """The verdict in one sentence."""
    a, b = pair.a, pair.b
    if outcome is Outcome.BETTER and seeds is not None:
        least = "at least " if pair.bound else ""
        lead = plus_minus(seeds.value, seeds.half)
        return f"{a.label} is better than {b.label} by {least}{lead} {BITS} ({seeds_phrase(a, b)})"
    if outcome is Outcome.TIED:
        return f"{a.label} and {b.label} cannot be told apart by these runs"
    if outcome is Outcome.DEPENDS:
        return f"{a.label} or {b.label}: depends on the residual coder"
    if pair.fewest_seeds < MIN_SEEDS:
        return f"{counted(pair.fewest_seeds, 'seed')}: no ranking of {a.label} and {b.label}"
    why = "their bits per block of text are missing or differ"
    if a.blocks and b.blocks and len(a.blocks.sizes) == len(b.blocks.sizes) < MIN_BLOCKS:
        blocks = counted(len(a.blocks.sizes), "block")
        why = f"the validation text is {blocks} of about 4 kB, too short to say how sure a difference is: "
        why += f"that takes {MIN_BLOCKS}"
    return f"no ranking of {a.label} and {b.label}: {why}"


def evidence(
    pair: Match, outcome: Outcome, seeds: Difference | None, text: TextDifference | None, p: float
) -> list[str]:
    """What stands behind the sentence, and why it is not a stronger one."""
    notes = []
    if outcome is Outcome.UNRANKED and pair.fewest_seeds < MIN_SEEDS:
        notes.append(
            f"a rank needs at least {MIN_SEEDS} seeds: to a test over text alone, even one tokenizer "
            "trained under two seeds looks like two different ones"
        )
    if pair.overlap:
        return [*notes, _overlap(pair)]
    if pair.bound:
        notes.append(
            f"measured from the floor of {pair.b.label}: it holds under any residual coder"
            if pair.b_at_floor
            else f"measured from the ceiling of {pair.a.label}: it holds under any residual coder as good as ours"
        )
    shown_by_holm = p <= 1 - LEVEL
    if seeds is not None:
        split = " (Holm's steps exclude zero, the simultaneous interval does not)"
        notes.append(
            f"{OVER_SEEDS} ({seeds.method}): {plus_minus(seeds.value, seeds.half)}, Holm p = {p:.2g}"
            + (split if shown_by_holm and not seeds.excludes_zero else "")
        )
    if text is not None:
        notes.append(
            f"within this passage ({text.n_blocks} blocks): {plus_minus(text.value, text.half)}; "
            f"first half {text.first_half:.3f}, second half {text.second_half:.3f}; "
            f"neighbouring blocks correlate by {text.neighbours:.2f}"
        )
        if outcome is Outcome.TIED and shown_by_holm and seeds is not None and seeds.excludes_zero:
            notes.append("the seeds agree, but the difference does not hold across the passage")
    return notes


def _overlap(pair: Match) -> str:
    low, high = sorted((pair.a, pair.b), key=lambda scores: float(scores.floors.mean()))
    lossy, other = (low, high) if low.lossy else (high, low)
    if other.lossy:
        return f"the floors and ceilings of {lossy.label} and {other.label} overlap"
    return (
        f"{other.label} at {other.mean:.3f} lies between the floor {lossy.floors.mean():.3f} "
        f"and the ceiling {lossy.mean:.3f} of {lossy.label}"
    )


def cautions(pair: Match) -> list[str]:
    """The gap between training and validation, and whether the best evaluations rank the other way."""
    a, b, notes = pair.a, pair.b, []
    gaps = [f"{scores.label} {scores.gap.mean():+.3f}" for scores in (a, b) if np.isfinite(scores.gap).all()]
    if gaps:
        notes.append(f"gap between training and validation since the first evaluation: {', '.join(gaps)}")
    b_final = b.floors if pair.b_at_floor else b.totals
    lead = float((b_final - b.final_minus_best).mean() - (a.totals - a.final_minus_best).mean())
    if not pair.overlap and math.isfinite(lead) and lead < 0:
        notes.append(
            f"best and final rank differently: at its best evaluation (chosen on validation) "
            f"{b.label} leads by {-lead:.3f}"
        )
    return notes


def power_words(least: float, needed: int | None, of_text: float) -> str:
    """What these seeds and this text could have shown, and what it takes to show a difference of SMALL."""
    enough = f"{needed} seeds of each" if needed else "more than 1,000 seeds of each"
    if of_text > SMALL:
        enough += f", and a longer text: this one shows {of_text:.2g} and more, whatever the seeds"
    return (
        f"a difference of {least:.2g} would have been shown in 8 of 10 cases; one of {SMALL} takes {enough}"
    )
