"""Every public function draws a picture of RESULTS.md or METRICS.md from kept records, in the report's look."""

from typing import Any

import numpy as np
from making import records
from making.records import NAMES, study
from making.records import ladder as ladder_runs
from matplotlib.figure import Figure

from analysis.figures.bars import bits_figure
from analysis.figures.curves import curve_figure, curve_rows
from analysis.figures.differences import part_figure, perturbed_figure
from analysis.figures.frontier import scaling_figure
from analysis.figures.style import INK, PAPER, SOFT, label_ends, look, new_figure
from analysis.records.collect import metrics_frame
from analysis.tables.tokenizers import perturbed_table

REST = "#c9c9c9"  # what is charged beside the tokens
SMALL: dict[str, Any] = {"fontsize": 8.5, "color": INK, "ha": "center"}


def budget_bits() -> Figure:
    """Bits per byte under equal text, tokens and what is charged, beside the baselines."""
    return bits_figure(study("budget-text").comparison)


def budget_curves() -> Figure:
    """Under equal updates, against the characters seen: bands over seeds, baselines dotted."""
    found = study("budget-iters")
    rows = curve_rows(found.comparison, metrics_frame(found.collection)[0])
    return curve_figure(found.comparison, rows, "chars")


def difference() -> Figure:
    """Under equal text: what each tokenizer needs more than the best of them, by kind of byte."""
    return part_figure(study("budget-text").comparison, "byte_kind")


def mistakes() -> Figure:
    """What mistakes in the validation text cost the models that were trained well."""
    comparison = study("converged").comparison
    return perturbed_figure(comparison, [column.key for column in perturbed_table(comparison).columns[1:]])


def long_curves() -> Figure:
    """The runs of 8,000 updates: bits per byte on validation and training windows, the best evaluation marked."""
    figure, runs = new_figure(8.6, 5.0), study("shakespeare")
    axes, ends = figure.subplots(), []
    for baseline in runs.comparison.main_baselines:
        axes.axhline(baseline.bits_per_byte, color=SOFT, linewidth=0.9, linestyle=(0, (1, 2)))
        ends.append((baseline.bits_per_byte, baseline.label, SOFT, ""))
    for name in NAMES:
        rows = [row for row in runs.first_run(name).metrics() if row["kind"] == "eval"]
        steps, bits, training = ([row[key] for row in rows] for key in ("step", "val_bpb", "train_bpb"))
        colour, dash, marker, best = look(name).colour, look(name).dash, look(name).marker, [np.argmin(bits)]
        axes.plot(steps, bits, marker, linestyle=dash, color=colour, markevery=best, markerfacecolor="w")
        axes.plot(steps, training, color=colour, linewidth=0.9, alpha=0.75)
        ends.append((bits[-1], name, colour, marker))
    axes.set(title="Validation (thick), training (thin), best marked", xlim=(0, steps[-1]), ylim=(0, 3.8))
    axes.set(xlabel="updates", ylabel="bits per byte, evaluation windows")
    axes.xaxis.set_major_formatter("{x:,.0f}")
    label_ends(axes, ends)
    return figure


