"""Differences between settings, each with its two intervals. To be drawn within `style.styled()`."""

from typing import TYPE_CHECKING

from analysis.figures.style import INK, PAIR, SOFT, new_figure, plain, row_height
from analysis.inference.comparisons import Comparison

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def verdict_figure(comparison: Comparison) -> "Figure":
    """Every pair's difference with both its intervals: over seeds, and within the passage."""
    verdicts = [v for v in comparison.conclusion.verdicts if v.seeds or v.text]
    figure = new_figure(8.6, 1.6 + row_height(len(verdicts), 0.46) * len(verdicts))
    axes = figure.subplots()
    both = (("over seeds", "o", -0.15, "seeds"), ("within this passage", "D", 0.15, "text"))
    for (label, marker, beside, of), colour in zip(both, PAIR, strict=True):
        found = [(y + beside, own) for y, v in enumerate(verdicts) if (own := getattr(v, of))]
        axes.errorbar(
            [own.value for _, own in found], [y for y, _ in found], xerr=[own.half for _, own in found],
            label=label, color=colour, marker=marker, markersize=5, linestyle="none", linewidth=1.5, capsize=3,
        )  # fmt: skip
    axes.axvline(0, color=SOFT, linewidth=1)
    axes.grid(False, axis="y")
    names = [plain(f"{v.a} over {v.b}{'' if v.winner else ' (not ranked)'}", 70) for v in verdicts]
    axes.set_yticks(
        range(len(verdicts)), names, color=INK, fontsize=min(9.5, 72 * 0.8 * row_height(len(verdicts)))
    )
    axes.set(xlabel="lead in bits per byte", ylabel="", ylim=(len(verdicts) - 0.4, -0.6))
    axes.legend(loc="lower left", bbox_to_anchor=(0, 1), ncol=2)
    return figure
