"""A verdict for each text that was scored beside the validation text, from seeds alone: most are short."""

from collections.abc import Sequence

import numpy as np

from analysis.inference.comparisons import Comparison
from analysis.inference.pairs import SettingScores
from analysis.inference.verdicts import Conclusion, compare
from analysis.records.settings import Setting


def text_contests(comparison: Comparison) -> dict[str, Conclusion]:
    """By the text's name, of the contenders that two runs or more have scored on it; none of ambiguous names.

    Whether another text of its kind would agree, no number of seeds can say.
    """
    found: dict[str, list[SettingScores]] = {}
    several = ambiguous(comparison.contenders)
    for setting in comparison.contenders:
        names = (text["name"] for result in setting.results for text in result.get("texts") or ())
        for name in dict.fromkeys(names):
            scores = _scores(setting, comparison.called(setting), name)
            if len(scores.seeds) and name not in several:
                found.setdefault(str(name), []).append(scores)
    return {name: Conclusion(tuple(s), compare(s, by_seeds=True)) for name, s in found.items() if len(s) > 1}


def ambiguous(settings: Sequence[Setting]) -> list[str]:
    """The names by which several texts go, as their sha256 has it."""
    texts = [text for setting in settings for result in setting.results for text in result.get("texts") or ()]
    names = [name for name, _ in dict.fromkeys((str(text["name"]), text.get("sha256")) for text in texts)]
    return [name for name in dict.fromkeys(names) if names.count(name) > 1]


def _scores(setting: Setting, label: str, name: str) -> SettingScores:
    """Of the seeds that have scored the text."""
    keys = ("bits_per_byte", "bits_per_byte_tokens")
    totals, floors = (setting.values(f"texts.{name}.{key}") for key in keys)
    scored = np.flatnonzero(np.isfinite(totals))
    seeds = tuple(setting.seeds[i] for i in scored)
    return SettingScores(label, seeds, totals[scored], floors[scored], setting.losses, setting.tokenizer_key)
