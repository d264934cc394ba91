"""Which runs may be averaged, which may stand in one table, and what each is called there.

A *group* is one setting under several seeds. A *comparison* is a set of groups on the same text (corpus,
sha256, split) under the same budget; nothing is ever compared across two of them but side by side. A study that
tries several optimizers stands by itself among other studies.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import combinations, pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from analysis.inference.verdicts import NEGLIGIBLE, Conclusion, Contender, Verdict, against, compare, conclude
from analysis.records.collect import Collection, Problem, read_blocks
from analysis.records.settings import setting_of

CORPUS_KEYS = ["corpus", "corpus_sha256", "val_fraction", "dev_fraction", "val_bytes"]
EQUAL_KEYS = ("budget.kind", "budget.chars", "budget.flops", "budget.seconds")  # what a budget holds equal
ALL_PAIRS = 10  # up to so many groups, every pair is compared, however many settings separate them


@dataclass(frozen=True)
class Group:
    """One setting: `runs` are its finished runs, one per seed, in the order of the seeds."""

    key: str
    label: str
    runs: pd.DataFrame
    identity: Mapping[str, Any]
    results: tuple[Mapping[str, Any], ...]

    @cached_property
    def tokenizer(self) -> str:
        return str(self.runs["tokenizer"].iloc[0])

    @cached_property
    def model(self) -> str:
        return str(self.runs["model"].iloc[0])

    @cached_property
    def seeds(self) -> tuple[int, ...]:
        return tuple(int(seed) for seed in self.runs["seed"])

    @property
    def losses(self) -> str:
        return str(self.first("losses") or "")

    @cached_property
    def lossy(self) -> bool:
        """Whether this text loses something that is charged with more than a rounding error."""
        rest = self.values("bits_per_byte_residual")
        return bool(self.losses) and not np.all(rest < NEGLIGIBLE)

    def first(self, key: str) -> Any:
        """The value of the first seed, for what no seed changes; None if it is not there."""
        return self.results[0].get(key)

    @cached_property
    def rows(self) -> list[dict[str, Any]]:
        """The runs as plain dictionaries: a frame takes 50 times as long to be asked for one value."""
        return [
            dict(zip(self.runs.columns, row, strict=True))
            for row in self.runs.itertuples(index=False, name=None)
        ]

    @property
    def gained(self) -> np.ndarray:
        """By how much each run's best evaluation lies below its last one, on the same windows."""
        lost = self.values("lost_since_best_bits_per_byte")
        return np.where(self.values("best_step") == self.values("iters"), 0.0, lost)

    def values(self, key: str) -> np.ndarray:
        """A number per seed (n,), NaN where a run has none."""
        found = [row.get(key) for row in self.rows]
        return np.array(
            [x if isinstance(x, int | float | np.number | np.bool_) else np.nan for x in found], np.float64
        )


@dataclass(frozen=True)
class Ruler:
    """A baseline: a compressor or simple model, given the training text, in bits per byte of the other part."""

    key: str
    label: str
    bits_per_byte: float
    history: str = ""


@dataclass(frozen=True)
class Comparison:
    """Groups that may stand in one table, and what comes of comparing them."""

    corpus: str
    sha256: str
    val_fraction: float
    dev_fraction: float
    val_bytes: int
    budget: str  # in words: "1,000 updates"
    groups: tuple[Group, ...]
    contenders: tuple[Contender, ...]
    conclusion: Conclusion
    study: str = ""  # if it stands by itself, the study that it is of

    @cached_property
    def title(self) -> str:
        return f"{self.corpus}, {self.budget}{f', study {self.study}' if self.study else ''}"

    @cached_property
    def rulers(self) -> tuple[Ruler, ...]:
        """The rulers that the runs measured, hardest to beat first."""
        found: dict[str, Ruler] = {}
        for group in self.groups:
            for key, ruler in (group.first("rulers") or {}).items():
                found.setdefault(key, _ruler(key, ruler))
        return tuple(sorted(found.values(), key=lambda r: (r.bits_per_byte, r.key)))

    @cached_property
    def main_rulers(self) -> tuple[Ruler, ...]:
        """The hardest of each kind: of the orders of one model (key_1, key_2, ...) only the best."""
        kinds: dict[str, Ruler] = {}
        for ruler in self.rulers:
            kinds.setdefault(ruler.key.rstrip("0123456789"), ruler)
        return tuple(kinds.values())

    @cached_property
    def counting(self) -> Ruler | None:
        """The best Kneser-Ney model: a baseline whose bits the runs know block by block."""
        return next((ruler for ruler in self.rulers if "kneser_ney" in ruler.key), None)

    @cached_property
    def against_counting(self) -> tuple[Verdict, ...]:
        """Every setting beside `counting`, with intervals as of any pair; none from runs that lack its blocks."""
        best = self.counting
        return against(self.contenders, best.key, best.label) if best else ()


