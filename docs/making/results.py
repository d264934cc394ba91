"""The original experiment and the quick size, as docs/RESULTS.md and the README tell them."""

from collections.abc import Callable
from dataclasses import replace
from io import StringIO
from itertools import combinations
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.text import Text

from analysis import tables
from analysis.groups import group_runs
from analysis.table import terminal_notes, to_markdown, to_rich
from making import ablation, budgets, ladder, optimizers, original, provenance, rates, result_figures
from making.budgets import measured
from making.records import ROOT, Study, study
from making.words import listed

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def long(label: str, key: str) -> str:
    """A figure of the run of 8,000 updates."""
    return original.long_runs().shown(label, key)


def shown(label: str, key: str) -> str:
    """A figure of the study that single models are described by: see `measured`."""
    return measured().shown(label, key)


def measured_words() -> str:
    """Which study that is."""
    if original.training():
        return f"the quick size under {budgets.STUDIES[measured().name]}"
    return f"{original.UPDATES:,} updates, one seed each"


def ready() -> bool:
    """Whether there is a study with all four tokenizers to speak of."""
    return bool(budgets.quick_studies()) or not original.training()


def stale() -> list[str]:
    """The studies that are told of here, although the code's numerics are newer than theirs."""
    return [found.name for found in kept() if budgets.is_stale(found)]


def ranking(key: str, up: bool = False) -> str:
    """The tokenizers with their figure, the highest first, or the lowest (`up`): `word 94 %, bpe 85 %`."""
    found = sorted(measured().labels, key=lambda label: measured().mean(label, key), reverse=not up)
    return ", ".join(f"{label} {shown(label, key)}" for label in found)


def highest(key: str) -> str:
    """`word (94.1 ± 1.7 %)`."""
    label = max(measured().labels, key=lambda label: measured().mean(label, key))
    return f"{label} ({shown(label, key)})"


def lowest(key: str) -> str:
    label = min(measured().labels, key=lambda label: measured().mean(label, key))
    return f"{label} ({shown(label, key)})"


def measured_table() -> str:
    """The rows of the original's table, measured in that study."""
    return to_markdown(tables.original_table(measured().only)).rstrip("\n")


def steadiness() -> str:
    """How often the gradient's norm jumped, in words."""
    counts = {label: measured().mean(label, "grad_spikes") for label in measured().labels}
    if not any(counts.values()):
        return "its norm never jumped to three times its usual size"
    return f"its norm jumped to three times its usual size so often: {ranking('grad_spikes', up=True)}"


def clipping() -> str:
    """Of which share of the updates the gradient was clipped: of all the same, or from the least to the most."""
    shares = {shown(label, "clipped_share") for label in measured().labels}
    if len(shares) == 1:
        return f"in {shares.pop()} of the updates with each"
    return f"in the fewest updates with {lowest('clipped_share')} and in the most with {highest('clipped_share')}"


def quick(label: str, key: str) -> str:
    """A figure of the quick size under equal updates."""
    return budgets.quick_studies()[0].shown(label, key)


def longer_tokens() -> str:
    """How many characters a generated token has, in those of char: `3.3 (word), 2.8 (bpe)`."""
    char = measured().mean("char", "chars_in_500_tokens")
    others = [label for label in measured().labels if label != "char"]
    return ", ".join(
        f"{measured().mean(label, 'chars_in_500_tokens') / char:.1f} ({label})" for label in others
    )


def human(key: str) -> str:
    """The same measure of real held-out text, in passages as long as the samples."""
    return shown(measured().labels[0], f"human.{key}")


def same_order(key: str, other: str) -> bool:
    """Whether two figures put the long runs into the same order, but for what another seed might change."""
    runs = original.long_runs()
    leads = [
        [runs.mean(b, k) - runs.mean(a, k) for k in (key, other)] for a, b in combinations(runs.labels, 2)
    ]
    return not any(min(pair) < -original.NOISE and max(pair) > original.NOISE for pair in leads)


def quick_order() -> str:
    """The tokenizers at the quick size under equal updates, from the fewest bits to the most."""
    return original.order("bits_per_byte", budgets.quick_studies()[0])


def kept() -> list[Study]:
    """The studies that this page speaks of, as far as they have ended."""
    others = (study("quick-rates"), study("ladder"), original.long_runs(), study("nanogpt_cpu"))
    return [*budgets.quick_studies(), *(found for found in others if found.labels)]


def nanogpt() -> float:
    """Nats per character of nanoGPT's recipe over the whole validation text; 0 if there is no record of it."""
    found = study("nanogpt_cpu")
    return found.mean("char", "val_loss") if found.labels else 0.0


def nanogpt_windows() -> float:
    """The same model on windows read without anything before them, as the published figure was measured."""
    return float(study("nanogpt_cpu").curve("char")["val_loss"].iloc[-1])


