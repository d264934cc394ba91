"""Which settings may stand in one table, and what comes of comparing them.

A comparison holds settings on the same text (corpus, sha256, split) under the same budget, of the same numerics
(`results_version`); nothing is ever compared across two of them but side by side. A study that tries several
optimizers stands by itself among other studies.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from analysis.inference.choices import Family, families, pairs_to_compare
from analysis.inference.pairs import SettingScores, Verdict
from analysis.inference.uncertainty import intervals
from analysis.inference.verdicts import Conclusion, against, compare
from analysis.records.collect import COLUMNS, Collection, Problem, read_blocks
from analysis.records.identity import budget_of, budget_words, data_order, setting_of
from analysis.records.names import named
from analysis.records.serving import DEFAULT, Deployment
from analysis.records.settings import Estimate, Setting

NUMBERS = (int, float, np.number, np.bool_)
KIND_ORDER = ("char", "word", "word-lossless", "bpe", "bpe-bytefallback", "bpe-bytelevel", "superbpe", "byte")


@dataclass(frozen=True)
class Baseline:
    """A compressor or simple model, given the training text: `bits_per_byte` of the validation text."""

    key: str
    label: str
    bits_per_byte: float
    history: str


class Text(NamedTuple):
    """The text that judges: comparisons that share it differ in their budget alone."""

    corpus: str
    corpus_sha256: str
    val_fraction: float
    dev_fraction: float
    val_bytes: int

    @property
    def judged(self) -> str:
        return "development text" if self.dev_fraction else "validation text"


@dataclass(frozen=True)
class Comparison:
    """Settings that may stand in one table, and what comes of comparing them.

    budget: in words, `1,000 updates`   numerics: `results_version 3`, if there are several
    study: the study that it is of, if it stands by itself
    conclusion: of all settings, from the pairs that were to be weighed
    deployment: what costs of serving are of
    """

    text: Text
    budget: str
    settings: tuple[Setting, ...]
    conclusion: Conclusion
    numerics: str = ""
    study: str = ""
    deployment: Deployment = DEFAULT

    @cached_property
    def title(self) -> str:
        study = f"study {self.study}" if self.study else ""
        return ", ".join(filter(None, (self.text.corpus, self.budget, self.numerics, study)))

    @cached_property
    def estimates(self) -> pd.DataFrame:
        """A tidy row per setting and measure."""
        rows = [
            (self.title, self.budget, s.label, s.tokenizer, s.model, key, *found)
            for s in self.settings for key, found in s.estimates.items()
        ]  # fmt: skip
        names = ["comparison", "budget", "setting", "tokenizer", "model", "measure", *Estimate._fields]
        return pd.DataFrame(rows, columns=names)

    @cached_property
    def tokenizers(self) -> list[str]:
        return [setting.tokenizer for setting in self.settings]

    @cached_property
    def families(self) -> list[Family]:
        return families(self.settings)

    @cached_property
    def contenders(self) -> tuple[Setting, ...]:
        """Whom a verdict is about: each tokenizer at its best; if there is but one, all its settings."""
        best = tuple(family.best for family in self.families)
        return best if len(best) > 1 else self.settings

    def called(self, contender: Setting) -> str:
        """Its name among the contenders: its tokenizer's, where its label begins with that and no other has it."""
        name, label = contender.tokenizer, contender.label
        alone = [setting.tokenizer for setting in self.contenders].count(name) == 1
        return name if alone and label.startswith(name) else label

    @cached_property
    def contest(self) -> Conclusion:
        """Of the contenders. Any two settings might have become contenders: all pairs are weighed together."""
        names = {setting.label: self.called(setting) for setting in self.contenders}
        old = self.conclusion.settings
        scores = [replace(s, label=names.get(s.label, s.label)) for s in old]
        chosen = tuple(s for s, before in zip(scores, old, strict=True) if before.label in names)
        labels = {s.label for s in chosen}
        return Conclusion(chosen, tuple(v for v in compare(scores) if {v.a, v.b} <= labels))

    @cached_property
    def baselines(self) -> tuple[Baseline, ...]:
        """The baselines that the runs measured, hardest to beat first."""
        found: dict[str, Baseline] = {}
        for setting in self.settings:
            for key, entry in (setting.first("baselines") or {}).items():
                found.setdefault(key, _baseline(key, entry))
        return tuple(sorted(found.values(), key=lambda b: (b.bits_per_byte, b.key)))

    @cached_property
    def main_baselines(self) -> tuple[Baseline, ...]:
        """The hardest of each kind: of the orders of one model (key_1, key_2, ...) only the best."""
        kinds: dict[str, Baseline] = {}
        for baseline in self.baselines:
            kinds.setdefault(baseline.key.rstrip("0123456789"), baseline)
        return tuple(kinds.values())

    @cached_property
    def counting(self) -> Baseline | None:
        """The best Kneser-Ney model: a baseline whose bits the runs know block by block."""
        return next((b for b in self.baselines if "kneser_ney" in b.key), None)

    @cached_property
    def against_counting(self) -> tuple[Verdict, ...]:
        """Every setting beside `counting`, with intervals as of any pair; none from runs that lack its blocks."""
        counting, scores = self.counting, self.conclusion.settings
        return against(scores, counting.key, counting.label) if counting else ()


