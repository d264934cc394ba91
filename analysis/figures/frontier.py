"""What a bit costs: bits per byte against parameters, FLOPs and seconds. To be drawn within `style.styled()`."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from analysis.figures.bars import baseline_lines
from analysis.figures.style import GRID, SOFT, look, new_figure, plain
from analysis.inference.comparisons import Comparison
from analysis.inference.estimates import estimate_of
from analysis.records.settings import Setting, size_families

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COSTS = (
    ("n_params", "parameters"),
    ("train_flops", "training FLOPs"),
    ("train_seconds", "seconds of training"),
)


def pareto(cost: Sequence[float], bits: Sequence[float]) -> list[int]:
    """The points that no other beats in both, in the order of rising cost."""
    order = sorted(range(len(cost)), key=lambda i: (cost[i], bits[i]))
    front: list[int] = []
    for i in order:
        if not front or bits[i] < bits[front[-1]]:
            front.append(i)
    return front


def frontier_figure(comparison: Comparison) -> "Figure":
    """Bits per byte against what they cost; a line per tokenizer over its sizes, the frontier underlaid."""
    from matplotlib.ticker import EngFormatter, LogLocator, NullFormatter

    figure = new_figure(12.6, 4.4)
    settings = comparison.settings
    bits = [estimate_of(s, "bits_per_byte") for s in settings]
    for place, (axes, (key, label)) in enumerate(zip(figure.subplots(1, 3, sharey=True), COSTS, strict=True)):
        points = [(s.values(key).mean(), e.mean, e.half) for s, e in zip(settings, bits, strict=True)]
        front = [points[i] for i in pareto([p[0] for p in points], [p[1] for p in points])]
        axes.step(
            [p[0] for p in front], [p[1] for p in front], where="post", color=GRID, linewidth=7, zorder=1
        )
        for kind in dict.fromkeys(comparison.tokenizers):
            own = sorted(p for s, p in zip(settings, points, strict=True) if s.tokenizer == kind)
            shape = look(kind, comparison.tokenizers)
            x, y, half = zip(*own, strict=True)
            axes.errorbar(x, y, yerr=np.nan_to_num(half), color=shape.colour, marker=shape.marker,
                          linestyle=shape.dash, capsize=2.5, label=plain(kind))  # fmt: skip
        baseline_lines(axes, comparison, vertical=False)
        _name_sizes(axes, settings, points)
        axes.set_xscale("log")
        axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axes.xaxis.set_major_formatter(EngFormatter(sep=""))
        axes.xaxis.set_minor_formatter(NullFormatter())
        axes.set_xlabel(label)
        if place == 0:
            axes.set_ylabel("bits per byte (grey band: the frontier)")
            axes.legend(fontsize=8.5)
    return figure


def _name_sizes(axes: "Axes", settings: Sequence[Setting], points: Sequence[tuple]) -> None:
    """Each point of a family of sizes carries its size, as long as there is room."""
    if len(settings) > 24:
        return
    families = size_families(settings)
    for setting, (x, y, _) in zip(settings, points, strict=True):
        if setting.tokenizer in families and setting.size:
            axes.annotate(
                plain(setting.size),
                (x, y),
                xytext=(4, 5),
                textcoords="offset points",
                fontsize=7.5,
                color=SOFT,
            )