def _ruler(key: str, ruler: Mapping[str, Any]) -> Ruler:
    """From {"bits_per_byte", "label", "history"} and perhaps "excerpts", of which texts they are."""
    label, history = str(ruler["label"]), str(ruler["history"])
    seen = history.removeprefix("the ").removesuffix(" of training text")
    short = label if not seen or "all of" in seen else f"{label} ({seen})"
    if excerpts := ruler.get("excerpts"):
        short = f"{short[:-1]}, excerpts)" if short.endswith(")") else f"{short} (excerpts)"
        history = f"of {excerpts}: {history}"
    return Ruler(key, short, float(ruler["bits_per_byte"]), history)


def budget_words(identity: Mapping[str, Any]) -> str:
    """What is held equal, in words."""
    kind = str(identity.get("budget.kind", "iters"))
    amount = {"text": "chars"}.get(kind, kind)
    value = identity.get(f"budget.{amount}")
    if value is None:
        return f"budget {kind}"
    words = {
        "iters": f"{value:,.0f} updates",
        "text": f"{value:,.10g} characters seen",
        "flops": f"{value:.10g} training FLOPs",
        "seconds": f"{value:.10g} s of training",
    }
    in_updates = kind != "iters" and identity.get("budget.warmup") != "share"
    return words.get(kind, f"{kind} {value}") + ", all with the same updates of warm-up" * in_updates


def data_order(identity: Mapping[str, Any], iters: Any) -> str:
    """Runs with the same key saw the same batches under the same seed: only the model or optimizer differ.

    Two tokenizers make two token sequences, so they never share it.
    """
    shapes_batches = ("model.block_size", "model.context_chars")
    decides = {
        key: value
        for key, value in identity.items()
        if key in shapes_batches or key.split(".")[0] not in ("model", "optimizer", "sample", "eval")
    }
    return setting_of(decides | {"iters": iters})


def group_runs(collection: Collection) -> tuple[list[Comparison], list[Problem]]:
    """Finished runs as comparisons, in the order of corpus and budget. A run that is there twice counts once."""
    done, problems = collection.done.assign(apart=_apart(collection)), []
    twice = done[done.duplicated(["group", "seed", "apart"])]
    for path, run in zip(twice["folder"], twice["run"], strict=True):
        problems.append(Problem(Path(path), f"{run} repeats another folder's run and was counted once"))
    done = done.drop_duplicates(["group", "seed", "apart"])
    comparisons = []
    for (*_, study), same_text in done.groupby([*CORPUS_KEYS, "apart"], sort=True, dropna=False):
        groups = _named(_groups(same_text, collection))
        by_budget: dict[str, list[Group]] = {}
        for group in groups:
            by_budget.setdefault(budget_words(group.identity), []).append(group)
        for budget in sorted(by_budget):
            comparison, found = _comparison(by_budget[budget], budget)
            comparisons.append(replace(comparison, study=str(study)))
            problems.extend(found)
    return comparisons, problems


