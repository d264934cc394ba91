"""Differences between settings, each with its two intervals. To be drawn within `style.styled()`."""

from typing import TYPE_CHECKING

from analysis.figures.style import INK, SOFT, new_figure, plain, row_height
from analysis.inference.comparisons import Comparison

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def verdict_figure(comparison: Comparison) -> "Figure":
    """Every pair's difference with both its intervals: over seeds (solid), within the passage (open)."""
    verdicts = [v for v in reversed(comparison.conclusion.verdicts) if v.seeds or v.text]
    figure = new_figure(8.6, 1.3 + row_height(len(verdicts), 0.46) * len(verdicts))
    axes = figure.subplots()
    for ranked, colour in ((True, INK), (False, SOFT)):
        chosen = [(y, v) for y, v in enumerate(verdicts) if bool(v.winner) is ranked]
        seeds = [(v.seeds.value, y + 0.13, v.seeds.half) for y, v in chosen if v.seeds]
        text = [(v.text.value, y - 0.13, v.text.half) for y, v in chosen if v.text]
        for dots, fill, width in ((seeds, colour, 1.8), (text, "white", 1.1)):
            if dots:
                x, y, half = zip(*dots, strict=True)
                axes.errorbar(x, y, xerr=half, color=colour, marker="o", markerfacecolor=fill, capsize=3,
                              linestyle="none", elinewidth=width)  # fmt: skip
    size = min(9.5, 72 * 0.8 * row_height(len(verdicts)))
    axes.set_yticks(
        range(len(verdicts)), [plain(f"{v.a} over {v.b}") for v in verdicts], color=INK, fontsize=size
    )
    axes.set_ylim(-0.6, len(verdicts) - 0.4)
    axes.axvline(0, color=SOFT, linewidth=1)
    axes.grid(False, axis="y")
    axes.set_xlabel(
        "lead in bits per byte (full dot: over seeds; open dot: within this passage; grey: not ranked)"
    )
    return figure
