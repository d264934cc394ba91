"""Every public function is a table of a document, marked there by its name: Markdown from kept records."""

import tomllib
from collections.abc import Mapping
from itertools import combinations, zip_longest

import numpy as np

from analysis.inference.pairs import Outcome, Verdict
from analysis.inference.uncertainty import estimate, paired
from analysis.records.display import plus_minus
from analysis.tables.cells import bits_cell
from analysis.tables.comparison import original_table
from making import records
from making.lessons import KEY_GRADIENTS, wrong_key_gradient
from making.records import BUDGETS, NAMES, OPTIMIZERS, RESULTS, Study, markdown, study

PASSAGE = " affability and bashful modesty"  # what METRICS.md reads token by token


# --- RESULTS and README ---


def budgets() -> str:
    """Bits per byte with intervals over seeds: tokenizers by budgets, bold where one beats all others."""
    found = [study(name) for name in BUDGETS]
    heads = [f"{BUDGETS[name]}: {study(name).comparison.budget}" for name in BUDGETS]
    rows = [[name, *(bits_cell(s.comparison, s.group(name)) for s in found)] for name in NAMES]
    counting = [f"counting: {found[0].counting.label}", *(f"{s.counting.bits_per_byte:.3f}" for s in found)]
    return markdown(["tokenizer", *heads], [*rows, counting])


def pairs() -> str:
    """Every pair under every budget: who needs fewer bits, and by how much."""
    return _verdicts(_by_budget())


def pairs_at_best_rates() -> str:
    return _verdicts({"all at 0.001": study("quick-iters"), "each at its best": records.at_best_rates()})


def counting() -> str:
    """Every tokenizer beside counting under every budget."""
    return _verdicts(_by_budget(), {name: (name, study("quick-iters").counting.label) for name in NAMES})


def _by_budget() -> dict[str, Study]:
    return {title: study(name) for name, title in BUDGETS.items()}


def _verdicts(studies: Mapping[str, Study], pairs: Mapping[str, tuple[str, str]] | None = None) -> str:
    """A row per pair (all pairs of tokenizers, unless others are given), a column per study."""
    pairs = pairs or {f"{a} or {b}": (a, b) for a, b in combinations(NAMES, 2)}
    rows = [[name, *(_words(s.verdict(*pair)) for s in studies.values())] for name, pair in pairs.items()]
    return markdown(["", *studies], rows)


def _words(verdict: Verdict) -> str:
    """`word by 0.32 ± 0.02`."""
    if verdict.outcome is not Outcome.BETTER or verdict.seeds is None:
        return {Outcome.TIED: "not told apart", Outcome.DEPENDS: "depends on the residual coder"}[
            verdict.outcome
        ]
    winner = "counting" if "Kneser-Ney" in verdict.a else verdict.a
    least = "at least " if verdict.bound else ""
    return f"{winner} by {least}{plus_minus(verdict.seeds.value, verdict.seeds.half)}"


def learning_rates() -> str:
    """Bits per byte: a row per tokenizer, a column per rate, the best of each row marked."""
    bits, best, rows = records.runs(*records.RATES).groupby(["tokenizer", "lr"])["bits_per_byte"], {}, []
    best = records.best_rates()
    found = {key: estimate(values.to_numpy()) for key, values in bits}
    rates = sorted({rate for _, rate in found})
    for name in NAMES:
        shown = {rate: plus_minus(found[name, rate].mean, found[name, rate].half) for rate in rates}
        shown[best[name]] += " (best)"
        rows.append([name, *shown.values()])
    return markdown(["learning rate", *(f"{rate:g}" for rate in rates)], rows)


def original() -> str:
    """The original's results table with each row measured; its own figures behind ours, in parentheses."""
    ours = original_table(study("shakespeare").comparison)
    published = tomllib.loads((RESULTS / "original.toml").read_text(encoding="utf-8"))
    rows = []
    for title, *cells in ([c.text for c in row.cells] for row in ours.rows):
        theirs = [f" ({figure})" for figure in published["figures"].get(title, [])]
        dagger = "\N{DAGGER}" if title in published["by_eye"] else ""
        rows.append([title + dagger, *map("".join, zip_longest(cells, theirs, fillvalue=""))])
    return markdown(["", *NAMES, "human text"], rows)


def long_runs() -> str:
    """How the runs of 8,000 updates ended, and where they were best."""
    return _measured("shakespeare", {
        "final bits/byte": "bits_per_byte", "of tokens alone": "bits_per_byte_tokens",
        "had it stopped at its best": "bits_per_byte_at_best", "that is, at update": "best_step",
        "training text": "train_bits_per_byte", "gap since the start": "gap_change_bits_per_byte",
        "of a unigram": "gap_unigram_bits_per_byte", "times the text was seen": "epochs",
    })  # fmt: skip