def _apart(collection: Collection) -> pd.Series:
    """By finished run the name of its study, if that tries several optimizers and is not the only one, else "".

    Among the tokenizers of other studies its runs would look like further rivals.
    """
    done = collection.done
    settings = {
        path: setting_of({k: v for k, v in identity.items() if k.startswith("optimizer.")})
        for path, identity in collection.identities.items()
    }
    optimizers = done["folder"].map(settings).groupby(done["study"]).nunique()
    several = set(optimizers[optimizers > 1].index) if len(optimizers) > 1 else set()
    return done["study"].where(done["study"].isin(several), "")


def _groups(runs: pd.DataFrame, collection: Collection) -> list[Group]:
    """The groups of runs on one text, still without names."""
    found = []
    for key, members in runs.groupby("group", sort=False):
        members = members.sort_values("seed")
        paths = list(members["folder"])
        results = tuple(collection.results[path] for path in paths)
        found.append(Group(str(key), "", members, collection.identities[paths[0]], results))
    return sorted(found, key=_order)


def _named(groups: Sequence[Group]) -> list[Group]:
    """The same groups with names; one name is one setting, whatever the budget: budgets stand side by side.

    How often a run was evaluated is no part of that, nor of how many updates its warm-up is a share (`budget.iters`
    of the other budgets), unless two groups of one budget differ in nothing else.
    """
    budgets = [budget_words(group.identity) for group in groups]
    for left_out in (("budget.", "train.eval_interval"), ("budget.",), EQUAL_KEYS):
        settings = [setting_of(_without(group.identity, *left_out)) for group in groups]
        if len(set(zip(settings, budgets, strict=True))) == len(groups):
            break
    first = dict(zip(reversed(settings), reversed(groups), strict=True))
    different = {key: first[key] for key in settings}
    names = dict(zip(different, _labels(list(different.values()), left_out), strict=True))
    return [replace(group, label=names[key]) for group, key in zip(groups, settings, strict=True)]


def _without(identity: Mapping[str, Any], *prefixes: str) -> dict[str, Any]:
    return {key: value for key, value in identity.items() if not key.startswith(prefixes)}


def _comparison(groups: Sequence[Group], budget: str) -> tuple[Comparison, list[Problem]]:
    contenders, problems = [], []
    for group in groups:
        contender, found = _contender(group)
        contenders.append(contender)
        problems.extend(found)
    first = groups[0].runs.iloc[0]
    verdicts = compare(contenders, pairs_to_compare(groups))
    return (
        Comparison(
            str(first["corpus"]),
            str(first["corpus_sha256"]),
            float(first["val_fraction"]),
            float(first["dev_fraction"]),
            int(first["val_bytes"] or 0),
            budget,
            tuple(groups),
            tuple(contenders),
            conclude(contenders, verdicts),
        ),
        problems,
    )


def _order(group: Group) -> tuple[Any, ...]:
    usual = ("char", "word", "bpe", "bpe-bytefallback", "bpe-bytelevel", "byte")
    place = usual.index(group.tokenizer) if group.tokenizer in usual else len(usual)
    size = [np.nan_to_num(group.values(key)[0]) for key in ("vocab_size", "n_params")]
    return (place, group.tokenizer, *size, group.model, group.key)


def _contender(group: Group) -> tuple[Contender, list[Problem]]:
    blocks, problems = read_blocks(group.runs["folder"])
    totals, floors = group.values("bits_per_byte"), group.values("bits_per_byte_tokens")
    floors = np.where(np.isfinite(floors), floors, totals)
    gap = group.values("gap_change_bits_per_byte")
    tokenizer = {k: v for k, v in group.identity.items() if k.startswith("tokenizer.")}
    return (
        Contender(
            label=group.label,
            seeds=group.seeds,
            totals=totals,
            floors=floors,
            gained=group.gained,
            gap=gap,
            losses=group.losses,
            tokenizer=setting_of(tokenizer),
            data_order=data_order(group.identity, group.first("iters")),
            blocks=blocks,
        ),
        problems,
    )


