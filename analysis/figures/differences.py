"""Differences between settings, each with its two intervals. To be drawn within `style.styled()`."""

from typing import TYPE_CHECKING

import pandas as pd

from analysis.figures.style import INK, PAIR, SOFT, new_figure, plain, row_height
from analysis.inference.comparisons import Comparison

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def verdict_figure(comparison: Comparison) -> "Figure":
    """Every pair's difference with both its intervals, over seeds and within the passage; grey: not ranked."""
    import seaborn as sns

    pairs = {plain(f"{v.a} over {v.b}", 60): v for v in comparison.conclusion.verdicts if v.seeds or v.text}
    rows = pd.DataFrame([
        {"pair": pair, "doubt": doubt, "ranked": bool(verdict.winner), "lead": bits}
        for pair, verdict in pairs.items()
        for doubt, found in (("over seeds", verdict.seeds), ("within this passage", verdict.text)) if found
        for bits in (found.low, found.value, found.high)
    ])  # fmt: skip
    figure = new_figure(8.6, 1.6 + row_height(len(pairs), 0.46) * len(pairs))
    axes = figure.subplots()
    for ranked, colours in ((True, PAIR), (False, (SOFT, SOFT))):
        sns.pointplot(
            rows[rows["ranked"] == ranked], x="lead", y="pair", hue="doubt", order=[*pairs],
            hue_order=["over seeds", "within this passage"], palette=colours, markers=["o", "D"],
            estimator="median", errorbar=("pi", 100), dodge=0.3, linestyle="none", capsize=0.12,
            markersize=5, linewidth=1.5, legend=ranked, ax=axes,
        )  # fmt: skip
    axes.axvline(0, color=SOFT, linewidth=1)
    axes.grid(False, axis="y")
    axes.tick_params(axis="y", labelcolor=INK, labelsize=min(9.5, 72 * 0.8 * row_height(len(pairs))))
    axes.set(xlabel="lead in bits per byte (grey: not ranked)", ylabel="", ylim=(len(pairs) - 0.4, -0.6))
    sns.move_legend(axes, "lower left", bbox_to_anchor=(0, 1), ncol=2, title="")
    return figure
