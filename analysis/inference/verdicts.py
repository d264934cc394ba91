"""Who models this text better: a verdict on every pair of settings, and the conclusion from all of them."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from analysis.inference.pairs import (
    Match,
    Outcome,
    SettingScores,
    Verdict,
    match,
    outcome_of,
    seed_test,
    text_test,
)
from analysis.inference.uncertainty import (
    LEVEL,
    MIN_BLOCKS,
    MIN_SEEDS,
    Difference,
    bonferroni,
    holm,
    seeds_needed,
    smallest_shown,
)
from analysis.inference.wording import BITS, SMALL, cautions, counted, evidence, power_words, sentence
from analysis.records.collect import Blocks


@dataclass(frozen=True)
class Conclusion:
    """All verdicts of one comparison, and what they come to."""

    headline: str
    verdicts: tuple[Verdict, ...]
    leader: str | None = None  # beats every other


def compare(
    settings: Sequence[SettingScores], pairs: Sequence[tuple[int, int]] | None = None
) -> tuple[Verdict, ...]:
    """A verdict for each of `pairs` (indices; by default all).

    Over seeds the whole family holds at LEVEL together, over the text each by itself.
    """
    chosen = list(combinations(range(len(settings)), 2)) if pairs is None else list(pairs)
    each = bonferroni(LEVEL, len(chosen))
    matches = [match(settings[i], settings[j]) for i, j in chosen]
    seeds = [seed_test(pair, each) for pair in matches]
    open_p = [1.0 if s is None or pair.overlap else s.p for pair, s in zip(matches, seeds, strict=True)]
    return tuple(_verdict(pair, s, p) for pair, s, p in zip(matches, seeds, holm(open_p), strict=True))


def _verdict(pair: Match, seeds: Difference | None, p: float) -> Verdict:
    text = text_test(pair)
    outcome = outcome_of(pair, seeds, text, p)
    notes = evidence(pair, outcome, seeds, text, p) + cautions(pair)
    least, needed = math.nan, None
    if seeds and text and not pair.overlap and pair.fewest_seeds >= MIN_SEEDS:
        least, needed = smallest_shown(seeds, text), seeds_needed(seeds, pair.fewest_seeds, SMALL)
        notes.append(power_words(least, needed, smallest_shown(text)))
    words = sentence(pair, outcome, seeds)
    a, b = pair.a.label, pair.b.label
    return Verdict(a, b, outcome, words, tuple(notes), seeds, text, p, pair.bound, least, needed)


def against(settings: Sequence[SettingScores], key: str, label: str) -> tuple[Verdict, ...]:
    """A verdict for each setting beside a baseline, which no seed changes: a family of tests of its own.

    Settings without the baseline's bits per block, under `key`, are left out.
    """
    models, baselines = [], []
    for model in settings:
        if model.blocks is not None and key in model.blocks.baselines:
            n, bits = len(model.seeds), model.blocks.baselines[key]
            total, none = np.full(n, bits.sum() / model.blocks.sizes.sum()), np.full(n, np.nan)
            blocks = Blocks(model.blocks.sizes, bits[None], np.zeros((1, len(bits))))
            models.append(model)
            baselines.append(SettingScores(label, model.seeds, total, total, none, none, blocks=blocks))
    pairs = [(i, len(models) + i) for i in range(len(models))]
    return compare([*models, *baselines], pairs)


def _list(labels: Sequence[str], most: int = 6) -> str:
    if len(labels) > most:
        return f"{', '.join(labels[: most - 1])} and {len(labels) - most + 1} others"
    return labels[0] if len(labels) == 1 else f"{', '.join(labels[:-1])} and {labels[-1]}"


def conclude(settings: Sequence[SettingScores], verdicts: Sequence[Verdict]) -> Conclusion:
    """The headline: the one that beats every rival, or those that nobody beats, or why nobody is ranked."""
    verdicts = tuple(verdicts)
    order = sorted(settings, key=lambda c: c.mean)
    if len(order) < 2:
        only = f"{order[0].label} alone, at {order[0].mean:.3f} {BITS}" if order else "no finished run"
        return Conclusion(f"Nothing to compare: {only}.", verdicts)
    beaten = {v.b for v in verdicts if v.winner}
    unbeaten = tuple(c.label for c in order if c.label not in beaten)
    if not beaten or not unbeaten:
        return Conclusion(_unranked(order, verdicts), verdicts)
    first = unbeaten[0]
    wins = [v for v in verdicts if v.winner == first and v.seeds is not None]
    rivals = [v for v in verdicts if first in (v.a, v.b)]
    if len(unbeaten) == 1 and len(wins) == len(rivals):
        return Conclusion(_victory(wins), verdicts, first)
    worse = _list([c.label for c in order if c.label in beaten])
    why = _reason([v for v in verdicts if v.a in unbeaten and v.b in unbeaten])
    headline = f"Nobody beats {_list(unbeaten)}{f': {why}' if why else ''}. Beaten: {worse}."
    return Conclusion(headline, verdicts)


def _victory(wins: Sequence[Verdict]) -> str:
    """The leader's closest win, and over whom else it wins."""
    closest = min(wins, key=lambda v: v.seeds.value if v.seeds else 0.0)
    others = [v.b for v in wins if v is not closest]
    return f"{closest.sentence}{f'; and better than {_list(others)} by more' if others else ''}."


def _unranked(order: Sequence[SettingScores], verdicts: Sequence[Verdict]) -> str:
    lowest = f"The lowest figure is that of {order[0].label}, {order[0].mean:.3f} {BITS}."
    fewest = min(len(c.seeds) for c in order)
    if fewest < MIN_SEEDS:
        return f"{counted(fewest, 'seed').capitalize()}: no ranking. {lowest}"
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