def surprisal() -> Figure:
    """The second passage, which is ASCII, as each tokenizer's run of 8,000 updates reads it: bits of every byte."""
    figure, width = new_figure(8.6, 5.3), 51  # characters of the longest line and its break
    figure.set_layout_engine("none")
    for number, name in enumerate(NAMES):
        axes = figure.add_axes((0.01 + 0.5 * (number % 2), 0.57 - 0.43 * (number // 2), 0.48, 0.37))
        passage = study("shakespeare").first_run(name).passages()[1]
        bits = np.add(passage["bits"], passage["bits_residual"])
        sizes = np.diff(passage["ends"], prepend=0)
        lines = [f"{line}\u21b5" for line in passage["text"].split("\n")[:12]]
        rows = np.repeat(range(len(lines)), [len(line) for line in lines])
        columns = np.concatenate([np.arange(len(line)) for line in lines])
        cells = np.full((len(lines), width), np.nan)
        cells[rows, columns] = np.repeat(bits / sizes, sizes)[: len(rows)]
        extent = (0, width, len(lines) - 0.5, -0.5)
        heat = axes.imshow(cells, cmap="YlOrBr", vmin=0, vmax=16, aspect="auto", extent=extent)
        begins = [end for end in (0, *passage["ends"]) if end < len(rows)]
        ends = rows[begins] - 0.5, rows[begins] + 0.5
        axes.vlines(columns[begins], *ends, color=PAPER, linewidth=0.8, rasterized=True)
        for row, line in enumerate(lines):  # a letter of this font is 0.602 times as wide as its size
            axes.text(0, row, line, family="monospace", va="center", fontsize=72 * 8.6 * 0.48 / width / 0.602)
        axes.set_title(name)
        axes.set_title(f"{bits.sum() / sizes.sum():.2f} bits/byte", loc="right", weight="normal", color=SOFT)
        axes.set_axis_off()
    bar = figure.add_axes((0.01, 0.08, 0.48, 0.02))
    figure.colorbar(heat, bar, orientation="horizontal", label="bits per byte of the token's stretch of text")
    return figure


def ladder() -> Figure:
    """Bits per byte at every rung of the ladder, a mark per seed, and what counting needs."""
    figure, found = new_figure(8.6, 2.9), ladder_runs()
    axes = figure.subplots()
    rungs = list(dict.fromkeys(found["rung"]))
    for name in ("char", "bpe"):
        own = found[found["tokenizer"] == name]
        means = own.groupby("rung", sort=False)["bits_per_byte"].mean()
        axes.plot(means, range(len(rungs)), color=look(name).colour, linewidth=1.2)
        places, style = own["rung"].map(rungs.index), look(name)
        axes.plot(own["bits_per_byte"], places, style.marker, color=style.colour)
        axes.text(means.iloc[0], -0.3, name, **SMALL)
    counting = study("budget-text").counting
    axes.axvline(counting.bits_per_byte, color=SOFT, linewidth=0.9, linestyle=(0, (1, 2)))
    axes.text(counting.bits_per_byte, -0.3, "counting", **SMALL | {"color": SOFT})
    axes.set(yticks=range(len(rungs)), yticklabels=rungs, ylim=(len(rungs) - 0.6, -0.6))
    axes.set(xlabel="bits per byte of the validation text after 1,000 updates of 12 windows")
    axes.grid(visible=False, axis="y")
    return figure


def scaling() -> Figure:
    """Bits per byte of char, word and bpe as training compute grows."""
    return scaling_figure(records.grown()[1])


def metrics_losses() -> Figure:
    """The same models twice: by loss per token, and by bits per byte with what is charged."""
    figure, found = new_figure(8.6, 2.6), study("quick-text")
    names = sorted(NAMES, key=lambda name: -found.mean(name, "val_loss"))
    keys = (("val_loss", "val_loss"), ("bits_per_byte_tokens", "bits_per_byte"))
    titles = ("Loss, nats per token", "Bits per byte (hatched: charged)")
    for axes, title, both in zip(figure.subplots(1, 2, sharey=True), titles, keys, strict=True):
        solid, whole = np.array([[found.mean(name, key) for name in names] for key in both])
        axes.barh(names, solid, 0.62, color=[look(name).colour for name in names])
        rest = axes.barh(names, whole - solid, 0.62, left=solid, color=REST, hatch="///", edgecolor=SOFT)
        axes.bar_label(rest, [f"{x:.2f}" for x in whole], padding=3, fontsize=9, color=INK)
        axes.set(title=title, xticks=[], xmargin=0.14)
        axes.tick_params(axis="y", length=0, labelcolor=INK)
        axes.spines["bottom"].set_visible(False)
        axes.grid(visible=False)
    return figure


def metrics_doubts() -> Figure:
    """Each seed's total of word and bpe, and their difference along the text."""
    figure, found, bits = new_figure(9.2, 3.1), study("quick-text"), []
    seeds, text = figure.subplots(1, 2, width_ratios=(2, 3))
    for y, name in enumerate(("word", "bpe")):
        setting = next(c for c in found.comparison.conclusion.settings if c.label == name)
        rise, blocks = np.linspace(-0.16, 0.16, len(setting.totals)), setting.blocks
        seeds.plot(setting.totals, y + rise, look(name).marker, color=look(name).colour, alpha=0.75)
        seeds.text(setting.totals.mean(), y - 0.3, name, **SMALL, va="bottom")
        assert blocks is not None
        bits.append((blocks.tokens + blocks.residual).mean(axis=0) / blocks.sizes)
        widths = blocks.sizes / 1000  # kB
    seeds.set(ylim=(1.45, -0.75), yticks=[], xmargin=0.12)
    seeds.set(xlabel="bits per byte", title="Doubt of the seeds: one mark each")
    seeds.spines["left"].set_visible(False)
    difference, doubt = bits[1] - bits[0], found.verdict("word", "bpe").text
    assert doubt is not None
    middles = np.cumsum(widths) - widths / 2
    text.axhspan(doubt.low, doubt.high, color="#dcebf5", linewidth=0)
    text.axhline(doubt.value, color="#0072b2", linewidth=1.4)
    text.bar(middles, difference, 0.8 * widths, color=REST)
    text.plot(middles, difference, ".", color=INK, markersize=4)
    text.set(xlim=(0, widths.sum()), xlabel="place in the validation text, kB")
    text.set(ylabel="bpe less word,\nbits per byte", title="Doubt of the text: one bar per block")
    text.grid(visible=False, axis="x")
    return figure