def pairs_to_compare(groups: Sequence[Group]) -> list[tuple[int, int]]:
    """Which pairs are weighed: a choice made before any result is seen, for every pair widens all intervals.

    Up to ALL_PAIRS groups all of them. In larger sweeps, all else equal: every two tokenizers (of the same
    vocabulary size, where both have one to choose), and neighbours in size within one tokenizer.
    """
    if len(groups) <= ALL_PAIRS:
        return list(combinations(range(len(groups)), 2))
    pairs: set[tuple[int, int]] = set()
    for members in _alike(groups, "tokenizer").values():
        chosen = [(groups[i].tokenizer, groups[i].identity.get("tokenizer.vocab_size"), i) for i in members]
        for (kind, size, i), (other, other_size, j) in combinations(chosen, 2):
            if kind != other and (size == other_size or None in (size, other_size)):
                pairs.add((i, j))
    for aspect in sorted({key.split(".")[0] for g in groups for key in g.identity}):
        for members in _alike(groups, aspect).values():
            for kind in dict.fromkeys(groups[i].tokenizer for i in members):
                same = [i for i in members if groups[i].tokenizer == kind]
                pairs.update(pairwise(same))
    return sorted(pairs)


def _alike(groups: Sequence[Group], aspect: str) -> dict[str, list[int]]:
    """The groups that agree in everything but one part of the configuration ("tokenizer", "model", ...)."""
    alike: dict[str, list[int]] = {}
    for i, group in enumerate(groups):
        rest = {key: value for key, value in group.identity.items() if key.split(".")[0] != aspect}
        alike.setdefault(setting_of(rest), []).append(i)
    return alike


# --- names ---


def _labels(groups: Sequence[Group], left_out: tuple[str, ...]) -> list[str]:
    """The tokenizer's name, and where that is not enough: vocabulary, model, then whatever else differs.

    `groups` differ in more than what is `left_out`, which is no part of a name.
    """
    labels = [group.tokenizer for group in groups]
    for name in (lambda g: f"{g.first('vocab_size')}", lambda g: g.model):
        labels = _disambiguate(labels, [name(g) for g in groups])
    keys = {key for g in groups for key in _without(g.identity, *left_out)} - {"tokenizer.vocab_size"}
    for key in sorted(keys, key=_telling):
        labels = _disambiguate(labels, [_setting_words(g, key) for g in groups])
    return _disambiguate(labels, [group.key[:6] for group in groups])


def _telling(key: str) -> tuple[int, str]:
    """What says most comes first: kinds and schedules, which decide what other keys there are; tests last."""
    section, _, name = key.rpartition(".")
    return (0 if name in ("kind", "schedule") else 2 if section in ("sample", "eval") else 1, key)


def _setting_words(group: Group, key: str) -> str:
    """One setting as part of a name: `sgd`, `n_layer=6`, `texts=accents+mine.txt`."""
    name, value = key.rpartition(".")[2], group.identity.get(key)
    if name == "kind":
        return str(value)
    if key == "eval.texts":
        return f"texts={'+'.join(str(text['name']) for text in group.first('texts') or ()) or 'none'}"
    return f"{name}={setting(value)}"


def setting(value: Any) -> str:
    """A value of an identity as a reader wants it: of a file's sha256 the beginning."""
    if isinstance(value, list):
        return f"[{', '.join(map(setting, value))}]"
    return value[:8] if isinstance(value, str) and re.fullmatch("[0-9a-f]{64}", value) else str(value)


def _disambiguate(labels: list[str], more: list[str]) -> list[str]:
    """Adds `more` to the labels of those that still share one and differ in it."""
    named = []
    for label, extra in zip(labels, more, strict=True):
        fellows = {m for other, m in zip(labels, more, strict=True) if other == label}
        named.append(f"{label} {extra}" if len(fellows) > 1 else label)
    return named


def differences(groups: Sequence[Group]) -> dict[str, list[Any]]:
    """The settings that are not the same in all groups: key -> a value per group (None where unused)."""
    keys = sorted({key for group in groups for key in group.identity})
    table = {key: [group.identity.get(key) for group in groups] for key in keys}
    return {key: values for key, values in table.items() if any(v != values[0] for v in values)}
