"""The original experiment: its own figures beside ours, as far as our runs of 8,000 updates have ended."""

import math
import tomllib
from functools import cache
from typing import Any

from analysis.display import MISSING, measure
from analysis.tables import ORIGINAL, cell
from making import records
from making.records import Study, study
from making.words import listed, markdown_table, times
from numpygpt.errors import UserError

NAMES = ("char", "word", "bpe", "bpe-bytefallback")
UPDATES = 8000
LN2 = math.log(2)
NOISE = 0.02  # bits per byte: about the most that another seed changes (docs/results/quick-iters)
OVERFITTED = 0.1  # bits per byte above the best evaluation: far more than noise
RISE = 0.005  # bits per byte above the best evaluation: more than the last digit wavers


def long_runs() -> Study:
    """The runs of experiment=shakespeare that have ended, perhaps none. Raises UserError if one was shortened."""
    runs = study("shakespeare")
    for name in runs.labels:
        if runs.mean(name, "iters") != UPDATES:
            raise UserError(
                f"docs/results/shakespeare: {name} had other than {UPDATES:,} updates: keep it elsewhere"
            )
    return runs


def trained() -> list[str]:
    """The tokenizers whose run has ended."""
    return [name for name in NAMES if name in long_runs().labels]


def training() -> list[str]:
    """Those whose run has not."""
    return [name for name in NAMES if name not in long_runs().labels]


@cache
def published() -> dict[str, dict[str, Any]]:
    """The original's own figures by tokenizer and key of result.json; `by_eye` has what it judged by eye."""
    with (records.RESULTS / "original.toml").open("rb") as file:
        return tomllib.load(file)


def original_table() -> str:
    """The original's results table with each row measured; its own figures behind ours, in parentheses."""
    runs = long_runs()
    rows = []
    for title, (key, *_) in ORIGINAL:
        by_eye = key in published()["by_eye"]
        figures = [*(_figure(runs, name, key) for name in NAMES), _human(runs, key)]
        if set(figures) != {MISSING}:  # a row waits until there is something to show in it
            rows.append([title + "\N{DAGGER}" * by_eye, *figures])
    return markdown_table(["", *NAMES, "human text"], rows)


def _figure(runs: Study, name: str, key: str) -> str:
    """`1.47 (1.5)`; in the row of bits per byte `still training` until the run has ended."""
    theirs = published().get(name, {}).get(key)
    behind = "" if theirs is None else f" ({_as_published(key, theirs)})"
    if name in runs.labels:
        return cell(runs.group(name), key).text + behind
    return ("still training" if key == "bits_per_byte" else MISSING) + behind


def _as_published(key: str, value: float) -> str:
    """To the digits that were published: 1.5, 1,602, 3.23M, 68k, 2.11 %."""
    if key == "val_loss":
        return f"{value:.1f}"
    form = measure(key).form
    if form == "percent":
        return f"{100 * value:g} %"
    return f"{value:,}" if form == "count" else f"{value / 1e6:g}M" if value >= 1e6 else f"{value / 1e3:g}k"


def _human(runs: Study, key: str) -> str:
    """The same measure of real held-out text."""
    if not key.startswith("generated.") or not runs.labels:
        return MISSING
    return cell(runs.group(runs.labels[0]), key.replace("generated.", "human.", 1)).text


def published_bits_per_char(name: str) -> float:
    """Its loss per token as bits per character, by the characters of its own 500 generated tokens."""
    theirs = published()[name]
    return float(theirs["val_loss"] / LN2 / (theirs["chars_in_500_tokens"] / 500))


def fate(name: str) -> str:
    """What 8,000 updates did to one tokenizer: where it was best, where it ended, what it learnt by heart."""
    runs = long_runs()
    curve = runs.curve(name)
    steps, windows = curve["step"].to_numpy(), curve["val_bpb"].to_numpy()
    best, rise = steps[windows.argmin()], windows[-1] - windows.min()
    gap = runs.mean(name, "gap_change_bits_per_byte")
    seen = f"It went through the training text {times(runs.mean(name, 'epochs'))}"
    end = (
        f"It ended at {runs.mean(name, 'bits_per_byte'):.3f} bits per byte of validation text against"
        f" {runs.mean(name, 'train_bits_per_byte'):.3f} of training text, and the gap between the two has"
        f" {'grown' if gap > 0 else 'shrunk'} by {abs(gap):.3f} since the start."
    )
    if rise > RISE:
        return (
            f"{seen}, and was at its best at update {best:,}, with {windows.min():.3f} bits per byte of the"
            f" windows; from there on it learnt by heart, and lost {rise:.3f} again. {end}"
        )
    return f"{seen}, and was as good as ever at the end. {end}"


def overfitted() -> str:
    """Which of them learnt the text by heart: `word has overfitted: it saw the training text 60 times.`"""
    runs = long_runs()
    ends = {name: [runs.mean(name, f"bits_per_byte{at}") for at in ("", "_at_best")] for name in trained()}
    lost = [name for name, (final, best) in ends.items() if final - best > OVERFITTED]
    seen = [times(runs.mean(name, "epochs")) for name in lost]
    if len(lost) == 1:
        return f"{lost[0]} has overfitted: it saw the training text {seen[0]}."
    return f"{listed(lost)} have overfitted: they saw the training text {listed(seen)}." if lost else ""


def best_val_loss(name: str) -> float:
    """The lowest of a run's evaluations, nats per token."""
    return float(long_runs().curve(name)["val_loss"].min())


def order(key: str, of: Study | None = None) -> str:
    """The tokenizers from the lowest figure to the highest: `word (2.160), bpe (2.482) and char (3.039)`."""
    runs = of or long_runs()
    ranked = sorted(runs.labels, key=lambda label: runs.mean(label, key))
    return listed([f"{label} ({runs.shown(label, key)})" for label in ranked])
