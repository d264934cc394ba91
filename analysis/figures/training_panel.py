"""Four pictures of one run: losses, gradient norm, learning rate, change of the validation loss."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from analysis.figures.style import INK, SOFT, look, new_figure, plain, styled
from numpygpt.files import replacing
from numpygpt.runs import RunFolder

COLUMNS = ("kind", "step", "loss", "train_loss", "val_loss", "grad_norm", "lr", "clipped")
# Columns of the metrics -> label or title.
LINES = {"loss": "training batch", "train_loss": "training windows", "val_loss": "validation windows"}


def draw_curves(folder: RunFolder) -> Path:
    """Writes curves.png from metrics.jsonl, whatever the run has logged so far; returns its path.

    Raises RunDamaged if the metrics cannot be read.
    """
    rows = folder.metrics()
    config = folder.run()["config"]
    with styled(), replacing(folder.curves_path) as temporary:
        figure = panel(rows, folder.name, str((config.get("tokenizer") or {}).get("kind", "")))
        figure.savefig(temporary, format="png", metadata={"Software": None})
    return folder.curves_path


def panel(rows: Sequence[dict[str, Any]], title: str, tokenizer: str = "") -> Figure:
    """The figure for the rows of one metrics.jsonl; to be drawn within `styled()`."""
    table = pd.DataFrame(rows).reindex(columns=COLUMNS)
    figure, colour = new_figure(9.6, 6.4), look(tokenizer).colour
    (losses, norm), (rate, change) = figure.subplots(2, 2)
    _losses(losses, table, colour)
    for axes, key in ((norm, "grad_norm"), (rate, "lr")):
        sns.lineplot(table, x="step", y=key, estimator=None, color=colour, linewidth=1.2, ax=axes)
        axes.set_ylim(bottom=0)
        axes.ticklabel_format(axis="y", style="sci", scilimits=(-2, 5))
    _mark_clipped(norm, table[table["kind"] == "train"])
    _change(change, table.dropna(subset="val_loss"), colour)
    titles = ("Loss, nats per token", "Gradient norm, before clipping", "Learning rate",
              "Change of validation loss per evaluation")  # fmt: skip
    for axes, words in zip((losses, norm, rate, change), titles, strict=True):
        axes.set(xlabel="update", ylabel="", title=words, xlim=(0, max(1, table["step"].max())))
    figure.suptitle(plain(title), x=0.01, ha="left", fontsize=11, color=INK)
    return figure


def _losses(axes: Axes, table: pd.DataFrame, colour: str) -> None:
    long = table.rename(columns=LINES).melt("step", [*LINES.values()], "of", "nats").dropna()
    if long.empty:
        return
    order: dict[str, Any] = {f"{by}_order": [*LINES.values()] for by in ("hue", "style", "size")}
    looks = {"palette": [SOFT, INK, colour], "dashes": ["", (4, 1.5), ""], "sizes": [0.6, 1.3, 2.0]}
    sns.lineplot(
        long, x="step", y="nats", hue="of", style="of", size="of", estimator=None, ax=axes,
        marker="o", markevery=[-1], markersize=4, markeredgewidth=0, **order, **looks,
    )  # fmt: skip
    axes.legend(fontsize=8.5)


def _mark_clipped(axes: Axes, steps: pd.DataFrame) -> None:
    """A tick at the bottom for each logged step that was clipped."""
    clipped = steps[steps["clipped"].eq(True)]
    if len(clipped):
        share = f"clipped: {100 * len(clipped) / len(steps):.0f} % of the logged steps"
        axes.plot(
            clipped["step"], 0 * clipped["step"], "|", color=INK, markersize=7, clip_on=False, label=share
        )
        axes.legend(fontsize=8.5)


def _change(axes: Axes, evaluations: pd.DataFrame, colour: str) -> None:
    """val_loss minus that of the evaluation before: below zero the model still learns."""
    axes.axhline(0, color=SOFT, linewidth=0.9)
    step, change = evaluations["step"].to_numpy(), np.diff(evaluations["val_loss"])
    middles, widths = (step[1:] + step[:-1]) / 2, 0.7 * np.diff(step)  # the last interval may be a short one
    axes.bar(middles, change, widths, color=colour)
    if len(change) > 4:  # the first drops are so deep that they would hide all others: they are cut off
        lowest = min(1.6 * float(np.quantile(change, 0.25)), 0) - 1e-9
        axes.set_ylim(lowest, max(0.0, float(change.max())) * 1.15 - lowest * 0.05)
