"""Bars: bits per byte of each setting, and where its parameters are. To be drawn within `style.styled()`."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from analysis.figures.style import INK, PAPER, SOFT, looks, new_figure, plain, row_height, spread
from analysis.inference.comparisons import Comparison
from analysis.records.collect import Floats

FEW = 16  # up to so many bars, their figures stand on white


def _rows(comparison: Comparison) -> pd.DataFrame:
    """One row per setting: label, tokenizer, and the mean of what the bars show."""
    keys = ("bits_per_byte", "bits_per_byte_tokens", "n_params_body", "n_params_embedding")
    return pd.DataFrame([
        {"label": plain(s.label), "tokenizer": plain(s.tokenizer), **{key: s.mean(key) for key in keys},
         "half": np.nan_to_num(s.estimate("bits_per_byte").half)}
        for s in comparison.settings
    ])  # fmt: skip


def _bars(axes: Axes, comparison: Comparison, rows: pd.DataFrame, solid: Floats, whole: Floats) -> None:
    """A solid bar over a hatched one per row, in its tokenizer's colour, with its name; the first row on top."""
    bars: dict[str, Any] = {
        "y": rows.index, "orient": "y", "hue": "tokenizer", "palette": looks(comparison.tokenizers)["palette"],
        "width": 0.62, "errorbar": None, "legend": False, "ax": axes,
    }  # fmt: skip
    sns.barplot(rows, x=whole, fill=False, hatch="////", linewidth=1, **bars)
    sns.barplot(rows, x=solid, saturation=1, linewidth=0, **bars)
    size = min(9.5, 72 * 0.8 * row_height(len(rows)))
    axes.set_yticks(range(len(rows)), rows["label"], color=INK, fontsize=size)
    axes.grid(False, axis="y")
    axes.set(ylabel="", ylim=(len(rows) - 0.4, -0.6))


def _at_ends(axes: Axes, ends: Floats, texts: Sequence[str]) -> None:
    """A text behind each bar. The limits leave room: no need to lay them out."""
    size = min(9.0, 72 * 0.8 * row_height(len(texts)))
    ground = {"color": PAPER, "pad": 0.5} if len(texts) <= FEW else None
    for y, (x, text) in enumerate(zip(ends + 0.012 * float(np.max(ends)), texts, strict=True)):
        axes.text(x, y, text, zorder=4, va="center", fontsize=size, bbox=ground, in_layout=False)


def bits_figure(comparison: Comparison) -> Figure:
    """A bar per setting: tokens (the floor) solid, the residual up to the ceiling hatched; baselines as lines."""
    rows = _rows(comparison).sort_values("bits_per_byte", ignore_index=True)
    figure = new_figure(8.6, 1.9 + row_height(len(rows)) * len(rows))
    axes = figure.subplots()
    totals, halves = rows["bits_per_byte"].to_numpy(), rows["half"].to_numpy()
    _bars(axes, comparison, rows, rows["bits_per_byte_tokens"].to_numpy(), totals)
    axes.errorbar(totals, rows.index, xerr=halves, color=INK, capsize=3, linewidth=1.3, linestyle="none")
    _at_ends(axes, totals + halves, [f"{total:.3f}" for total in totals])
    axes.set_xlim(0, axes.get_xlim()[1] * 1.08)
    baseline_lines(axes, comparison)
    lossy = any(s.lossy for s in comparison.settings)
    hatched = "; hatched: what the tokenizer loses, charged" if lossy else ""
    axes.set_xlabel(f"bits per byte of the validation text (fewer is better{hatched})", loc="right")
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


def parameter_figure(comparison: Comparison) -> Figure:
    """Embedding-related parameters against the body."""
    rows = _rows(comparison)
    figure = new_figure(8.6, 1.2 + row_height(len(rows)) * len(rows))
    axes = figure.subplots()
    body, embedding = (rows[f"n_params_{part}"].to_numpy() / 1e6 for part in ("body", "embedding"))
    whole, shares = body + embedding, 100 * embedding / (body + embedding)
    _bars(axes, comparison, rows, body, whole)
    _at_ends(axes, whole, [f"{p:.3g} M, {s:.3g} %" for p, s in zip(whole, shares, strict=True)])
    axes.set_xlim(0, axes.get_xlim()[1] * 1.25)
    axes.set_xlabel("parameters, millions (solid: body; hatched, and in percent: embedding-related)")
    return figure
