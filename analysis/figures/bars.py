"""Bars: bits per byte of each setting, and where its parameters are. To be drawn within `style.styled()`."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from analysis.figures.style import INK, SOFT, look, new_figure, plain, row_height
from analysis.inference.comparisons import Comparison
from analysis.inference.estimates import estimate_of
from analysis.records.collect import Floats
from analysis.records.settings import Setting

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

FEW = 16  # up to so many bars, their figures stand on white


def _bars(
    axes: "Axes", comparison: Comparison, settings: Sequence[Setting], solid: Floats, hatched: Floats
) -> None:
    """A solid and behind it a hatched bar per setting, in its colour, and its name."""
    colours = [look(s.tokenizer, comparison.tokenizers).colour for s in settings]
    y = np.arange(len(settings))
    axes.barh(y, solid, 0.62, color=colours)
    axes.barh(y, hatched, 0.62, left=solid, facecolor="white", edgecolor=colours, hatch="////")
    size = min(9.5, 72 * 0.8 * row_height(len(settings)))
    axes.set_yticks(y, [plain(s.label) for s in settings], color=INK, fontsize=size)
    axes.grid(False, axis="y")
    axes.set_ylim(-0.6, len(settings) - 0.4)


def _at_ends(axes: "Axes", ends: Floats, texts: Sequence[str]) -> None:
    """A text behind each bar. The limits leave room: no need to lay them out."""
    size = min(9.0, 72 * 0.8 * row_height(len(texts)))
    ground = {"color": "white", "pad": 0.5} if len(texts) <= FEW else None
    for y, (x, text) in enumerate(zip(ends + 0.012 * float(np.max(ends)), texts, strict=True)):
        label = axes.text(x, y, plain(text, 80), zorder=4, va="center", fontsize=size, bbox=ground)
        label.set_in_layout(False)


def bits_figure(comparison: Comparison) -> "Figure":
    """A bar per setting: tokens (the floor) solid, the residual up to the ceiling hatched; baselines as lines."""
    settings = sorted(comparison.settings, key=lambda s: -s.values("bits_per_byte").mean())
    figure = new_figure(8.6, 1.9 + row_height(len(settings)) * len(settings))
    axes = figure.subplots()
    found = [estimate_of(s, "bits_per_byte") for s in settings]
    totals, halves = np.array([e.mean for e in found]), np.nan_to_num([e.half for e in found])
    floors = np.array([s.values("bits_per_byte_tokens").mean() for s in settings])
    _bars(axes, comparison, settings, floors, np.maximum(totals - floors, 0))
    axes.errorbar(
        totals, np.arange(len(settings)), xerr=halves, color=INK, capsize=3, linewidth=1.3, linestyle="none"
    )
    _at_ends(axes, totals + halves, [f"{total:.3f}" for total in totals])
    axes.set_xlim(0, axes.get_xlim()[1] * 1.08)
    baseline_lines(axes, comparison)
    hatched = "; hatched: what the tokenizer loses, charged" if any(s.lossy for s in settings) else ""
    axes.set_xlabel(f"bits per byte of the validation text (fewer is better{hatched})")
    return figure


def baseline_lines(axes: "Axes", comparison: Comparison, vertical: bool = True) -> None:
    """A thin dotted line per baseline; with its name above the picture if the lines stand upright."""
    baselines = comparison.main_baselines
    thin: dict[str, Any] = {"color": SOFT, "linewidth": 0.9, "linestyle": (0, (1, 2))}
    if not vertical:
        for baseline in baselines:
            axes.axhline(baseline.bits_per_byte, zorder=1, **thin)
        return
    low, high = axes.get_xlim()
    axes.set_xlim(low, max([high, *(1.02 * b.bits_per_byte for b in baselines)]))
    for baseline in baselines:
        axes.axvline(baseline.bits_per_byte, zorder=3, **thin)
        axes.annotate(plain(baseline.label), (baseline.bits_per_byte, 1), xycoords=("data", "axes fraction"),
                      xytext=(0, 3), textcoords="offset points", rotation=35, fontsize=8, color=SOFT)  # fmt: skip


def parameter_figure(comparison: Comparison) -> "Figure":
    """Embedding-related parameters against the body."""
    settings = list(reversed(comparison.settings))
    figure = new_figure(8.6, 1.2 + row_height(len(settings)) * len(settings))
    axes = figure.subplots()
    body, embedding = (
        np.array([s.values(key).mean() for s in settings]) / 1e6
        for key in ("n_params_body", "n_params_embedding")
    )
    _bars(axes, comparison, settings, body, embedding)
    share = 100 * embedding / (body + embedding)
    texts = [f"{p:.3g} M, {s:.3g} % embedding-related" for p, s in zip(body + embedding, share, strict=True)]
    _at_ends(axes, body + embedding, texts)
    axes.set_xlim(0, axes.get_xlim()[1] * 1.45)
    axes.set_xlabel("parameters, millions (solid: body; hatched: embedding-related)")
    return figure
