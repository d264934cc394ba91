"""What the difference between two tokenizers is made of. To be drawn within `style.styled()`."""

import pandas as pd
import seaborn as sns
from matplotlib.figure import Figure

from analysis.figures.style import INK, PALETTE, PAPER, SOFT, new_figure, plain, row_height
from analysis.inference.comparisons import Comparison
from analysis.tables.parts import part_keys


def part_differences(comparison: Comparison, way: str) -> pd.DataFrame:
    """A row per contender but the lowest one, a column per part: by how many bits per byte it needs more there.

    A row sums to the difference of the bits per byte. Empty unless all have recorded their parts.
    """
    contenders = sorted(comparison.contenders, key=lambda s: s.mean("bits_per_byte"))
    keys = part_keys(contenders[0], way)
    bits = pd.DataFrame(
        {part: [s.mean(key) for s in contenders] for part, key in keys.items()}, [s.label for s in contenders]
    )
    return (bits - bits.iloc[0]).iloc[1:] if keys and bits.notna().all(axis=None) else pd.DataFrame()


def part_figure(comparison: Comparison, way: str) -> Figure:
    """A bar per contender, stacked from what each part adds (rightward) or saves (leftward); the dot is the sum."""
    rows = part_differences(comparison, way)
    figure = new_figure(8.6, 1.7 + row_height(len(rows), 0.5) * len(rows))
    axes = figure.subplots()
    right, left = rows.clip(lower=0).cumsum(axis=1), rows.clip(upper=0).cumsum(axis=1)
    for part, look in zip(rows, PALETTE, strict=False):  # colours that the page has in both themes
        more = rows[part] > 0
        start = (right[part] - rows[part]).where(more, left[part] - rows[part])
        sns.barplot(x=[*rows[part]], y=range(len(rows)), orient="y", left=start, color=look.colour,
                    saturation=1, edgecolor=PAPER, width=0.6, errorbar=None, label=part, ax=axes)  # fmt: skip
    axes.plot(rows.sum(axis=1), range(len(rows)), "D", color=INK, markeredgecolor=PAPER, label="in all")
    axes.axvline(0, color=SOFT, linewidth=1)
    axes.grid(False, axis="y")
    best = min(comparison.contenders, key=lambda s: s.mean("bits_per_byte")).label
    axes.set_yticks(range(len(rows)), [plain(label) for label in rows.index], color=INK)
    axes.set(xlabel=f"bits per byte more than {plain(best)}", ylabel="", ylim=(len(rows) - 0.4, -0.6))
    axes.legend(loc="lower left", bbox_to_anchor=(0, 1), ncol=5, fontsize=8)
    return figure
