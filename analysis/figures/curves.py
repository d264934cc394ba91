"""Bits per byte while training, against updates, characters, FLOPs or seconds. To be drawn within `styled()`."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure
from matplotlib.ticker import EngFormatter

from analysis.figures.bars import baseline_lines
from analysis.figures.style import SOFT, label_ends, look, looks, new_figure, plain
from analysis.inference.comparisons import Comparison
from analysis.inference.uncertainty import intervals
from analysis.records.settings import Setting
from analysis.tables.cells import NAME, mean_note
from analysis.tables.model import Cell, Column, Row, Table

CROWD = 8  # settings at most are drawn
TOLD = 8  # so many evaluations stand in the table
AXES = {  # column of the metrics, or computed from it -> label
    "step": "updates",
    "chars": "characters seen",
    "flops": "training FLOPs",
    "seconds": "seconds of training",
}


def curve_rows(comparison: Comparison, metrics: pd.DataFrame) -> pd.DataFrame:
    """Evaluations of the comparison's runs: setting, seed, step, chars, seconds, flops, val_bpb, train_bpb.

    Of no others of the same settings, which failed, are under way, or are counted elsewhere. FLOPs grow with the
    updates: each has the same share of the run's total.
    """
    counted = [(row["folder"], s, row) for s in comparison.settings for row in s.rows]
    per_update = {folder: row.get("train_flops", np.nan) / row["iters"] for folder, _, row in counted}
    rows = metrics[(metrics["kind"] == "eval") & metrics["folder"].isin(list(per_update))]
    rows = rows.dropna(subset=["val_bpb"]) if "val_bpb" in rows else rows.iloc[:0]
    return rows.assign(
        setting=rows["folder"].map({folder: s.label for folder, s, _ in counted}),
        flops=rows["step"] * rows["folder"].map(per_update),
    )


def retold(rows: pd.DataFrame, axis: str) -> bool:
    """Whether curves against this axis are those against updates again: all runs go at one pace, to 1 %."""
    pace = (rows[axis] / rows["step"])[rows["step"] > 0]
    return axis != "step" and bool(pace.max() <= 1.01 * pace.min())


def bands_of(rows: pd.DataFrame, x: str) -> pd.DataFrame:
    """Per setting and evaluation: mean x, mean val_bpb and its 95 % half-width over n seeds (0 for one seed).

    Where seeds have different numbers of updates, a band ends with the last evaluation that all of them have.
    """
    seeds = rows.groupby(["setting", "step"])
    table = intervals(seeds["val_bpb"]).assign(x=seeds[x].mean()).fillna({"half": 0.0})
    return table[table["n"] == table.groupby(level="setting")["n"].transform("max")].reset_index()


def curve_table(comparison: Comparison, rows: pd.DataFrame) -> Table:
    """What the curves show after some of the updates, the first and the last among them: a row per setting."""
    bands = bands_of(rows, "step")[["setting", "step", "mean", "half"]].replace({"half": {0.0: np.nan}})
    found = {(s, step): Cell(mean, ".3f", half) for s, step, mean, half in bands.itertuples(index=False)}
    steps = sorted(set(rows["step"]))
    kept = [steps[i] for i in sorted({round(k * (len(steps) - 1) / (TOLD - 1)) for k in range(TOLD)})]
    columns = (NAME, *(Column(f"step_{step}", f"{step:,} updates", priority=None) for step in kept))
    labels = [setting.label for setting in comparison.settings]
    lines = [Row((Cell(s), *(found.get((s, step), Cell()) for step in kept))) for s in labels]
    title = f"Validation bits per byte while training: {comparison.title}"
    return Table("curves_step", title, columns, tuple(lines), mean_note(comparison))


def curve_figure(comparison: Comparison, rows: pd.DataFrame, axis: str) -> Figure:
    """Validation bits per byte while training: a line per setting, a band over its seeds, baselines as lines.

    Of more settings than CROWD only so many, each tokenizer at its best: those of the fewest bits.
    """
    bands = bands_of(rows, axis)
    settings = [s for s in comparison.settings if s.label in set(bands["setting"])]
    if len(settings) > CROWD:
        best = sorted(comparison.contenders, key=lambda setting: setting.mean("bits_per_byte"))
        settings = [s for s in best if s in settings][:CROWD]
    kinds = {s.label: plain(s.tokenizer) for s in settings}
    bands = bands[bands["setting"].isin([*kinds])].assign(tokenizer=bands["setting"].map(kinds))
    by_kind = looks(comparison.tokenizers)
    colours = {s.label: to_rgba(by_kind["palette"][kinds[s.label]], shade(s, settings)) for s in settings}
    figure, ends = new_figure(8.6, 5.0), []
    axes = figure.subplots()
    sns.lineplot(
        bands, x="x", y="mean", hue="setting", hue_order=[*kinds], palette=colours, style="tokenizer",
        markers=by_kind["markers"], dashes=by_kind["dashes"], markevery=[-1], estimator=None, legend=False, ax=axes,
    )  # fmt: skip
    for setting in settings:
        band, kind = bands[bands["setting"] == setting.label], look(setting.tokenizer, comparison.tokenizers)
        axes.fill_between(band["x"], band["low"], band["high"], color=kind.colour, alpha=0.18, linewidth=0)
        ends.append((band["mean"].iloc[-1], setting.label, kind.colour, kind.marker))
    baseline_lines(axes, comparison, vertical=False)
    axes.set(xlabel=AXES[axis], ylabel=f"bits per byte, windows of the {comparison.text.judged}")
    _frame(axes, comparison, bands, axis)
    low, high = axes.get_ylim()
    baselines = [b for b in comparison.main_baselines if low <= b.bits_per_byte <= high]
    label_ends(axes, ends + [(b.bits_per_byte, b.label, SOFT, "") for b in baselines])
    return figure


def shade(setting: Setting, drawn: Sequence[Setting]) -> float:
    """Settings of one tokenizer share its colour, paler to stronger in their order."""
    same = [s.key for s in drawn if s.tokenizer == setting.tokenizer]
    return 1.0 if len(same) == 1 else 0.4 + 0.6 * same.index(setting.key) / (len(same) - 1)


def _frame(axes: Axes, comparison: Comparison, bands: pd.DataFrame, axis: str) -> None:
    """Limits that show the race and not the start: the first evaluations may lie above the picture."""
    lines = bands.groupby("setting")["mean"]
    ends, starts = lines.last(), lines.agg(lambda line: line.iloc[:2].iloc[-1])
    baselines = [b.bits_per_byte for b in comparison.main_baselines]
    low = min([*ends, *(b for b in baselines if b > ends.min() - 0.3)])
    high = max([*starts, *ends, *(b for b in baselines if b < starts.max() + 0.4)])
    axes.set_ylim(low - 0.06 * (high - low) - 1e-3, high + 0.06 * (high - low) + 1e-3)
    axes.set_xlim(0, 1.015 * bands["x"].max() or 1)
    if axis in ("chars", "flops"):
        axes.xaxis.set_major_formatter(EngFormatter(sep=""))
