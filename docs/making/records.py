"""The kept studies of docs/results, by way of the report's own statistics."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd

from analysis.inference.comparisons import Baseline, Comparison, group_runs
from analysis.inference.pairs import Outcome, Verdict
from analysis.inference.scaling import Scaling
from analysis.records.collect import Collection, collect
from analysis.records.display import plus_minus
from analysis.records.find import Run, runs_in
from analysis.records.settings import Setting
from analysis.tables.cells import cell
from analysis.tables.formats import to_markdown
from analysis.tables.model import Cell, Column, Row, Table
from analysis.tables.overviews import scalings
from numpygpt.errors import UserError

RESULTS = Path(__file__).resolve().parents[1] / "results"
NAMES = ("char", "word", "bpe", "bpe-bytefallback")
BUDGETS = {"budget-text": "equal text", "budget-flops": "equal compute", "budget-iters": "equal updates"}
RATES = ("quick-iters", "quick-rates")  # the first has one learning rate, the second the others
TRIED = {  # what the trials of converged differ in
    "model.n_embd": "width",
    "model.block_size": "context, tokens",
    "model.dropout": "dropout",
    "optimizer.weight_decay": "weight decay",
    "budget.chars": "characters seen",
}
RECIPES = {  # the recipe of 2019 and the default one, under one budget
    "768,000 characters": ("quick-text", "budget-short"),
    "4e+12 FLOPs": ("quick-flops", "budget-flops"),
    "768,000 tokens": ("quick-iters", "budget-iters"),
}
STUDIES = (  # that RESULTS.md tells of
    "budget-text", "budget-flops", "budget-iters", "budget-short", "texts", "catalogues-longer",
    "converged-trials", "converged", "record-trials", "record", "tokenizers", "scaling", "rates", "quick-text",
    "quick-flops", "quick-iters", "quick-rates", "ladder", "shakespeare", "nanogpt_cpu",
)  # fmt: skip
TEXTS = ("shakespeare", "pydoc", "stdlib", "catalogues")
OPTIMIZERS = ("SGD", "momentum", "Adam", "AdamW")
RUNGS = (
    "nanoGPT's recipe",
    "+ learning rate 0.003",
    "+ rotary positions",
    "+ norms, squared ReLU, zero init",
    "+ Muon",
)


@dataclass(frozen=True)
class Study:
    """Finished runs on one text under one budget; a setting goes by the label that tables show."""

    collection: Collection
    comparison: Comparison

    @property
    def counting(self) -> Baseline:
        """The best Kneser-Ney model of characters."""
        assert self.comparison.counting is not None
        return self.comparison.counting

    def setting(self, label: str) -> Setting:
        return next(setting for setting in self.comparison.settings if setting.label == label)

    def mean(self, label: str, key: str) -> float:
        """Over seeds, of a number of result.json (`generated.word_share`)."""
        return self.setting(label).estimate(key).mean

    def text(self, label: str, key: str) -> str:
        """As the report's tables show it: `2.160 ± 0.006`, `50.1 %`, `1.58M`."""
        return cell(self.comparison, self.setting(label), key).text

    def first_run(self, label: str) -> Run:
        """The run of the lowest seed."""
        return self.setting(label).folders[0]

    def verdict(self, a: str, b: str) -> Verdict:
        """On two settings, or a setting and `counting.label`."""
        verdicts = (*self.comparison.conclusion.verdicts, *self.comparison.against_counting)
        return next(v for v in verdicts if {v.a, v.b} == {a, b})


@cache
def collected(*names: str) -> Collection:
    """All runs of docs/results/NAME, unfinished ones too. Raises UserError if one cannot be read."""
    found = collect(runs_in(RESULTS / f"{name}.jsonl" for name in names))
    if found.problems:
        raise UserError(found.problems[0].sentence)
    return found


@cache
def study(*names: str) -> Study:
    return _compared(collected(*names))


@cache
def texts() -> dict[str, Study]:
    """By text, in the order of TEXTS: five tokenizers under equal text, three seeds each or five."""
    collection = collected("budget-text", "texts")
    found = {c.text.corpus: Study(collection, c) for c in group_runs(collection)[0]}
    return {name: found[name] for name in TEXTS}


@cache
def at_default_size() -> Study:
    """Every tokenizer on Shakespeare under equal text, at the default size of its vocabulary."""
    names = "budget-text", "texts", "tokenizers"
    found, collection = runs(*names), collected(*names)
    new, size = found["study"] == "tokenizers", found["tokenizer.vocab_size"]
    known = (found["tokenizer"] == "bpe-bytelevel") & found["tokenizer.case"].isna()  # from texts
    wanted = (found["corpus"] == "shakespeare") & (~new | ((size == 2048) & ~known))
    return _compared(replace(collection, runs=collection.runs[wanted]))


