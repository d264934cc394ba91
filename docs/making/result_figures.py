"""The figures of docs/RESULTS.md, drawn from kept records alone, in the one look of the report."""

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from analysis.figures import AXES, curve_figure, curve_rows
from analysis.groups import Comparison
from analysis.style import INK, SOFT, label_ends, look, new_figure, plain
from analysis.surprisal import surprisal_figure
from making import budgets, original
from making.records import Study

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

THIN: dict[str, Any] = {"color": SOFT, "linewidth": 0.9, "linestyle": (0, (1, 2)), "zorder": 1}
MARKERS = {"quick-iters": "o", "quick-text": "s", "quick-flops": "^"}


def budgets_figure() -> "Figure":
    """Bits per byte at the quick size: a row per tokenizer, a mark per budget, its interval over seeds."""
    studies, labels = budgets.quick_studies(), list(reversed(budgets.labels()))
    figure = new_figure(8.6, 1.5 + 0.62 * len(labels))
    axes = figure.subplots()
    for place, study in enumerate(studies):
        for y, label in enumerate(labels):
            found = study.estimate(label, "bits_per_byte")
            axes.errorbar(
                found.mean, y + 0.2 * ((len(studies) - 1) / 2 - place), xerr=np.nan_to_num(found.half),
                color=look(label).colour, marker=MARKERS[study.name], markersize=6, capsize=3, linestyle="none",
            )  # fmt: skip
        axes.plot([], [], color=INK, marker=MARKERS[study.name], linestyle="none",
                  label=budgets.budget_head(study))  # fmt: skip
    axes.set_yticks(range(len(labels)), [plain(label) for label in labels], color=INK)
    axes.set_ylim(-0.6, len(labels) - 0.4)
    axes.grid(False, axis="y")
    upright_rulers(axes, studies[0].only)
    axes.set_xlabel("bits per byte of the validation text, all that is lost charged (fewer is better)")
    figure.legend(loc="outside upper left", ncols=1, fontsize=8.5)
    figure.set_layout_engine("constrained")
    return figure


def quick_curves_figure() -> "Figure":
    """The quick size under equal updates, against the characters seen: bands over seeds, rulers dotted."""
    study = budgets.quick_studies()[0]
    chars = next(axis for axis in AXES if axis.key == "chars")
    return curve_figure(study.only, curve_rows(study.only, study.metrics), chars)


def upright_rulers(axes: "Axes", comparison: Comparison) -> None:
    """A thin dotted line per ruler, its name above the picture."""
    for ruler in comparison.main_rulers:
        axes.axvline(ruler.bits_per_byte, **THIN)
        axes.annotate(plain(ruler.label), (ruler.bits_per_byte, 1), xycoords=("data", "axes fraction"),
                      xytext=(0, 3), textcoords="offset points", rotation=30, fontsize=8, color=SOFT)  # fmt: skip


def curves_figure() -> "Figure":
    """The long runs: bits per byte on validation and training windows, and how the gap between them grows."""
    figure = new_figure(9.6, 4.6)
    race, gap = figure.subplots(1, 2, width_ratios=(3, 2))
    _race(race, original.long_runs())
    _gaps(gap, original.long_runs())
    for axes in (race, gap):
        axes.set_xlabel("updates")
        axes.set_xlim(0, original.UPDATES)
        axes.xaxis.set_major_formatter("{x:,.0f}")
    return figure


def _race(axes: "Axes", runs: Study) -> None:
    """Validation thick, training thin, the best evaluation marked, rulers dotted."""
    ends = [(ruler.bits_per_byte, ruler.label, SOFT) for ruler in runs.only.main_rulers]
    for y, _, _ in ends:
        axes.axhline(y, **THIN)
    for name in original.trained():
        rows, shape = runs.curve(name), look(name)
        axes.plot(rows["step"], rows["val_bpb"], color=shape.colour, linestyle=shape.dash)
        axes.plot(rows["step"], rows["train_bpb"], color=shape.colour, linewidth=0.9, alpha=0.75)
        best = rows.iloc[[int(rows["val_bpb"].to_numpy().argmin())]]
        axes.plot(best["step"], best["val_bpb"], color=shape.colour, marker=shape.marker, markersize=7,
                  markerfacecolor="white", zorder=4)  # fmt: skip
        ends.append((float(rows["val_bpb"].iloc[-1]), name, shape.colour))
    _limits(axes, runs)
    low, high = axes.get_ylim()
    label_ends(axes, [end for end in ends if low <= end[0] <= high])
    axes.set_title("Validation (thick), training (thin), best marked")
    axes.set_ylabel("bits per byte, evaluation windows")


def _gaps(axes: "Axes", runs: Study) -> None:
    ends = []
    for name in original.trained():
        rows, shape = runs.curve(name), look(name)
        change = gap_change(runs, name, rows)
        axes.plot(rows["step"], change, color=shape.colour, linestyle=shape.dash)
        ends.append((float(change.iloc[-1]), name, shape.colour))
    axes.axhline(0, color=SOFT, linewidth=0.9)
    label_ends(axes, ends)
    axes.set_title("Gap between the two since the start")
    axes.set_ylabel("bits per byte")


def gap_change(runs: Study, name: str, rows: pd.DataFrame) -> pd.Series:
    """How much the gap has grown since the first evaluation, in bits per byte (docs/METRICS.md), per row."""
    gap = rows["val_loss"] - rows["train_loss"]
    per_byte = runs.mean(name, "val_tokens") / runs.record(name)["corpus"]["val_bytes"]
    return (gap - gap.iloc[0]) / original.LN2 * per_byte


def _limits(axes: "Axes", runs: Study) -> None:
    """The race and not the start: from the lowest curve to the hundreds of the first updates."""
    curves = [runs.curve(name) for name in original.trained()]
    shown = [c[column] for c in curves for column in ("val_bpb", "train_bpb")]
    low = min(float(values.min()) for values in shown)
    high = max(float(c["val_bpb"].iloc[min(2, len(c) - 1) :].max()) for c in curves)
    axes.set_ylim(low - 0.05 * (high - low), high + 0.05 * (high - low))


def surprisal() -> "Figure":
    """The second passage as the lowest seed of each tokenizer reads it: the long runs, once all have ended."""
    study = budgets.measured()
    return surprisal_figure(
        {label: study.folders(label)[0].passages()[1] for label in study.labels}, lines=12
    )
