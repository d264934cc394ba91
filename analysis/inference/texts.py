"""A verdict for each text that was scored beside the validation text, from seeds alone: most are short."""

import numpy as np

from analysis.inference.comparisons import Comparison
from analysis.inference.pairs import SettingScores
from analysis.inference.verdicts import Conclusion, compare
from analysis.records.settings import Setting


def text_contests(comparison: Comparison) -> dict[str, Conclusion]:
    """By the text's name, of the contenders that two runs or more have scored on it.

    Whether another text of its kind would agree, no number of seeds can say.
    """
    found: dict[str, list[SettingScores]] = {}
    for setting in comparison.contenders:
        names = dict.fromkeys(
            text["name"] for result in setting.results for text in result.get("texts") or ()
        )
        for name in names:
            found.setdefault(str(name), []).append(_scores(setting, name))
    return {name: Conclusion(tuple(s), compare(s, by_seeds=True)) for name, s in found.items() if len(s) > 1}


def _scores(setting: Setting, name: str) -> SettingScores:
    scored = [
        (seed, text["bits_per_byte"], text["bits_per_byte_tokens"])
        for seed, result in zip(setting.seeds, setting.results, strict=True)
        for text in result.get("texts") or () if text["name"] == name
    ]  # fmt: skip
    seeds, totals, floors = zip(*scored, strict=True)
    return SettingScores(
        setting.label, seeds, np.array(totals), np.array(floors), setting.losses, setting.tokenizer_key
    )