def _measured(name: str, columns: Mapping[str, str]) -> str:
    """A row per tokenizer; `columns`: head -> key of result.json."""
    rows = [[label, *(study(name).text(label, key) for key in columns.values())] for label in NAMES]
    return markdown(["tokenizer", *columns], rows)


def provenance() -> str:
    """Of each study the number of runs, and the commits and the version of the arithmetic that made them."""
    rows = []
    for name in (*BUDGETS, "quick-rates", "shakespeare", "nanogpt_cpu"):
        runs = [record.run for record in records.collected(name).records.values()]
        commits = {part["git"]["commit"][:10] for run in runs for part in (*run.get("earlier", []), run)}
        numerics = {str(run["identity"]["results_version"]) for run in runs}
        rows.append([name, str(len(runs)), ", ".join(sorted(commits)), ", ".join(sorted(numerics))])
    return markdown(["study", "runs", "commit", "numerics"], rows, left=4)


# --- METRICS ---


def losses() -> str:
    """The same models by loss per token and by bits per byte."""
    s = study("quick-text")
    rows = [
        [name, s.text(name, "val_loss"), f"{s.mean(name, 'val_tokens'):,.0f}", s.text(name, "bits_per_byte")]
        for name in NAMES
    ]
    return markdown(["tokenizer", "loss, nats per token", "tokens of the text", "bits per byte"], rows)


def stretches() -> str:
    """PASSAGE as the word tokenizer's first run scored it, token by token."""
    passage = next(p for p in study("quick-text").first_run("word").passages() if PASSAGE in p["text"])
    data, begin, rows = passage["text"].encode(), 0, []
    place = data.index(PASSAGE.encode())
    for end, token, *bits in zip(
        *(passage[k] for k in ("ends", "ids", "bits", "bits_residual")), strict=True
    ):
        if place <= begin < place + len(PASSAGE):
            stretch = data[begin:end].decode().strip()
            rows.append([stretch, stretch.lower() if token else "<unk>", *(f"{x:.1f}" for x in bits)])
        begin = end
    return markdown(
        ["the text", "what is asked for", "bits for the token", "bits for the rest"], rows, left=2
    )


# --- OPTIMIZERS and BACKPROP ---


def search() -> str:
    """Bits per byte after 200 updates: a row per optimizer, a column per learning rate, the best marked."""
    found, rows = records.optimizers(200), []
    rates = sorted(set(found["lr"]))
    for name in OPTIMIZERS:
        bits = found[found["optimizer"] == name].set_index("lr")["bits_per_byte"]
        shown = {rate: "diverged" if np.isnan(x) else f"{x:.3f}" for rate, x in bits.items()}
        shown[bits.idxmin()] += " (best)"
        rows.append([name, *(shown.get(rate, "") for rate in rates)])
    return markdown(["", *(f"{rate:g}" for rate in rates)], rows)


def race() -> str:
    """What each optimizer keeps per weight, its learning rate, and how it ended."""
    rows = []
    for name, numbers in zip(OPTIMIZERS, "0122", strict=True):
        run = records.raced(name)
        rows.append(
            [
                name,
                f"{run['lr']:g}",
                numbers,
                f"{100 * run['clipped_share']:.0f} %",
                f"{run['bits_per_byte']:.3f}",
            ]
        )
    return markdown(["", "learning rate", "numbers kept per weight", "steps clipped", "bits per byte"], rows)


def key_gradient_tests() -> str:
    """Which tests of attention's key gradient notice the wrong one."""
    found = wrong_key_gradient.run_tests()
    rows = [
        [name, *("passes" if passes[kind] else "FAILS" for kind in KEY_GRADIENTS)]
        for name, passes in found.items()
    ]
    return markdown(["test", *KEY_GRADIENTS], rows)


def key_gradient_bits() -> str:
    """Final bits per byte: a row per kind, a column per seed, and the difference from right."""
    found = {kind: records.key_gradients(kind)["bits_per_byte"] for kind in KEY_GRADIENTS}
    cost = paired(found["wrong"], found["right"])
    rows = [[name, *(f"{bits:.3f}" for bits in found[kind]), ""] for kind, name in KEY_GRADIENTS.items()]
    rows[-1][-1] = plus_minus(cost.value, cost.half, "+")
    return markdown(["key gradient", *(f"seed {seed}" for seed in found["right"].index), "above right"], rows)
