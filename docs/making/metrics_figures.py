"""The figures of docs/METRICS.md."""

from typing import TYPE_CHECKING

import numpy as np

from analysis.style import INK, SOFT, look, new_figure, plain
from analysis.verdicts import Contender, Verdict
from making.records import Study

if TYPE_CHECKING:
    from matplotlib.figure import Figure

REST = "#c9c9c9"  # what is charged beside the tokens


def losses_figure(study: Study) -> "Figure":
    """The same models twice: by loss per token, and by bits per byte with what is charged."""
    figure = new_figure(8.6, 2.6)
    per_token, per_byte = figure.subplots(1, 2, sharey=True)
    labels = sorted(study.labels, key=lambda label: study.mean(label, "val_loss"))
    for y, label in enumerate(labels):
        colour = look(label).colour
        floor = study.mean(label, "bits_per_byte_tokens")
        rest = study.mean(label, "bits_per_byte_residual")
        per_token.barh(y, study.mean(label, "val_loss"), 0.62, color=colour)
        per_byte.barh(y, floor, 0.62, color=colour)
        per_byte.barh(y, rest, 0.62, left=floor, color=REST, hatch="///", edgecolor=SOFT, linewidth=0)
        for axes, value in ((per_token, study.mean(label, "val_loss")), (per_byte, floor + rest)):
            axes.text(value, y, f" {value:.2f}", va="center", fontsize=9, color=INK)
    per_token.set_yticks(range(len(labels)), labels, color=INK)
    per_token.invert_yaxis()
    per_token.set_title("Loss, nats per token")
    per_byte.set_title("Bits per byte (hatched: charged)")
    for axes in (per_token, per_byte):
        axes.grid(visible=False)
        axes.margins(x=0.14)
        axes.set_xticks([])
        axes.spines["bottom"].set_visible(False)
        axes.tick_params(axis="y", length=0)
    return figure


def floors_figure(study: Study, lossy: str) -> "Figure":
    """Floor and ceiling of the lossy tokenizer, and on which side of them its rivals stand."""
    figure = new_figure(8.6, 2.5)
    axes = figure.subplots()
    floor, ceiling = (study.mean(lossy, key) for key in ("bits_per_byte_tokens", "bits_per_byte"))
    others = [label for label in study.labels if label != lossy]
    values = [study.mean(label, "bits_per_byte") for label in others]
    low, high = floor - 0.3, max(values) + 0.15
    for left, right, colour, words in (
        (low, floor, "#dcebf5", f"here a rival\nbeats {lossy}"),
        (floor, ceiling, "#f2f2f2", "depends on the\nresidual coder"),
        (ceiling, high, "#fbeed5", f"here a rival loses to {lossy}"),
    ):
        axes.axvspan(left, right, color=colour, linewidth=0)
        axes.text((left + right) / 2, 1.35, words, ha="center", va="top", fontsize=8.5, color=SOFT)
    axes.plot([floor, ceiling], [0, 0], color=look(lossy).colour, linewidth=6, solid_capstyle="butt")
    for x, name in ((floor, "floor"), (ceiling, "ceiling")):
        axes.text(x, -0.28, f"{name} {x:.3f}", ha="center", va="top", fontsize=8.5, color=INK)
        axes.plot([x, x], [-0.16, 0.16], color=look(lossy).colour, linewidth=2)
    for place, (label, value) in enumerate(
        sorted(zip(others, values, strict=True), key=lambda pair: pair[1])
    ):
        shape = look(label)
        axes.plot(value, 0, marker=shape.marker, color=shape.colour, markersize=8, linestyle="none")
        axes.text(value, 0.32 if place % 2 else -0.28, label, ha="center", fontsize=8.5, color=INK,
                  va="bottom" if place % 2 else "top")  # fmt: skip
    axes.set(xlim=(low, high), ylim=(-0.75, 1.5), yticks=[], xlabel="bits per byte of the validation text")
    axes.set_title(f"Where {lossy} ends depends on who writes down the rest")
    axes.spines["left"].set_visible(False)
    axes.grid(visible=False)
    return figure


def blocks_figure(a: Contender, b: Contender, verdict: Verdict) -> "Figure":
    """The two doubts: each seed's total, and the difference along the text."""
    assert a.blocks is not None
    assert b.blocks is not None
    assert verdict.text is not None
    figure = new_figure(9.2, 3.1)
    seeds, text = figure.subplots(1, 2, width_ratios=(2, 3))
    for y, side in enumerate((a, b)):
        shape = look(side.label)
        rise = np.linspace(-0.16, 0.16, len(side.totals))
        seeds.plot(side.totals, y + rise, shape.marker, color=shape.colour, alpha=0.75)
        seeds.text(side.totals.mean(), y - 0.3, plain(side.label), ha="center", va="bottom", color=INK)
    seeds.set(
        yticks=[], ylim=(1.45, -0.75), xlabel="bits per byte", title="Doubt of the seeds: one mark each"
    )
    seeds.margins(x=0.12)
    seeds.spines["left"].set_visible(False)

    bits = [(blocks.tokens + blocks.residual).mean(axis=0) / blocks.sizes for blocks in (a.blocks, b.blocks)]
    difference, ends = bits[1] - bits[0], np.cumsum(a.blocks.sizes) / 1000
    middles = ends - a.blocks.sizes / 2000
    found = verdict.text
    text.axhspan(found.low, found.high, color="#dcebf5", linewidth=0)
    text.axhline(found.value, color="#0072b2", linewidth=1.4)
    text.axhline(0, color=SOFT, linewidth=0.9)
    text.bar(middles, difference, 0.8 * a.blocks.sizes / 1000, color=REST)
    text.plot(middles, difference, ".", color=INK, markersize=4)
    text.set(xlabel="place in the validation text, kB", xlim=(0, ends[-1]))
    text.set_ylabel(f"{b.label} less {a.label},\nbits per byte")
    text.set_title("Doubt of the text: one bar per block")
    text.grid(visible=False, axis="x")
    return figure
