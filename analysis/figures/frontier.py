"""What a bit costs, and as training compute grows. To be drawn within `style.styled()`."""

from typing import Any

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.figure import Figure
from matplotlib.ticker import EngFormatter, LogLocator, NullFormatter

from analysis.figures.bars import baseline_lines
from analysis.figures.style import GRID, SOFT, label_ends, look, looks, new_figure, plain
from analysis.inference.choices import pareto
from analysis.inference.comparisons import Comparison
from analysis.inference.scaling import BEYOND, FINE, Scaling, power_law
from analysis.inference.uncertainty import mean_and_half

COSTS = {
    "n_params": "parameters",
    "train_flops": "training FLOPs",
    "train_seconds": "seconds of training",
    "forward_flops_per_byte": "FLOPs to write a byte",
}
NAMED = 24  # up to so many points carry their sizes


def _points(comparison: Comparison) -> pd.DataFrame:
    """One row per setting: tokenizer, size ("" outside families of sizes), bits, half, and each of COSTS."""
    alone = {family.best.label for family in comparison.families if len(family.settings) == 1}
    rows = []
    for s in comparison.settings:
        size = "" if s.label in alone else s.label.removeprefix(s.tokenizer).strip()
        bits, half = s.mean("bits_per_byte"), np.nan_to_num(s.estimate("bits_per_byte").half)
        row = {"tokenizer": plain(s.tokenizer), "size": size, "bits": bits, "half": half}
        rows.append(row | {cost: s.mean(cost) for cost in COSTS})
    return pd.DataFrame(rows)


def frontier_figure(comparison: Comparison) -> Figure:
    """Bits per byte against what they cost; a line per tokenizer over its sizes, the frontier underlaid."""
    figure, points, by_kind = new_figure(16.2, 4.4), _points(comparison), looks(comparison.tokenizers)
    colours = points["tokenizer"].map(by_kind["palette"])
    baselines = [baseline.bits_per_byte for baseline in comparison.main_baselines]
    for axes, key in zip(figure.subplots(1, len(COSTS), sharey=True), COSTS, strict=True):
        front = points.iloc[pareto(points[key].tolist(), points["bits"].tolist())]
        axes.step(front[key], front["bits"], where="post", color=GRID, linewidth=7, zorder=1)
        axes.errorbar(points[key], points["bits"], points["half"], fmt="none", ecolor=colours)
        axes.set(xlabel=COSTS[key], ylabel="bits per byte (grey band: the frontier)")
        sns.lineplot(points, x=key, y="bits", hue="tokenizer", style="tokenizer", **by_kind, estimator=None,
                     legend=axes is figure.axes[0], ax=axes)  # fmt: skip
        low, high = axes.get_ylim()
        near = [b for b in baselines if 2 * low - high < b < 2 * high - low]
        baseline_lines(axes, comparison, vertical=False)
        # Not so high that settings could not be told apart.
        axes.set_ylim(min([low, *near]), max([high, *near]))
        beside: dict[str, Any] = {"xytext": (4, 5), "textcoords": "offset points", "fontsize": 7.5}
        named = points if len(points) <= NAMED else points.head(0)
        for x, y, size in zip(named[key], named["bits"], named["size"], strict=True):
            axes.annotate(plain(size), (x, y), color=SOFT, **beside)
        axes.set_xscale("log")
        axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axes.xaxis.set_major_formatter(EngFormatter(sep=""))
        axes.xaxis.set_minor_formatter(NullFormatter())
        axes.label_outer()
    sns.move_legend(figure.axes[0], "best", title="", fontsize=8.5)
    return figure


def scaling_figure(found: Scaling) -> Figure:
    """A mark per run; a line and its band over seeds, the frontier; dotted beyond it what a law says."""
    figure, names, ends = new_figure(8.6, 5.0), list(found.points), []
    axes, by_kind, end = figure.subplots(), looks(names), max(found.reach(name)[1] for name in names)
    kinds, laws = {key: by_kind[key] for key in ("palette", "markers")}, {n: found.law(n) for n in names}
    dotted = any(law is not None for law in laws.values())
    runs = [
        {"tokenizer": plain(name), "flops": cost, "bits": bits}
        for name, own in found.points.items() for cost, bits in own.reshape(-1, 2)
    ]  # fmt: skip
    sns.scatterplot(pd.DataFrame(runs), x="flops", y="bits", hue="tokenizer", style="tokenizer", **kinds, s=14,
                    alpha=0.45, legend=False, ax=axes)  # fmt: skip
    for name in names:
        flops = np.geomspace(*found.reach(name), FINE)
        mean, half = np.array([mean_and_half(own) for own in found.bits(name, flops).T]).T
        own = look(name, names)
        sns.lineplot(x=flops, y=mean, color=own.colour, linestyle=own.dash, ax=axes)
        axes.fill_between(flops, mean - half, mean + half, color=own.colour, alpha=0.18, linewidth=0)
        ends.append((float(mean[-1]), name, own.colour, own.marker))
        if (law := laws[name]) is not None:
            beyond = np.geomspace(flops[-1], BEYOND * end, FINE)
            bits = power_law(beyond, *law.T[:, :, None]).mean(axis=0)
            axes.plot(beyond, bits, color=own.colour, linewidth=1, linestyle=(0, (1, 2.5)))
            ends[-1] = (float(bits[-1]), *ends[-1][1:])
    axes.set(
        xscale="log", xlabel=f"training FLOPs{' (dotted: extrapolated)' * dotted}", ylabel="bits per byte"
    )
    axes.set_xlim(right=BEYOND * end if dotted else 1.1 * end)
    axes.xaxis.set_major_formatter(EngFormatter(sep=""))
    label_ends(axes, ends)
    return figure
