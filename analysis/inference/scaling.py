"""How bits per byte fall as training compute grows, each tokenizer at the best size that it can pay for.

A tokenizer's frontier joins those of its runs that no other beats in both FLOPs and bits, in a line over the
logarithm of FLOPs. All that is ranked lies on frontiers; a fitted law says what may come, and ranks nothing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations
from typing import Any

import numpy as np
from scipy.optimize import curve_fit

from analysis.inference.choices import Family, families, pareto
from analysis.inference.comparisons import Comparison
from analysis.inference.uncertainty import LEVEL, MIN_SEEDS, bonferroni, mean_and_half, welch
from analysis.records.collect import Floats
from analysis.records.display import show

MIN_BUDGETS, LEVELS, FINE = 3, 5, 400
BEYOND = 4  # times the compute that was paid, to where a law is drawn


def power_law(flops: Floats, floor: Any, scale: Any, exponent: Any) -> Floats:
    """Bits per byte (Hoffmann et al. 2022, equation 2, over compute alone)."""
    return np.asarray(floor + scale * flops**-exponent)


@dataclass(frozen=True)
class Scaling:
    """points: by tokenizer, of each seed its runs as (FLOPs, bits per byte), (seeds, runs, 2), cheapest first."""

    points: Mapping[str, Floats]

    def reach(self, name: str) -> tuple[float, float]:
        """The least and the most FLOPs of its frontier."""
        costs = self.points[name][:, :, 0]
        return float(costs.min(axis=1).max()), float(costs.max(axis=1).min())

    @cached_property
    def range(self) -> tuple[float, float]:
        """The least and the most FLOPs that all frontiers reach."""
        least, most = zip(*map(self.reach, self.points), strict=True)
        return max(least), min(most)

    @property
    def levels(self) -> Floats:
        """FLOPs, evenly spaced on a logarithm, at which the tokenizers are set beside one another."""
        return np.geomspace(*self.range, LEVELS)

    def bits(self, name: str, flops: Floats) -> Floats:
        """On the frontier of each seed, (seeds, len(flops))."""
        fronts = self._fronts(name)
        return np.array([np.interp(np.log(flops), np.log(front[:, 0]), front[:, 1]) for front in fronts])

    def _fronts(self, name: str) -> list[Floats]:
        """Of each seed the runs that no other beats in both, cheapest first."""
        return [runs[pareto(*runs.T.tolist())] for runs in self.points[name]]

    def leader(self, flops: float) -> str | None:
        """Who needs fewer bits than all others, by the seeds alone; all pairs and levels hold together."""
        level = bonferroni(LEVEL, LEVELS * len(self.points) * (len(self.points) - 1) // 2)
        there = {name: self.bits(name, np.array([flops]))[:, 0] for name in self.points}
        first = min(there, key=lambda name: there[name].mean())
        others = (own for name, own in there.items() if name != first)
        enough = all(len(own) >= MIN_SEEDS for own in there.values())
        return first if enough and all(welch(there[first], own, level).high < 0 for own in others) else None

    def crossings(self) -> list[str]:
        """A sentence for each pair: where the one behind comes to lead, or that it was not seen to."""
        return [self._crossing(a, b) for a, b in combinations(self.points, 2)]

    def _crossing(self, a: str, b: str) -> str:
        flops = np.geomspace(*self.range, FINE)
        n = min(len(self.points[a]), len(self.points[b]))
        ahead = self.bits(a, flops)[:n] < self.bits(b, flops)[:n]  # (seeds, FINE)
        changes = [np.flatnonzero(seed[1:] != seed[:-1]) for seed in ahead]
        if not any(map(len, changes)) and (ahead == ahead[0, 0]).all():
            low, high = (show(x, "si") for x in self.range)
            below = f"{a} below {b}" if ahead[0, 0] else f"{b} below {a}"
            return f"{below} all along: no crossing seen from {low} to {high} FLOPs"
        if {len(found) for found in changes} != {1} or len(set(ahead[:, 0])) > 1:
            return f"{a} and {b}: the seeds do not agree on who is below, or from where on"
        first, then = (a, b) if ahead[0, 0] else (b, a)
        where, half = mean_and_half(np.log(flops[np.concatenate(changes)]))
        between = " to ".join(show(float(np.exp(x)), "si") for x in (where - half, where + half))
        at = show(float(np.exp(where)), "si")
        return f"{then} comes below {first} at {at} FLOPs" + (f" ({between})" if half == half else "")

    def law(self, name: str) -> Floats | None:
        """Floor, scale and exponent of the `power_law` of each seed, (seeds, 3).

        None where the frontier does not bend: a straight line on two logarithms says nothing of a floor.
        """
        fronts = self._fronts(name)
        if min(map(len, fronts)) < 4 or len(fronts) < MIN_SEEDS:
            return None
        # The second-order term of log bits over log FLOPs.
        bends = [np.polyfit(np.log(front[:, 0]), np.log(front[:, 1]), 2)[0] for front in fronts]
        bend, half = mean_and_half(np.array(bends))
        try:
            return np.array([_fit(front) for front in fronts]) if bend > half else None
        except RuntimeError:  # curve_fit's, where it finds no optimum
            return None


def _fit(front: Floats) -> Floats:
    """Floor, scale and exponent; FLOPs in units of the first point's, so that the three are alike in size."""
    flops, bits = front.T
    unit = flops[0]
    start = (0.9 * bits[-1], bits[0] - 0.9 * bits[-1], 0.3)
    (floor, scale, exponent), _ = curve_fit(power_law, flops / unit, bits, start, bounds=(0, np.inf))
    return np.array([floor, scale * unit**exponent, exponent])


def scaling(comparisons: Sequence[Comparison]) -> Scaling | None:
    """Of comparisons that differ in their budgets alone; None of fewer than MIN_BUDGETS or two tokenizers, or if
    no compute is within reach of all of these.
    """
    settings = [setting for comparison in comparisons for setting in comparison.settings]
    found = families(settings)
    names = [family.best.tokenizer for family in found]
    points = {
        name if names.count(name) == 1 else family.best.label: _points(family)
        for name, family in zip(names, found, strict=True)
    }
    points = {name: own for name, own in points.items() if own.size and not np.isnan(own).any()}
    if len(comparisons) < MIN_BUDGETS or len(points) < 2:
        return None
    least, most = Scaling(points).range
    return Scaling(points) if least < most else None


def _points(family: Family) -> Floats:
    """Of the seeds that all its settings have; none if there is none, or of fewer than MIN_BUDGETS settings."""
    seeds = sorted(set.intersection(*(set(s.seeds) for s in family.settings)))
    if len(family.settings) < MIN_BUDGETS or not seeds:
        return np.empty((0, 0, 2))
    runs = []
    for setting in sorted(family.settings, key=lambda s: s.mean("train_flops")):
        of_seeds = [setting.seeds.index(seed) for seed in seeds]
        runs.append([setting.values(key)[of_seeds] for key in ("train_flops", "bits_per_byte")])
    return np.array(runs).transpose(2, 0, 1)
