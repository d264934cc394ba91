"""Bits per byte of each setting as bars, with the baselines. To be drawn within `style.styled()`."""

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from analysis.figures.style import INK, PAPER, SOFT, look, new_figure, plain, row_height, spread
from analysis.inference.comparisons import Comparison


def bits_figure(comparison: Comparison) -> Figure:
    """A bar per setting: tokens (the floor) solid, the residual up to the ceiling hatched; baselines as lines."""
    settings = sorted(comparison.settings, key=lambda setting: setting.mean("bits_per_byte"))
    found = [setting.estimate("bits_per_byte") for setting in settings]
    totals, halves = [bits.mean for bits in found], np.nan_to_num([bits.half for bits in found])
    floors = [setting.mean("bits_per_byte_tokens") for setting in settings]
    colours = [look(setting.tokenizer, comparison.tokenizers).colour for setting in settings]
    height, rows = row_height(len(settings)), range(len(settings))
    figure = new_figure(8.6, 1.9 + height * len(settings))
    axes = figure.subplots()
    bars: dict[str, Any] = {"height": 0.62, "linewidth": 1, "edgecolor": colours}
    doubt: dict[str, Any] = {"color": INK, "ecolor": INK, "capsize": 3, "elinewidth": 1.3, "zorder": 3}
    whole = axes.barh(rows, totals, xerr=halves, color="none", hatch="////", error_kw=doubt, **bars)
    axes.barh(rows, floors, color=colours, **bars)
    size, ground = 72 * 0.8 * height, {"color": PAPER, "pad": 0.5}
    axes.bar_label(whole, fmt="{:.3f}", padding=4, fontsize=min(9, size), bbox=ground, zorder=4)
    axes.set_yticks(rows, [plain(setting.label) for setting in settings], color=INK, fontsize=min(9.5, size))
    axes.grid(False, axis="y")
    axes.set(xlim=(0, axes.get_xlim()[1] * 1.08), ylim=(len(settings) - 0.4, -0.6))
    baseline_lines(axes, comparison)
    lossy = any(setting.lossy for setting in settings)
    hatched = "; hatched: what the tokenizer loses, charged" if lossy else ""
    axes.set_xlabel(f"bits per byte of the {comparison.text.judged} (fewer is better{hatched})", loc="right")
    return figure


def baseline_lines(axes: Axes, comparison: Comparison, vertical: bool = True) -> None:
    """A thin dotted line per baseline; with its name above the picture if the lines stand upright."""
    baselines = comparison.main_baselines
    thin: dict[str, Any] = {"color": SOFT, "linewidth": 0.9, "linestyle": (0, (1, 2))}
    if not vertical:
        for baseline in baselines:
            axes.axhline(baseline.bits_per_byte, zorder=1, **thin)
        return
    bits = [baseline.bits_per_byte for baseline in baselines]
    axes.set_xlim(0, right := max([axes.get_xlim()[1], *(1.02 * x for x in bits)]))
    for x, place, baseline in zip(bits, spread(bits, 0.034 * right), baselines, strict=True):
        axes.axvline(x, zorder=3, **thin)
        axes.annotate(plain(baseline.label), (place, 1), xycoords=("data", "axes fraction"), xytext=(0, 3),
                      textcoords="offset points", rotation=35, fontsize=8, color=SOFT)  # fmt: skip
