"""Bits per byte of each tokenizer as training compute grows. To be drawn within `style.styled()`."""

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.figure import Figure
from matplotlib.ticker import EngFormatter

from analysis.figures.style import label_ends, look, looks, new_figure, plain
from analysis.inference.scaling import BEYOND, FINE, Scaling, mean_and_half


def scaling_figure(found: Scaling) -> Figure:
    """A mark per run; a line and its band over seeds, the frontier; dotted beyond it what a law says."""
    figure, names, ends = new_figure(8.6, 5.0), list(found.points), []
    axes, by_kind, end = figure.subplots(), looks(names), BEYOND * max(found.reach(name)[1] for name in names)
    kinds = {key: by_kind[key] for key in ("palette", "markers")}
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
        if law := found.law(name):
            beyond = np.geomspace(flops[-1], end, FINE)
            axes.plot(beyond, law(beyond), color=own.colour, linewidth=1, linestyle=(0, (1, 2.5)))
            ends[-1] = (float(law(beyond)[-1]), *ends[-1][1:])
    axes.set(xscale="log", xlabel="training FLOPs (dotted: extrapolated)", ylabel="bits per byte")
    axes.set_xlim(right=end)
    axes.xaxis.set_major_formatter(EngFormatter(sep=""))
    label_ends(axes, ends)
    return figure
