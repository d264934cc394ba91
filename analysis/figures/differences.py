"""Differences between settings: how sure they are, what they are made of. To be drawn within `style.styled()`."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.figure import Figure

from analysis.figures.style import BLUE, INK, PALETTE, PAPER, SOFT, look, new_figure, plain, row_height
from analysis.inference.comparisons import Comparison
from analysis.records.measures import measure
from analysis.tables.tokenizers import part_keys


def verdict_figure(comparison: Comparison) -> Figure:
    """Every pair's difference with both its intervals: over seeds, and within the passage."""
    verdicts = [v for v in comparison.conclusion.verdicts if v.seeds or v.text]
    figure = new_figure(8.6, 1.6 + row_height(len(verdicts), 0.46) * len(verdicts))
    axes = figure.subplots()
    for label, found, beside, fmt, colour in (
        ("over seeds", [v.seeds for v in verdicts], -0.15, "o", INK),
        ("within this passage", [v.text for v in verdicts], 0.15, "D", BLUE),
    ):
        leads = [difference.value if difference else np.nan for difference in found]
        halves = [difference.half if difference else np.nan for difference in found]
        axes.errorbar(
            leads, np.arange(len(found)) + beside, xerr=halves, fmt=fmt, color=colour, capsize=3, label=label
        )
    axes.axvline(0, color=SOFT, linewidth=1)
    axes.grid(False, axis="y")
    names = [plain(f"{v.a} over {v.b}{'' if v.winner else ' (not ranked)'}", 70) for v in verdicts]
    size = min(9.5, 72 * 0.8 * row_height(len(verdicts)))
    axes.set_yticks(range(len(verdicts)), names, color=INK, fontsize=size)
    axes.set(xlabel="lead in bits per byte", ylabel="", ylim=(len(verdicts) - 0.4, -0.6))
    axes.legend(loc="lower right", bbox_to_anchor=(1, 1), ncol=2)
    return figure


def perturbed_figure(comparison: Comparison, keys: Sequence[str]) -> Figure:
    """By how much mistakes in the text raise the bits per byte of each tokenizer at its best; a row per kind."""
    contenders = comparison.contenders
    figure = new_figure(8.6, 1.4 + (0.25 + row_height(len(contenders), 0.2) * len(contenders)) * len(keys))
    axes = figure.subplots()
    for i, setting in enumerate(contenders):
        own, rises = look(setting.tokenizer, comparison.tokenizers), [setting.estimate(key) for key in keys]
        places = np.arange(len(keys)) + 0.7 * ((i + 0.5) / len(contenders) - 0.5)
        means, halves = [rise.mean for rise in rises], np.nan_to_num([rise.half for rise in rises])
        label = plain(comparison.called(setting))
        axes.errorbar(means, places, xerr=halves, fmt=own.marker, color=own.colour, capsize=3, label=label)
    axes.axvline(0, color=SOFT, linewidth=1)
    axes.grid(False, axis="y")
    axes.set_yticks(range(len(keys)), [measure(key).label for key in keys], color=INK)
    axes.set(xlabel="bits per byte more, with mistakes in the text", ylim=(len(keys) - 0.4, -0.6))
    axes.legend(fontsize=8.5)
    return figure


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
    for part, own in zip(rows, PALETTE, strict=False):  # colours that the page has in both themes
        more = rows[part] > 0
        start = (right[part] - rows[part]).where(more, left[part] - rows[part])
        sns.barplot(x=[*rows[part]], y=range(len(rows)), orient="y", left=start, color=own.colour,
                    saturation=1, edgecolor=PAPER, width=0.6, errorbar=None, label=part, ax=axes)  # fmt: skip
    axes.plot(rows.sum(axis=1), range(len(rows)), "D", color=INK, markeredgecolor=PAPER, label="in all")
    axes.axvline(0, color=SOFT, linewidth=1)
    axes.grid(False, axis="y")
    best = min(comparison.contenders, key=lambda s: s.mean("bits_per_byte")).label
    axes.set_yticks(range(len(rows)), [plain(label) for label in rows.index], color=INK)
    axes.set(xlabel=f"bits per byte more than {plain(best)}", ylabel="", ylim=(len(rows) - 0.4, -0.6))
    axes.legend(loc="lower left", bbox_to_anchor=(0, 1), ncol=5, fontsize=8)
    return figure
