"""Every public function is a table of a document, marked there by its name: Markdown from kept records."""

import json
import math
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from itertools import combinations

import pandas as pd
from making import records
from making.lessons import KEY_GRADIENTS
from making.records import BUDGETS, NAMES, OPTIMIZERS, RECIPES, TRIED, Study, markdown, study, verdict_words

from analysis.inference.uncertainty import mean_and_half, paired
from analysis.records import measures
from analysis.records.display import plus_minus
from analysis.tables.cells import cell
from analysis.tables.comparison import original_table
from analysis.tables.formats import to_markdown
from analysis.tables.model import Cell
from analysis.tables.tokenizers import perturbed_table
from numpygpt.places import ROOT

sys.path.insert(0, str(ROOT))  # the benchmarks are not installed
from benchmarks import suite


def budgets() -> str:
    """Bits per byte with intervals over seeds: tokenizers by budgets, bold where one beats all others."""
    found = {f"{title}: {study(name).comparison.budget}": study(name) for name, title in BUDGETS.items()}
    return _bits(found, NAMES)


def recipes() -> str:
    """The same under one budget with either recipe."""
    return _bits(_by_recipe(), NAMES)


def recipe_pairs() -> str:
    """Every pair with either recipe: who needs fewer bits, and by how much."""
    return _verdicts(_by_recipe())


def _by_recipe() -> dict[str, Study]:
    return {
        f"{budget}, {recipe}": study(name)
        for budget, names in RECIPES.items()
        for recipe, name in zip(("recipe of 2019", "default"), names, strict=True)
    }


def texts() -> str:
    """Bits per byte of five tokenizers on each text, and what programs without a network need."""
    return _bits(records.texts(), (*NAMES, "bpe-bytelevel"), ("ppmd_6", "xz"))


def _bits(studies: Mapping[str, Study], names: Iterable[str], beside: Sequence[str] = ()) -> str:
    """A row per tokenizer, one for the best n-gram, one for each compressor of `beside`; a column per study."""
    found = studies.values()
    rows: list[list[str | Cell]] = [
        [name, *(cell(s.comparison, s.setting(name), "bits_per_byte") for s in found)] for name in names
    ]
    labels = dict.fromkeys(s.counting.label for s in found)
    rows.append([f"counting: {', '.join(labels)}", *(f"{s.counting.bits_per_byte:.3f}" for s in found)])
    for key in beside:
        own = [next(b for b in s.comparison.baselines if b.key == key) for s in found]
        rows.append([own[0].label, *(f"{b.bits_per_byte:.3f}" for b in own)])
    return markdown(["tokenizer", *studies], rows)


def trials() -> str:
    """What was tried for each tokenizer: bits per byte of the development text, the best of each marked."""
    tried = records.runs("converged-trials").pivot(
        index=list(TRIED), columns="tokenizer", values="bits_per_byte"
    )
    rows = []
    for setting, *bits in tried.itertuples(name=None):
        shown = [
            "" if math.isnan(own) else f"{own:.3f}{' (best)' * (own == lowest)}"
            for own, lowest in zip(bits, tried.min(), strict=True)
        ]
        rows.append([*(f"{value:,.12g}" for value in setting), *shown])
    return markdown([*TRIED.values(), *tried], rows)


def converged() -> str:
    """Each tokenizer trained as far as its trials carried it, beside the default recipe and the long runs."""
    well, default, long = study("converged", "record"), study("budget-text"), study("shakespeare")
    rows: list[list[str | Cell]] = []
    for name in NAMES:
        bits = [cell(s.comparison, s.setting(name), "bits_per_byte") for s in (well, default)]
        ended = [long.text(name, key) for key in ("bits_per_byte", "bits_per_byte_at_best")]
        rows.append([name, *bits, *ended])
    lossless = cell(well.comparison, well.setting("word-lossless"), "bits_per_byte")
    rows.append(["word-lossless, with what suits word", lossless, "", "", ""])
    rows.append([f"counting: {well.counting.label}", f"{well.counting.bits_per_byte:.3f}", "", "", ""])
    heads = ["tokenizer", "trained well", "default recipe, two epochs", "the original's 8,000 updates"]
    return markdown([*heads, "had these stopped at their best"], rows)


def scaling() -> str:
    """Bits per byte of char, word and bpe at several amounts of compute, each at its best size for that."""
    return to_markdown(records.grown()[0])


def pairs_converged() -> str:
    return _verdicts({"trained well": study("converged"), "default recipe, two epochs": study("budget-text")})


def mistakes() -> str:
    """What mistakes in the validation text cost the models that were trained well."""
    return to_markdown(perturbed_table(study("converged").comparison))


def pairs() -> str:
    """Every pair under every budget: who needs fewer bits, and by how much."""
    return _verdicts({title: study(name) for name, title in BUDGETS.items()})


def pairs_at_best_rates() -> str:
    return _verdicts({"all at 0.001": study("quick-iters"), "each at its best": records.at_best_rates()})


def counting() -> str:
    """Every tokenizer beside counting under every budget."""
    found = {title: study(name) for name, title in BUDGETS.items()}
    return _verdicts(found, {name: (name, study("budget-text").counting.label) for name in NAMES})


def _verdicts(studies: Mapping[str, Study], pairs: Mapping[str, tuple[str, str]] | None = None) -> str:
    """A row per pair (all pairs of tokenizers, unless others are given), a column per study."""
    pairs = pairs or {f"{a} or {b}": (a, b) for a, b in combinations(NAMES, 2)}
    rows = [
        [name, *(verdict_words(s.verdict(*pair)) for s in studies.values())] for name, pair in pairs.items()
    ]
    return markdown(["", *studies], rows)