def _baseline(key: str, entry: Mapping[str, Any]) -> Baseline:
    """From {"bits_per_byte", "label", "history"} and perhaps "excerpts", in words, where the texts are long."""
    label, history = str(entry["label"]), str(entry["history"])
    seen = history.removeprefix("the ").removesuffix(" of training text")
    notes = [] if not seen or "all of" in seen else [seen]
    if entry.get("excerpts"):
        notes.append("excerpts")
        history = f"of {entry['excerpts']}: {history}"
    label = f"{label} ({', '.join(notes)})" if notes else label
    return Baseline(key, label, float(entry["bits_per_byte"]), history)


def group_runs(collection: Collection) -> tuple[list[Comparison], list[Problem]]:
    """Finished runs as comparisons, in the order of corpus and budget. A run that is there twice counts once."""
    done = collection.done.assign(numerics=_numerics(collection), apart=_apart(collection))
    again = done.duplicated(["key", "seed", "apart"])
    problems = [
        Problem(Path(path), f"{run} repeats another folder's run and was counted once")
        for path, run in zip(done["folder"][again], done["run"][again], strict=True)
    ]
    comparisons = []
    groups = done[~again].groupby([*Text._fields, "numerics", "apart"], sort=True, dropna=False)
    for (*_, numerics, study), runs in groups:
        by_budget: dict[str, list[Setting]] = {}
        for setting in sorted(named(_settings(runs, collection)), key=_order):
            by_budget.setdefault(budget_words(setting.identity), []).append(setting)
        for budget, settings in sorted(by_budget.items(), key=lambda item: budget_of(item[1][0].identity)):
            found = [_scores(setting) for setting in settings]
            scores = tuple(own for own, _ in found)
            problems += [problem for _, unread in found for problem in unread]
            text = Text(*(settings[0].rows[0][key] for key in Text._fields))
            conclusion = Conclusion(scores, compare(scores, pairs_to_compare(settings)))
            apart = str(numerics), str(study), collection.deployment
            comparisons.append(Comparison(text, budget, tuple(settings), conclusion, *apart))
    return comparisons, problems


def _numerics(collection: Collection) -> pd.Series:
    """By finished run its `results_version`, if there are several, else "": with another one its figures differ."""
    records = collection.records.items()
    names = {path: f"results_version {record.identity['results_version']}" for path, record in records}
    versions = collection.done["folder"].map(names)
    return versions if versions.nunique() > 1 else pd.Series("", versions.index)


def _apart(collection: Collection) -> pd.Series:
    """By finished run the name of its study, if that tries several optimizers and is not the only one, else "".

    Among the tokenizers of other studies its runs would look like further rivals.
    """
    done = collection.done
    optimizers = {
        path: setting_of({k: v for k, v in record.identity.items() if k.startswith("optimizer.")})
        for path, record in collection.records.items()
    }
    number = done["folder"].map(optimizers).groupby(done["study"]).nunique()
    several = set(number[number > 1].index) if len(number) > 1 else set()
    return done["study"].where(done["study"].isin(several), "")


def _settings(runs: pd.DataFrame, collection: Collection) -> list[Setting]:
    """The settings of runs on one text, still without labels."""
    found, figures = [], _estimates(runs)
    for key, members in runs.sort_values("seed").groupby("key", sort=False):
        records = [collection.records[path] for path in members["folder"]]
        folders, results = tuple(r.folder for r in records), tuple(r.result for r in records)
        imported = records[0].run["config"]["tokenizer"].get("path") or ""
        rows: list[dict[Any, Any]] = members.to_dict("records")
        facts = records[0].identity, imported, figures[str(key)]
        found.append(Setting(str(key), "", folders, tuple(rows), results, *facts))
    return found


def _estimates(runs: pd.DataFrame) -> dict[str, dict[str, Estimate]]:
    """By key of a setting and measure. `runs` has a row per run that counts, and a column per measure."""
    values = runs.drop(columns=COLUMNS, errors="ignore")
    numbers = values.map(lambda x: float(x) if isinstance(x, NUMBERS) and np.isfinite(x) else np.nan)
    wide = intervals(numbers.groupby(runs["key"], sort=False))
    found: dict[str, dict[str, Estimate]] = {}
    for key, measure, *figures in wide.stack(1, future_stack=True).reset_index().itertuples(index=False):
        if figures[-1]:
            found.setdefault(key, {})[measure] = Estimate(*figures)
    return found


def _order(setting: Setting) -> tuple[Any, ...]:
    """Kinds of tokenizers in the usual order, then smaller ones first."""
    kind = setting.tokenizer
    place = KIND_ORDER.index(kind) if kind in KIND_ORDER else len(KIND_ORDER)
    size = [np.nan_to_num(setting.values(key)[0]) for key in ("vocab_size", "n_params")]
    return (place, kind, *size, setting.model, setting.label)


def _scores(setting: Setting) -> tuple[SettingScores, list[Problem]]:
    blocks, problems = read_blocks(setting.folders)
    bits = setting.values("bits_per_byte"), setting.values("bits_per_byte_tokens")
    tokenizer, order = setting.tokenizer_key, data_order(setting.identity, setting.first("iters"))
    scores = SettingScores(setting.label, setting.seeds, *bits, setting.losses, tokenizer, order, blocks)
    return scores, problems
