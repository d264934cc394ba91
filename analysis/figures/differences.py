"""Differences between settings, each with its two intervals. To be drawn within `style.styled()`."""

from typing import Any

import pandas as pd
import seaborn as sns
from matplotlib.figure import Figure

from analysis.figures.style import INK, PAIR, SOFT, new_figure, plain, row_height
from analysis.inference.comparisons import Comparison


def verdict_figure(comparison: Comparison) -> Figure:
    """Every pair's difference with both its intervals: over seeds, and within the passage."""
    verdicts = [v for v in comparison.conclusion.verdicts if v.seeds or v.text]
    rows = pd.DataFrame([
        {"of": of, "place": place + beside, "lead": found.value, "half": found.half}
        for place, v in enumerate(verdicts)
        for of, beside, found in (("over seeds", -0.15, v.seeds), ("within this passage", 0.15, v.text)) if found
    ])  # fmt: skip
    colours = dict(zip(("over seeds", "within this passage"), PAIR, strict=True))
    figure = new_figure(8.6, 1.6 + row_height(len(verdicts), 0.46) * len(verdicts))
    axes = figure.subplots()
    for of, own in rows.groupby("of"):
        bars: dict[str, Any] = {"xerr": own["half"], "color": colours[str(of)], "capsize": 3}
        axes.errorbar(own["lead"], own["place"], fmt="none", **bars)
    sns.scatterplot(rows, x="lead", y="place", hue="of", style="of", palette=colours, hue_order=[*colours],
                    style_order=[*colours], markers=["o", "D"], s=45, zorder=3, ax=axes)  # fmt: skip
    axes.axvline(0, color=SOFT, linewidth=1)
    axes.grid(False, axis="y")
    names = [plain(f"{v.a} over {v.b}{'' if v.winner else ' (not ranked)'}", 70) for v in verdicts]
    size = min(9.5, 72 * 0.8 * row_height(len(verdicts)))
    axes.set_yticks(range(len(verdicts)), names, color=INK, fontsize=size)
    axes.set(xlabel="lead in bits per byte", ylabel="", ylim=(len(verdicts) - 0.4, -0.6))
    sns.move_legend(axes, "lower right", bbox_to_anchor=(1, 1), ncol=2, title="")
    return figure