def nanogpt_n_windows() -> int:
    """How many such windows."""
    return int(study("nanogpt_cpu").record("char")["config"]["train"]["eval_windows"])


def other_rate() -> tuple[float, float] | None:
    """The learning rate that suited char best in the race of optimizers, and where AdamW ended with it."""
    if not optimizers.raced():
        return None
    return optimizers.race("AdamW")[0].lr, optimizers.final("AdamW")


def corpus_sha256() -> str:
    """Of the one corpus of all these runs."""
    (found,) = {record["corpus"]["sha256"] for s in kept() for record in s.collection.records.values()}
    return str(found)


def sample(label: str) -> tuple[str, str]:
    """The first sample of 500 tokens of the lowest seed, and of which run: the long one, once it has ended."""
    is_long = label in original.trained()
    runs = original.long_runs() if is_long else measured()
    text = runs.folders(label)[0].samples_path.read_text(encoding="utf-8")
    first = text.split("--- sample 2 ---")[0].split("--- sample 1 ---\n", 1)[1]
    return first.strip("\n"), runs.only.budget if is_long else f"{runs.only.budget} at the quick size"


def first_run(width: int = 100) -> str:
    """What the README's first command prints at its end, from the records of that command under seed 1."""
    found = study("quick-iters")
    rows = found.collection.runs
    chosen = rows[(rows["seed"] == 1) & rows["tokenizer"].isin(["char", "word", "bpe"])]
    (comparison,), _ = group_runs(replace(found.collection, runs=chosen))
    out = Console(width=width, file=StringIO(), color_system=None, legacy_windows=False)
    table = tables.comparison_table(comparison)
    out.print(to_rich(table, width))
    for note in terminal_notes(table, width):
        if not note.startswith("in the files too"):
            out.print(Text(f" {note}"))
    out.print(" [...]", markup=False)
    out.print(Text(comparison.conclusion.headline))
    assert isinstance(out.file, StringIO)
    return "\n".join(line.rstrip() for line in out.file.getvalue().strip("\n").split("\n"))


def iters() -> int:
    """Updates of each run of the first quick study."""
    return int(budgets.quick_studies()[0].only.groups[0].first("iters"))


def peak_rate() -> str:
    """The highest learning rate, of all runs of the quick studies alike."""
    (rate,) = {float(g.first("lr_peak")) for s in budgets.quick_studies() for g in s.only.groups}
    return f"{rate:.2g}"


def names() -> list[str]:
    """The folders of docs/results that this page speaks of."""
    return [found.name for found in kept()]


def exists(path: str) -> bool:
    """Whether the repository has such a file."""
    return (ROOT / path).exists()


FUNCTIONS: tuple[Callable[..., Any], ...] = (
    *(kept, names, ready, stale, exists, listed),
    *(long, measured, measured_words, measured_table, shown, ranking, highest, lowest, human, steadiness),
    *(
        longer_tokens,
        clipping,
        quick,
        same_order,
        nanogpt,
        nanogpt_windows,
        nanogpt_n_windows,
        peak_rate,
        other_rate,
    ),
    *(corpus_sha256, sample),
    *(first_run, iters, quick_order),
    *(original.trained, original.training, original.published, original.published_bits_per_char),
    *(original.fate, original.order, original.overfitted, original.best_val_loss),
    *(budgets.quick_studies, budgets.budget_table, budgets.pair_table, budgets.pair_notes, budgets.seeds),
    *(budgets.sure, budgets.spread, budgets.n_pairs, budgets.leaders, budgets.always_leader),
    *(budgets.closest_lead, budgets.depends, budgets.reversals, budgets.under),
    *(budgets.counting, budgets.below_counting, budgets.counting_table, budgets.close_pair),
    *(budgets.shown_from, budgets.text_per_update),
    *(rates.searched, rates.rates, rates.rate_seeds, rates.rate_table, rates.best_rate_pairs),
    *(rates.what_holds, rates.at_the_edge),
    *(ablation.key_seeds, ablation.key_bits, ablation.key_gradients, ablation.cost_words),
    *(ladder.climbed, ladder.ladder_table, ladder.ladder_updates),
    *(provenance.commands, provenance.provenance_table, original.original_table),
)
VALUES = {function.__name__: function for function in FUNCTIONS}

FIGURES: dict[str, "Callable[[], Figure]"] = {}
if budgets.quick_studies():
    FIGURES["budgets"] = result_figures.budgets_figure
    FIGURES["quick-curves"] = result_figures.quick_curves_figure
if ready():
    FIGURES["surprisal"] = result_figures.surprisal
if original.trained():
    FIGURES["long-curves"] = result_figures.curves_figure
if ladder.climbed():
    FIGURES["ladder"] = ladder.ladder_figure
