"""Who models this text better: a verdict on every pair of settings, and the order that all of them support."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations

import numpy as np

from analysis.inference.pairs import Outcome, SettingScores, Verdict, match, outcome_of, seed_test, text_test
from analysis.inference.uncertainty import LEVEL, bonferroni, holm
from analysis.records.collect import Blocks


@dataclass(frozen=True)
class Conclusion:
    """All verdicts of some settings, and what they come to."""

    settings: tuple[SettingScores, ...]
    verdicts: tuple[Verdict, ...]

    @cached_property
    def groups(self) -> tuple[tuple[SettingScores, ...], ...]:
        """The settings in order, best first, cut wherever *every* setting before beats *every* one behind.

        So two settings stand in different groups only if a verdict ranks them, and no cut that verdicts support is
        missing. Within a group nobody is shown ahead of anybody: a may beat c there, but then something between
        them, such as a b that neither beats nor is beaten, keeps the cut from being made.
        """
        order = sorted(self.settings, key=lambda scores: scores.mean)
        ranked = {(verdict.a, verdict.b) for verdict in self.verdicts if verdict.winner}
        labels = [scores.label for scores in order]
        cuts = [0]
        for k in range(1, len(order)):
            if all((a, b) in ranked for a in labels[:k] for b in labels[k:]):
                cuts.append(k)
        parts = [set(labels[i:j]) for i, j in zip(cuts, [*cuts[1:], len(labels)], strict=True)]
        return tuple(tuple(s for s in self.settings if s.label in part) for part in parts if part)

    @property
    def leader(self) -> str | None:
        """Who beats every other."""
        return self.groups[0][0].label if len(self.groups) > 1 and len(self.groups[0]) == 1 else None

    @property
    def nearest(self) -> Verdict | None:
        """The leader and its closest rival; where nobody leads, the lowest and the rival who is least told apart.

        None where it takes more seeds, more text or another residual coder to say anything.
        """
        lowest = self.leader or min(self.settings, key=lambda scores: scores.mean).label
        asked = Outcome.BETTER if self.leader else Outcome.TIED
        found = [v for v in self.verdicts if lowest in (v.a, v.b) and v.outcome is asked and v.seeds]
        return min(found, key=lambda v: v.seeds.value if v.seeds else 0.0, default=None)

    def within(self, group: Sequence[SettingScores]) -> list[Verdict]:
        """The verdicts on pairs of a group."""
        labels = {scores.label for scores in group}
        return [verdict for verdict in self.verdicts if {verdict.a, verdict.b} <= labels]


def compare(
    settings: Sequence[SettingScores], pairs: Sequence[tuple[int, int]] | None = None, by_seeds: bool = False
) -> tuple[Verdict, ...]:
    """A verdict for each of `pairs` (indices; by default all).

    Over seeds the whole family holds at LEVEL together, over the text each by itself. `by_seeds`: without the text.
    """
    chosen = list(combinations(range(len(settings)), 2)) if pairs is None else list(pairs)
    each = bonferroni(LEVEL, len(chosen))
    matches = [match(settings[i], settings[j]) for i, j in chosen]
    seeds = [seed_test(pair, each) for pair in matches]
    open_p = [1.0 if s is None or pair.overlap else s.p for pair, s in zip(matches, seeds, strict=True)]
    found = []
    for pair, difference, p in zip(matches, seeds, holm(open_p), strict=True):
        text = text_test(pair)
        found.append(Verdict(pair, outcome_of(pair, difference, text, p, by_seeds), difference, text, p))
    return tuple(found)


def against(settings: Sequence[SettingScores], key: str, label: str) -> tuple[Verdict, ...]:
    """A verdict for each setting beside a baseline, which no seed changes: a family of tests of its own.

    Settings without the baseline's bits per block, under `key`, are left out.
    """
    models, baselines = [], []
    for model in settings:
        if model.blocks is not None and key in model.blocks.baselines:
            n, bits = len(model.seeds), model.blocks.baselines[key]
            total = np.full(n, bits.sum() / model.blocks.sizes.sum())
            blocks = Blocks(model.blocks.sizes, bits[None], np.zeros((1, len(bits))))
            models.append(model)
            baselines.append(SettingScores(label, model.seeds, total, total, blocks=blocks))
    pairs = [(i, len(models) + i) for i in range(len(models))]
    return compare([*models, *baselines], pairs)
