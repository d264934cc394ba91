"""The 2x2 panel of one run: losses, gradient norm, learning rate, change of validation loss per evaluation."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from analysis.figures.style import INK, SOFT, look, new_figure, plain, styled
from numpygpt.runs import RunFolder

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Rows = Sequence[dict[str, Any]]


def draw_curves(folder: RunFolder) -> Path:
    """Writes curves.png from metrics.jsonl, whatever the run has logged so far; returns its path.

    Raises RunDamaged if the metrics cannot be read. 0.5 s, of which most goes into loading matplotlib.
    """
    rows = folder.metrics()
    config = folder.run()["config"]
    with styled():
        figure = panel(rows, folder.name, str((config.get("tokenizer") or {}).get("kind", "")))
        partial = folder.curves_path.with_name(".curves.png.tmp")
        figure.savefig(partial, format="png", metadata={"Software": None})
    partial.replace(folder.curves_path)
    return folder.curves_path


def panel(rows: Rows, title: str, tokenizer: str = "") -> "Figure":
    """The figure for the rows of one metrics.jsonl; to be drawn within `styled()`."""
    steps = [row for row in rows if row["kind"] == "train"]
    evaluations = [row for row in rows if row["kind"] == "eval"]
    figure = new_figure(9.6, 6.4)
    (losses, norm), (rate, change) = figure.subplots(2, 2)
    colour = look(tokenizer).colour
    _losses(losses, steps, evaluations, colour)
    _line(norm, steps, "grad_norm", "Gradient norm, before clipping", colour)
    _mark_clipped(norm, steps)
    _line(rate, steps, "lr", "Learning rate", colour)
    _change(change, evaluations, colour)
    for axes in (losses, norm, rate, change):
        axes.set_xlabel("update")
        axes.set_xlim(left=0)
    figure.suptitle(plain(title), x=0.01, ha="left", fontsize=11, color=INK)
    return figure


def _xy(rows: Rows, key: str) -> tuple[np.ndarray, np.ndarray]:
    pairs = [(row["step"], row[key]) for row in rows if row.get(key) is not None]
    x, y = np.array(pairs, dtype=float).reshape(-1, 2).T
    return x, y


def _losses(axes: "Axes", steps: Rows, evaluations: Rows, colour: str) -> None:
    axes.plot(*_xy(steps, "loss"), color=SOFT, alpha=0.45, linewidth=0.8, label="training batch")
    axes.plot(
        *_xy(evaluations, "train_loss"), color=SOFT, marker=".", linestyle="--", label="training windows"
    )
    axes.plot(
        *_xy(evaluations, "val_loss"), color=colour, marker="o", markersize=3.5, label="validation windows"
    )
    axes.set_title("Loss, nats per token")
    axes.legend(fontsize=8.5)


def _line(axes: "Axes", rows: Rows, key: str, title: str, colour: str) -> None:
    axes.plot(*_xy(rows, key), color=colour, linewidth=1.2)
    axes.set_title(title)
    axes.set_ylim(bottom=0)
    axes.ticklabel_format(axis="y", style="sci", scilimits=(-2, 5))


def _mark_clipped(axes: "Axes", rows: Rows) -> None:
    """A tick at the bottom for each logged step that was clipped."""
    clipped = [row["step"] for row in rows if row.get("clipped")]
    if clipped:
        share = 100 * len(clipped) / len(rows)
        axes.plot(clipped, np.zeros(len(clipped)), "|", color=INK, markersize=7, clip_on=False,
                  label=f"clipped: {share:.0f} % of the logged steps")  # fmt: skip
        axes.legend(fontsize=8.5)


def _change(axes: "Axes", evaluations: Rows, colour: str) -> None:
    """val_loss minus that of the evaluation before: below zero the model still learns."""
    x, y = _xy(evaluations, "val_loss")
    axes.axhline(0, color=SOFT, linewidth=0.9)
    if len(x) > 1:
        change = np.diff(y)
        middles, widths = (x[1:] + x[:-1]) / 2, 0.7 * np.diff(x)  # the last interval may be a short one
        worse = change > 0
        axes.bar(middles[~worse], change[~worse], widths[~worse], color=colour)
        axes.bar(middles[worse], change[worse], widths[worse], color="white", edgecolor=colour, hatch="////",
                 label="worse")  # fmt: skip
        if worse.any():
            axes.legend(fontsize=8.5)
        if len(change) > 4:  # the first drops are so deep that they would hide all others
            lowest = min(1.6 * float(np.quantile(change, 0.25)), 0) - 1e-9
            axes.set_ylim(lowest, max(0.0, float(change.max())) * 1.15 - lowest * 0.05)
            for at, cut in zip(middles, change, strict=True):
                if cut < lowest:
                    axes.text(at, 0.97 * lowest, f"{cut:.2g}", rotation=90, ha="center", va="bottom",
                              color=INK, fontsize=8, backgroundcolor="#ffffffcc")  # fmt: skip
    axes.set_title("Change of validation loss per evaluation")
