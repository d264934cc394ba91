"""What was tried of each tokenizer (learning rates, sizes, ...), the best of it, and which pairs are weighed."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations, pairwise
from typing import Any

import numpy as np

from analysis.records.identity import setting_of
from analysis.records.settings import Setting

ALL_PAIRS = 10  # up to so many settings, every pair is compared, however much separates them


@dataclass(frozen=True)
class Family:
    """All settings of one tokenizer."""

    settings: tuple[Setting, ...]

    @cached_property
    def best(self) -> Setting:
        """The one of the fewest bits on the text that judges."""
        return min(self.settings, key=lambda setting: setting.mean("bits_per_byte"))

    @cached_property
    def tried(self) -> dict[str, list[float]]:
        """Every number of the configuration that differs within the family: its key, and a value per setting.

        Of those that rise and fall together (a rate and the least that it falls to) only the first.
        """
        found: dict[tuple[int, ...], tuple[str, list[float]]] = {}
        for key in sorted(set.intersection(*(set(s.identity) for s in self.settings))):
            values = [s.identity[key] for s in self.settings]
            if all(map(_number, values)) and len(set(values)) > 1 and not key.startswith("budget."):
                ranks = tuple(sorted(set(values)).index(value) for value in values)
                found.setdefault(ranks, (key, values))
        return dict(found.values())


def at_equal_cost(families: Sequence[Family], key: str) -> tuple[float, dict[str, tuple[float, bool]]]:
    """Bits per byte at the least `key` that every tokenizer has come down to: nothing is extrapolated.

    Returns that cost, and by the label of each tokenizer's best setting its bits per byte there, and if that is a
    bound: no setting that costs as much was tried, and one might need less. Of a tokenizer's settings counts its
    frontier; between two of them bits lie on a line over the logarithm of the cost. NaN and nothing if there are
    not two tokenizers, or the cost of one is not known.
    """
    tried = [[(s.mean(key), s.mean("bits_per_byte")) for s in family.settings] for family in families]
    if len(tried) < 2 or np.isnan(np.concatenate(tried)).any():
        return float("nan"), {}
    cost, bits = max(min(points)[0] for points in tried), {}
    for family, points in zip(families, tried, strict=True):
        costs, front = zip(*(points[i] for i in pareto(*zip(*points, strict=True))), strict=True)
        there = float(np.interp(np.log(cost), np.log(costs), front))
        bits[family.best.label] = there, max(points)[0] < cost
    return cost, bits


def pareto(cost: Sequence[float], bits: Sequence[float]) -> list[int]:
    """The points that no other beats in both, in the order of rising cost."""
    order = np.lexsort((bits, cost))
    lowest = np.minimum.accumulate(np.asarray(bits)[order])
    return order[np.diff(lowest, prepend=np.inf) < 0].tolist()


def short(key: str) -> str:
    """`lr` of "optimizer.lr", `fertility` of "tokenizer_measures.fertility"."""
    return key.rpartition(".")[2]


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def families(settings: Sequence[Setting]) -> list[Family]:
    """One per tokenizer: settings of its name that agree in all of its configuration but numbers such as its size.

    Imported tokenizers share a name and differ in their file: they are several.
    """
    found: dict[tuple[str, str], list[Setting]] = {}
    for setting in settings:
        own = {key: value for key, value in setting.identity.items() if key.startswith("tokenizer.")}
        kind = {key: value for key, value in own.items() if not _number(value)}
        found.setdefault((setting.tokenizer, setting_of(kind)), []).append(setting)
    return [Family(tuple(members)) for members in found.values()]


def pairs_to_compare(settings: Sequence[Setting]) -> list[tuple[int, int]]:
    """Which pairs are weighed: a choice made before any result is seen, for every pair widens all intervals.

    Up to ALL_PAIRS settings all of them. In larger sweeps, all else equal: every two tokenizers (of the same
    vocabulary size, where both have one to choose), and neighbours in size within one tokenizer.
    """
    if len(settings) <= ALL_PAIRS:
        return list(combinations(range(len(settings)), 2))
    pairs: set[tuple[int, int]] = set()
    for members in _alike(settings, "tokenizer").values():
        for i, j in combinations(members, 2):
            one, other = (settings[k].identity.get("tokenizer.vocab_size") for k in (i, j))
            if settings[i].tokenizer != settings[j].tokenizer and (one == other or None in (one, other)):
                pairs.add((i, j))
    for aspect in sorted({key.split(".")[0] for setting in settings for key in setting.identity}):
        for members in _alike(settings, aspect).values():
            for kind in dict.fromkeys(settings[i].tokenizer for i in members):
                pairs.update(pairwise(i for i in members if settings[i].tokenizer == kind))
    return sorted(pairs)


def _alike(settings: Sequence[Setting], aspect: str) -> dict[str, list[int]]:
    """The settings that agree in everything but one part of the configuration ("tokenizer", "model", ...)."""
    alike: dict[str, list[int]] = {}
    for i, setting in enumerate(settings):
        rest = {key: value for key, value in setting.identity.items() if key.split(".")[0] != aspect}
        alike.setdefault(setting_of(rest), []).append(i)
    return alike