def learning_rates() -> str:
    """Bits per byte at each learning rate."""
    return _by_rate(records.runs(*records.RATES), "tokenizer", NAMES)


def default_rates() -> str:
    """Bits per byte of the default recipe at half its rates, at them, and at twice them."""
    return _by_rate(records.runs("budget-text", "rates"), "tokenizer", NAMES)


def _by_rate(runs: pd.DataFrame, of: str, names: Iterable[str]) -> str:
    """Bits per byte: a row per name (in the column `of`), a column per rate, the best of each row marked."""
    rates, rows = sorted(set(runs["lr"])), []
    for name in names:
        bits = runs[runs[of] == name].groupby("lr")["bits_per_byte"]
        best = bits.mean().idxmin()
        shown = {rate: _interval(own) + (" (best)" if rate == best else "") for rate, own in bits}
        rows.append([name, *(shown.get(rate, "") for rate in rates)])
    return markdown(["learning rate", *(f"{rate:g}" for rate in rates)], rows)


def _interval(bits: pd.Series) -> str:
    return "diverged" if bits.isna().any() else plus_minus(*mean_and_half(bits.to_numpy()))


def original() -> str:
    """The original's results table, each row measured."""
    table = original_table(study("shakespeare").comparison)
    assert table is not None
    return to_markdown(table)


def long_runs() -> str:
    """How the runs of 8,000 updates ended, and where they were best."""
    keys = {
        "final bits/byte": "bits_per_byte", "of tokens alone": "bits_per_byte_tokens",
        "had it stopped at its best": "bits_per_byte_at_best", "that is, at update": "best_step",
        "training text": "train_bits_per_byte", "gap since the start": "gap_change_bits_per_byte",
        "of a unigram": "gap_unigram_bits_per_byte", "times the text was seen": "epochs",
    }  # fmt: skip
    rows = [[name, *(study("shakespeare").text(name, key) for key in keys.values())] for name in NAMES]
    return markdown(["tokenizer", *keys], rows)


def ladder() -> str:
    """From nanoGPT's recipe to the default one, rung by rung: bits per byte, the least seconds of training."""
    found, rows = records.ladder(), []
    for rung, runs in found.groupby("rung", sort=False):
        row = [str(rung)]
        for name in ("char", "bpe"):
            own = runs[runs["tokenizer"] == name]
            row += [_interval(own["bits_per_byte"]), f"{own['train_seconds'].min():.0f}"]
        rows.append(row)
    return markdown(["", "char", "seconds", "bpe", "seconds"], rows)


def provenance() -> str:
    """Of each study its runs, the commits and the version of the arithmetic that made them."""
    rows = []
    for name in records.STUDIES:
        runs = [record.run for record in records.collected(name).records.values()]
        parts = [part for run in runs for part in (*run.get("earlier", []), run)]
        commits = sorted({part["git"]["commit"][:10] for part in parts})
        numerics = sorted({str(run["identity"]["results_version"]) for run in runs})
        rows.append([name, str(len(runs)), ", ".join(commits), ", ".join(numerics)])
    return markdown(["study", "runs", "commits", "numerics"], rows)


def losses() -> str:
    """The same models by loss per token and by bits per byte."""
    found, rows = study("quick-text"), []
    for name in NAMES:
        tokens = f"{found.mean(name, 'val_tokens'):,.0f}"
        rows.append([name, found.text(name, "val_loss"), tokens, found.text(name, "bits_per_byte")])
    return markdown(["tokenizer", "loss, nats per token", "tokens of the text", "bits per byte"], rows)


def search() -> str:
    """Bits per byte after 200 updates of each optimizer at several learning rates."""
    return _by_rate(records.optimizers(200), "optimizer", OPTIMIZERS)


def race() -> str:
    """What each optimizer keeps per weight, its learning rate, and how it ended."""
    rows = []
    for name, numbers in zip(OPTIMIZERS, "0122", strict=True):
        run = records.raced(name)
        clipped, bits = f"{100 * run['clipped_share']:.0f} %", f"{run['bits_per_byte']:.3f}"
        rows.append([name, f"{run['lr']:g}", numbers, clipped, bits])
    return markdown(["", "learning rate", "numbers kept per weight", "steps clipped", "bits per byte"], rows)


def key_gradient_bits() -> str:
    """Final bits per byte: a row per kind, a column per seed, and the difference from right."""
    found = {kind: records.key_gradients(kind)["bits_per_byte"] for kind in KEY_GRADIENTS}
    cost = paired(found["wrong"], found["right"])
    rows = [[name, *(f"{bits:.3f}" for bits in found[kind]), ""] for kind, name in KEY_GRADIENTS.items()]
    rows[-1][-1] = plus_minus(cost.value, cost.half, "+")
    return markdown(["key gradient", *(f"seed {seed}" for seed in found["right"].index), "above right"], rows)


def _benchmark(name: str) -> str:
    """What `python -m benchmarks NAME --json` kept, as it prints it, and what it was measured with."""
    kept = json.loads((records.RESULTS / "benchmark" / f"{name}.json").read_text(encoding="utf-8"))
    return f"{markdown(*suite.cells(kept['rows']))}\n{kept['measured']}\n"


FURTHER: dict[str, Callable[[], str]] = {"glossary": measures.glossary}
FURTHER |= {f"benchmark-{name}": partial(_benchmark, name) for name in suite.BENCHMARKS}
