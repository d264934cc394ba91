"""What settings are called: the tokenizer's name, and where that is not enough, whatever else tells them apart."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import PurePath

from analysis.records.identity import budget_words, setting_of, value_words, without
from analysis.records.settings import Setting

EQUAL_KEYS = ("budget.kind", "budget.chars", "budget.flops", "budget.seconds")  # what a budget holds equal


def named(settings: Sequence[Setting]) -> list[Setting]:
    """The same settings with labels. One label is one setting, whatever the budget: budgets stand side by side.

    So keys of the budget are no part of a label, nor is how often a run was evaluated, unless two settings under
    one budget differ in nothing else.
    """
    budgets = [budget_words(setting.identity) for setting in settings]
    for left_out in (("budget.", "train.eval_interval"), ("budget.",), EQUAL_KEYS):
        keys = [setting_of(without(setting.identity, *left_out)) for setting in settings]
        if len(set(zip(keys, budgets, strict=True))) == len(settings):
            break
    different = dict(zip(reversed(keys), reversed(settings), strict=True))  # the first of each
    different = {key: different[key] for key in keys}
    labels = dict(zip(different, _labels(list(different.values()), left_out), strict=True))
    return [replace(setting, label=labels[key]) for setting, key in zip(settings, keys, strict=True)]


def _labels(settings: Sequence[Setting], left_out: tuple[str, ...]) -> list[str]:
    """A label for each of `settings`, which differ in more than the keys that are `left_out`."""
    labels = [PurePath(s.imported).stem or s.tokenizer for s in settings]
    labels = _disambiguate(labels, [f"({PurePath(s.imported).parent.name or s.tokenizer})" for s in settings])
    labels = _disambiguate(labels, [str(setting.first("vocab_size")) for setting in settings])
    labels = _disambiguate(labels, [setting.model for setting in settings])
    keys = {key for s in settings for key in without(s.identity, *left_out)} - {"tokenizer.vocab_size"}
    for key in sorted(keys, key=_kinds_first):
        labels = _disambiguate(labels, [_key_words(setting, key) for setting in settings])
    return _disambiguate(labels, [setting.key[:6] for setting in settings])


def _kinds_first(key: str) -> tuple[int, str]:
    """An order of keys: kinds and schedules, on which other keys depend, before all others; tests last."""
    section, _, name = key.rpartition(".")
    return (0 if name in ("kind", "schedule") else 2 if section in ("sample", "eval") else 1, key)


def _key_words(setting: Setting, key: str) -> str:
    """One key of the configuration as part of a label: `sgd`, `n_layer=6`, `texts=mine.txt`; "" if unused."""
    name, value = key.rpartition(".")[2], setting.identity.get(key)
    if name == "kind":
        return str(value)
    if key == "eval.texts":
        return f"texts={'+'.join(str(text['name']) for text in setting.first('texts') or ()) or 'none'}"
    return "" if value is None else f"{name}={value_words(value)}"


def _disambiguate(labels: list[str], more: list[str]) -> list[str]:
    """Adds `more` to the labels of those that still share one and differ in it."""
    result = []
    for label, extra in zip(labels, more, strict=True):
        fellows = {m for other, m in zip(labels, more, strict=True) if other == label}
        result.append(f"{label} {extra}".rstrip() if len(fellows) > 1 else label)
    return result
