"""Differences between settings, each with its two intervals. To be drawn within `style.styled()`."""

from typing import TYPE_CHECKING

import pandas as pd

from analysis.figures.style import INK, PAIR, SOFT, new_figure, plain, row_height, tidy_legend
from analysis.inference.comparisons import Comparison

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def verdict_figure(comparison: Comparison) -> "Figure":
    """Every pair's difference with both its intervals: over seeds, and within the passage."""
    import seaborn as sns

    verdicts = [v for v in comparison.conclusion.verdicts if v.seeds or v.text]
    rows = pd.DataFrame([
        {"pair": pair, "of": name, "lead": bits}
        for pair, verdict in enumerate(verdicts)
        for name, found in (("over seeds", verdict.seeds), ("within this passage", verdict.text)) if found
        for bits in (found.low, found.value, found.high)
    ])  # fmt: skip
    figure = new_figure(8.6, 1.6 + row_height(len(verdicts), 0.46) * len(verdicts))
    axes = figure.subplots()
    sns.pointplot(
        rows, x="lead", y="pair", hue="of", order=range(len(verdicts)), orient="y",
        hue_order=["over seeds", "within this passage"], palette=PAIR, markers=["o", "D"],
        estimator="median", errorbar=("pi", 100),  # of three numbers: the middle one, from the least to the largest
        dodge=0.3, linestyle="none", capsize=0.12, markersize=5, linewidth=1.5, ax=axes,
    )  # fmt: skip
    axes.axvline(0, color=SOFT, linewidth=1)
    axes.grid(False, axis="y")
    names = [plain(f"{v.a} over {v.b}{'' if v.winner else ' (not ranked)'}", 70) for v in verdicts]
    axes.set_yticks(
        range(len(verdicts)), names, color=INK, fontsize=min(9.5, 72 * 0.8 * row_height(len(verdicts)))
    )
    axes.set(xlabel="lead in bits per byte", ylabel="", ylim=(len(verdicts) - 0.4, -0.6))
    tidy_legend(axes, loc="lower left", bbox_to_anchor=(0, 1), ncol=2)
    return figure