@cache
def grown() -> tuple[Table, Scaling]:
    """Of char, word and bpe at three widths, under budgets from 768,000 characters to 8,000,000."""
    collection = collected("scaling", "budget-text", "budget-short", "converged")
    three = collection.runs[collection.runs["tokenizer"] != "bpe-bytefallback"]
    comparisons, _ = group_runs(replace(collection, runs=three))
    ((table, found),) = scalings(comparisons)
    return table, found


def _compared(collection: Collection) -> Study:
    (comparison,), _ = group_runs(collection)
    return Study(collection, comparison)


def runs(*names: str) -> pd.DataFrame:
    """A row per run of these studies: its measures, and its settings of optimizer and budget."""
    found = collected(*names)
    identities = {path: record.identity for path, record in found.records.items()}
    settings = pd.DataFrame.from_dict(identities, orient="index").rename(columns={"optimizer.lr": "lr"})
    return found.runs.join(settings.filter(regex=r"^(lr$|(optimizer|budget|model|tokenizer)\.)"))


def ladder() -> pd.DataFrame:
    """A row per run of the ladder, with its `rung`, a key of RUNGS: the lowest one whose change it lacks."""
    found = runs("ladder")
    changed = [found["lr"] > 1e-3, found["model.positions"].notna(), found["model.norm"].notna()]
    changed.append(found["optimizer.kind"] == "muon")
    return found.assign(rung=[RUNGS[number] for number in pd.concat(changed, axis=1).sum(axis=1)])


def best_rates() -> dict[str, float]:
    """By tokenizer the learning rate of the fewest bits per byte."""
    means = runs(*RATES).groupby(["tokenizer", "lr"])["bits_per_byte"].mean()
    return {name: float(means[name].idxmin()) for name in NAMES}


@cache
def at_best_rates() -> Study:
    """All tokenizers, each at its own best rate."""
    found = runs(*RATES)
    chosen = found[found["lr"] == found["tokenizer"].map(best_rates())].assign(study="best rates")
    return _compared(replace(collected(*RATES), runs=chosen))


def optimizers(iters: int) -> pd.DataFrame:
    """The runs of so many updates that compare optimizers, fewest bits first; NaN bits where one diverged."""
    found = runs("optimizers")
    names = found["optimizer.kind"].map({"sgd": "SGD", "adam": "Adam", "adamw": "AdamW"})
    found = found.assign(optimizer=names.mask(found["optimizer.momentum"] > 0, "momentum"))
    return found[found["budget.iters"] == iters].sort_values("bits_per_byte")


def raced(name: str) -> pd.Series:
    """Of an optimizer's long runs the one that ended best; `validation` has its losses by step."""
    found = optimizers(1000)
    best = found[found["optimizer"] == name].iloc[0]
    run = collected("optimizers").records[best["folder"]].folder
    return pd.concat([best, pd.Series({"validation": losses(run.metrics())})])


@cache
def key_gradients(kind: str) -> pd.DataFrame:
    """Records of examples/wrong_key_gradient.py by what the keys learnt from: a row per seed."""
    found = pd.read_json(RESULTS / "wrong-gradient" / "records.jsonl", lines=True, precise_float=True)
    return found[found["key_gradient"] == kind].set_index("seed")


def key_losses(kind: str) -> pd.DataFrame:
    """Their validation losses in nats per character: a row per step, a column per seed."""
    return pd.DataFrame({seed: losses(rows) for seed, rows in key_gradients(kind)["rows"].items()}).dropna()


def losses(rows: Iterable[Mapping[str, Any]]) -> dict[int, float]:
    """Of validation, by step, out of what a run logged."""
    return {row["step"]: row["val_loss"] for row in rows if row["kind"] == "eval"}


def markdown(heads: Sequence[str], rows: Sequence[Sequence[str | Cell]]) -> str:
    """A pipe table."""
    columns = tuple(Column(head, head, right=i > 0) for i, head in enumerate(heads))
    cells = tuple(Row(tuple(c if isinstance(c, Cell) else Cell(c) for c in row)) for row in rows)
    return to_markdown(Table("", "", columns, cells))


def verdict_words(verdict: Verdict) -> str:
    """`word by 0.32 ± 0.02`."""
    if verdict.outcome is not Outcome.BETTER or verdict.seeds is None:
        return "not told apart" if verdict.outcome is Outcome.TIED else "depends on the residual coder"
    winner = "counting" if "Kneser-Ney" in verdict.a else verdict.a
    least = "at least " if verdict.pair.bound else ""
    return f"{winner} by {least}{plus_minus(verdict.seeds.value, verdict.seeds.half)}"
