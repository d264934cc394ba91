"""The figures of a comparison: each function takes tidy rows and returns a figure, and computes no model.

Everything is in bits per byte, so that tokenizers can be set beside each other. Bands and bars show the 95 %
t-interval over seeds. To be called within `style.styled()`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from analysis.figures.style import GRID, INK, SOFT, Look, label_ends, look, new_figure, plain, row_height
from analysis.inference.comparisons import Comparison, Group
from analysis.inference.uncertainty import LEVEL, Floats, estimate, t_quantile
from analysis.tables.comparison import derived, interval
from analysis.tables.overviews import size_families

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D

CROWD = 8  # more groups than this are drawn as one small picture per tokenizer


@dataclass(frozen=True)
class Axis:
    """An x axis for curves: a column of the metrics, or computed from it."""

    key: str
    label: str
    log: bool = False


AXES = (
    Axis("step", "updates"),
    Axis("chars", "characters seen"),
    Axis("flops", "training FLOPs"),
    Axis("seconds", "seconds of training"),
)


def look_of(group: Group, comparison: Comparison) -> Look:
    return look(group.tokenizer, [g.tokenizer for g in comparison.groups])


def mean_and_half(group: Group, key: str) -> tuple[float, float]:
    """Mean over the seeds and the half-width of its interval (0 if unknown)."""
    values = derived(group, key)
    values = values[np.isfinite(values)]
    if not len(values):
        return float("nan"), 0.0
    found = estimate(values)
    half = interval(found)
    return found.mean, 0.0 if np.isnan(half) else half


# --- bits per byte ---


def _bars(
    axes: "Axes", comparison: Comparison, groups: Sequence[Group], solid: Floats, hatched: Floats
) -> None:
    """A solid and a hatched stretch per group, in its colour, and its name."""
    colours = [look_of(g, comparison).colour for g in groups]
    y = np.arange(len(groups))
    axes.barh(y, solid, 0.62, color=colours)
    axes.barh(y, hatched, 0.62, left=solid, facecolor="white", edgecolor=colours, hatch="////")
    size = min(9.5, 72 * 0.8 * row_height(len(groups)))
    axes.set_yticks(y, [plain(g.label) for g in groups], color=INK, fontsize=size)
    axes.grid(False, axis="y")
    axes.set_ylim(-0.6, len(groups) - 0.4)


def _at_ends(axes: "Axes", ends: Floats, texts: Sequence[str]) -> None:
    """A text behind each bar, on white while there are few. The limits leave room: no need to lay them out."""
    size = min(9.0, 72 * 0.8 * row_height(len(texts)))
    ground = {"color": "white", "pad": 0.5} if len(texts) <= 2 * CROWD else None
    for y, (x, text) in enumerate(zip(ends + 0.012 * float(np.max(ends)), texts, strict=True)):
        label = axes.text(x, y, plain(text, 80), zorder=4, va="center", fontsize=size, bbox=ground)
        label.set_in_layout(False)


def bits_figure(comparison: Comparison) -> "Figure":
    """A bar per setting: tokens (the floor) solid, the residual up to the ceiling hatched; rulers as lines."""
    groups = sorted(comparison.groups, key=lambda g: -mean_and_half(g, "bits_per_byte")[0])
    figure = new_figure(8.6, 1.9 + row_height(len(groups)) * len(groups))
    axes = figure.subplots()
    totals, halves = np.array([mean_and_half(g, "bits_per_byte") for g in groups]).T
    floors = np.array([mean_and_half(g, "bits_per_byte_tokens")[0] for g in groups])
    floors = np.where(np.isnan(floors), totals, floors)
    _bars(axes, comparison, groups, floors, np.maximum(totals - floors, 0))
    axes.errorbar(
        totals, np.arange(len(groups)), xerr=halves, color=INK, capsize=3, linewidth=1.3, linestyle="none"
    )
    _at_ends(axes, totals + halves, [f"{total:.3f}" for total in totals])
    axes.set_xlim(0, axes.get_xlim()[1] * 1.08)
    _ruler_lines(axes, comparison)
    hatched = "; hatched: what the tokenizer loses, charged" if any(g.lossy for g in groups) else ""
    axes.set_xlabel(f"bits per byte of the validation text (fewer is better{hatched})")
    return figure


def _ruler_lines(axes: "Axes", comparison: Comparison, vertical: bool = True) -> None:
    """A thin dotted line per ruler; with its name above the picture if the lines stand upright."""
    rulers = comparison.main_rulers
    thin: dict[str, Any] = {"color": SOFT, "linewidth": 0.9, "linestyle": (0, (1, 2))}
    if not vertical:
        for ruler in rulers:
            axes.axhline(ruler.bits_per_byte, zorder=1, **thin)
        return
    low, high = axes.get_xlim()
    axes.set_xlim(low, max([high, *(1.02 * r.bits_per_byte for r in rulers)]))
    for ruler in rulers:
        axes.axvline(ruler.bits_per_byte, zorder=3, **thin)
        axes.annotate(plain(ruler.label), (ruler.bits_per_byte, 1), xycoords=("data", "axes fraction"),
                      xytext=(0, 3), textcoords="offset points", rotation=35, fontsize=8, color=SOFT)  # fmt: skip


# --- parameters ---


def parameter_figure(comparison: Comparison) -> "Figure":
    """Embedding-related parameters against the body."""
    groups = list(reversed(comparison.groups))
    figure = new_figure(8.6, 1.2 + row_height(len(groups)) * len(groups))
    axes = figure.subplots()
    body, embedding = (
        np.array([mean_and_half(g, key)[0] for g in groups]) / 1e6
        for key in ("n_params_body", "n_params_embedding")
    )
    _bars(axes, comparison, groups, body, embedding)
    share = 100 * embedding / (body + embedding)
    texts = [f"{p:.3g} M, {s:.3g} % embedding-related" for p, s in zip(body + embedding, share, strict=True)]
    _at_ends(axes, body + embedding, texts)
    axes.set_xlim(0, axes.get_xlim()[1] * 1.45)
    axes.set_xlabel("parameters, millions (solid: body; hatched: embedding-related)")
    return figure


# --- curves ---


def curve_rows(comparison: Comparison, metrics: pd.DataFrame) -> pd.DataFrame:
    """Evaluations of the comparison's runs: group, seed, step, chars, seconds, flops, val_bpb, train_bpb.

    Of no others of the same settings, which failed, are under way, or are counted elsewhere. FLOPs grow with the
    updates: each has the same share of the run's total.
    """
    per_update = {
        folder: flops / iters
        for g in comparison.groups
        for folder, flops, iters in zip(
            g.runs["folder"], g.values("train_flops"), g.values("iters"), strict=True
        )
    }
    rows = metrics[(metrics["kind"] == "eval") & metrics["folder"].isin(list(per_update))]
    rows = rows.dropna(subset=["val_bpb"]).copy() if "val_bpb" in rows else rows.iloc[:0].copy()
    rows["flops"] = rows["step"] * rows["folder"].map(per_update)
    return rows


def bands_of(rows: pd.DataFrame, x: str) -> dict[str, pd.DataFrame]:
    """Per group and evaluation: mean x, mean val_bpb and its 95 % half-width over seeds (0 for one seed).

    Where seeds have different numbers of updates, a band ends with the last evaluation that all of them have.
    """
    seeds = rows.groupby(["group", "step"])
    table = seeds.agg(x=(x, "mean"), mean=("val_bpb", "mean"), sd=("val_bpb", "std"), n=("val_bpb", "count"))
    table = table[table["n"] == table.groupby(level="group")["n"].transform("max")].copy()
    table["half"] = (t_quantile(table["n"] - 1, LEVEL) * table["sd"] / table["n"] ** 0.5).fillna(0.0)
    return {str(key): part.reset_index() for key, part in table.groupby(level="group")}


def curve_figure(comparison: Comparison, rows: pd.DataFrame, axis: Axis) -> "Figure":
    """Validation bits per byte while training: a line per setting, a band over its seeds, rulers as lines."""
    bands = bands_of(rows, axis.key)
    drawn = [g for g in comparison.groups if g.key in bands]
    if len(drawn) > CROWD:
        return _crowd(comparison, drawn, bands, axis)
    figure = new_figure(8.6, 5.0)
    axes = figure.subplots()
    for group in drawn:
        _curve(axes, bands[group.key], look_of(group, comparison), shade(group, drawn))
    _frame(axes, comparison, [bands[g.key] for g in drawn], axis)
    _ruler_lines(axes, comparison, vertical=False)
    axes.set_ylabel("bits per byte, validation windows")
    low, high = axes.get_ylim()
    ends = [(bands[g.key]["mean"].iloc[-1], g.label, look_of(g, comparison).colour) for g in drawn]
    ends += [
        (r.bits_per_byte, r.label, SOFT) for r in comparison.main_rulers if low <= r.bits_per_byte <= high
    ]
    label_ends(axes, ends)
    return figure


def _curve(axes: "Axes", data: pd.DataFrame, shape: Look, strength: float = 1.0) -> "Line2D":
    (line,) = axes.plot(data["x"], data["mean"], color=shape.colour, linestyle=shape.dash, alpha=strength)
    axes.plot(
        data["x"].iloc[-1:], data["mean"].iloc[-1:], color=shape.colour, marker=shape.marker, alpha=strength
    )
    if (data["half"] > 0).any():
        low, high = data["mean"] - data["half"], data["mean"] + data["half"]
        axes.fill_between(data["x"], low, high, color=shape.colour, alpha=0.18 * strength, linewidth=0)
    return line


def shade(group: Group, drawn: Sequence[Group]) -> float:
    """Settings of one tokenizer share its colour, paler to stronger in their order."""
    same = [g.key for g in drawn if g.tokenizer == group.tokenizer]
    return 1.0 if len(same) == 1 else 0.4 + 0.6 * same.index(group.key) / (len(same) - 1)


def _frame(axes: "Axes", comparison: Comparison, bands: Sequence[pd.DataFrame], axis: Axis) -> None:
    """Limits that show the race and not the start: the first evaluations may lie above the picture."""
    from matplotlib.ticker import EngFormatter

    ends = [float(b["mean"].iloc[-1]) for b in bands]
    starts = [float(b["mean"].iloc[min(1, len(b) - 1)]) for b in bands]
    rulers = [r.bits_per_byte for r in comparison.main_rulers]
    low = min(ends + [r for r in rulers if r > min(ends) - 0.3])
    high = max([*starts, *ends, *(r for r in rulers if r < max(starts) + 0.4)])
    axes.set_ylim(low - 0.06 * (high - low) - 1e-3, high + 0.06 * (high - low) + 1e-3)
    axes.set_xlim(0, 1.015 * max(float(b["x"].iloc[-1]) for b in bands) or 1)
    axes.set_xlabel(axis.label)
    if axis.key in ("chars", "flops"):
        axes.xaxis.set_major_formatter(EngFormatter(sep=""))


def _crowd(comparison: Comparison, drawn: Sequence[Group], bands: dict, axis: Axis) -> "Figure":
    """A small picture per tokenizer: its settings in colour, everybody else's as grey ground."""

    kinds = list(dict.fromkeys(g.tokenizer for g in drawn))
    columns = min(2, len(kinds))
    lines = -(-len(kinds) // columns)
    figure = new_figure(5.2 * columns + 0.6, 3.6 * lines + 0.3)
    grid = figure.subplots(lines, columns, sharex=True, sharey=True, squeeze=False)
    for axes, kind in zip(grid.flat, kinds, strict=False):
        for group in drawn:
            if group.tokenizer != kind:
                axes.plot(
                    bands[group.key]["x"], bands[group.key]["mean"], color=GRID, linewidth=0.8, zorder=1
                )
        own = [g for g in drawn if g.tokenizer == kind]
        drawn_lines: list[Line2D] = []
        for group in own:
            shape = replace(look_of(group, comparison), dash="-")
            data = bands[group.key] if len(own) <= CROWD else bands[group.key].assign(half=0.0)
            drawn_lines.append(_curve(axes, data, shape, shade(group, drawn)))
        names = [plain(g.label.removeprefix(kind).strip() or kind) for g in own]
        step = 1 if len(own) <= CROWD else len(own) - 1  # all, or the first and the last
        axes.legend(drawn_lines[::step], names[::step], fontsize=8, loc="upper right")
        _ruler_lines(axes, comparison, vertical=False)
        axes.set_title(plain(f"{kind}, {len(own)} setting{'s' * (len(own) > 1)}, pale to strong"))
    for axes in grid.flat[len(kinds) :]:
        axes.set_axis_off()
    _frame(grid.flat[0], comparison, [bands[g.key] for g in drawn], axis)
    for axes in grid[-1]:
        axes.set_xlabel(axis.label)
    figure.supylabel("bits per byte, validation windows", fontsize=9.5)
    return figure


# --- differences ---


def verdict_figure(comparison: Comparison) -> "Figure":
    """Every pair's difference with both its intervals: over seeds (solid), within the passage (open)."""
    verdicts = [v for v in reversed(comparison.conclusion.verdicts) if v.seeds or v.text]
    figure = new_figure(8.6, 1.3 + row_height(len(verdicts), 0.46) * len(verdicts))
    axes = figure.subplots()
    for ranked, colour in ((True, INK), (False, SOFT)):
        chosen = [(y, v) for y, v in enumerate(verdicts) if bool(v.winner) is ranked]
        seeds = [(v.seeds.value, y + 0.13, v.seeds.half) for y, v in chosen if v.seeds]
        text = [(v.text.value, y - 0.13, v.text.half) for y, v in chosen if v.text]
        for dots, fill, width in ((seeds, colour, 1.8), (text, "white", 1.1)):
            if dots:
                x, y, half = zip(*dots, strict=True)
                axes.errorbar(x, y, xerr=half, color=colour, marker="o", markerfacecolor=fill, capsize=3,
                              linestyle="none", elinewidth=width)  # fmt: skip
    size = min(9.5, 72 * 0.8 * row_height(len(verdicts)))
    axes.set_yticks(
        range(len(verdicts)), [plain(f"{v.a} over {v.b}") for v in verdicts], color=INK, fontsize=size
    )
    axes.set_ylim(-0.6, len(verdicts) - 0.4)
    axes.axvline(0, color=SOFT, linewidth=1)
    axes.grid(False, axis="y")
    axes.set_xlabel(
        "lead in bits per byte (full dot: over seeds; open dot: within this passage; grey: not ranked)"
    )
    return figure


# --- frontier ---


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
    for place, (axes, (key, label)) in enumerate(zip(figure.subplots(1, 3, sharey=True), COSTS, strict=True)):
        groups = [g for g in comparison.groups if np.isfinite(mean_and_half(g, key)[0])]
        points = [(mean_and_half(g, key)[0], *mean_and_half(g, "bits_per_byte")) for g in groups]
        if not points:
            continue
        front = [points[i] for i in pareto([p[0] for p in points], [p[1] for p in points])]
        axes.step(
            [p[0] for p in front], [p[1] for p in front], where="post", color=GRID, linewidth=7, zorder=1
        )
        for kind in dict.fromkeys(g.tokenizer for g in groups):
            own = sorted(p for g, p in zip(groups, points, strict=True) if g.tokenizer == kind)
            shape = look(kind, [g.tokenizer for g in groups])
            x, y, half = zip(*own, strict=True)
            axes.errorbar(x, y, yerr=half, color=shape.colour, marker=shape.marker, linestyle=shape.dash,
                          capsize=2.5, label=plain(kind))  # fmt: skip
        _ruler_lines(axes, comparison, vertical=False)
        _name_sizes(axes, comparison, groups, points)
        axes.set_xscale("log")
        axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axes.xaxis.set_major_formatter(EngFormatter(sep=""))
        axes.xaxis.set_minor_formatter(NullFormatter())
        axes.set_xlabel(label)
        if place == 0:
            axes.set_ylabel("bits per byte (grey band: the frontier)")
            axes.legend(fontsize=8.5)
    return figure


def _name_sizes(
    axes: "Axes", comparison: Comparison, groups: Sequence[Group], points: Sequence[tuple]
) -> None:
    """Each point of a family of sizes carries its size, as long as there is room."""
    if len(groups) > 24:
        return
    families = size_families(comparison)
    for group, (x, y, _) in zip(groups, points, strict=True):
        name = group.label.removeprefix(group.tokenizer).strip()
        if group.tokenizer in families and name:
            axes.annotate(
                plain(name), (x, y), xytext=(4, 5), textcoords="offset points", fontsize=7.5, color=SOFT
            )


@dataclass(frozen=True)
class Drawing:
    """A figure to be drawn: its file name, what it shows, and how."""

    name: str
    caption: str
    draw: Callable[[], "Figure"]


def drawings(comparison: Comparison, metrics: pd.DataFrame) -> list[Drawing]:
    """All figures that this comparison has data for."""
    found = [
        Drawing("bits_per_byte", "Bits per byte: tokens, residual, rulers", lambda: bits_figure(comparison))
    ]
    if any(v.seeds or v.text for v in comparison.conclusion.verdicts):
        found.append(Drawing("verdicts", "Differences and their doubt", lambda: verdict_figure(comparison)))
    rows = curve_rows(comparison, metrics)
    for axis in AXES:
        known = rows.dropna(subset=[axis.key]) if axis.key in rows else rows.iloc[:0]
        if not known.empty:
            caption = f"Validation bits per byte against {axis.label}"
            found.append(Drawing(f"curves_{axis.key}", caption, _curves(comparison, known, axis)))
    found.append(Drawing("parameters", "Where the parameters are", lambda: parameter_figure(comparison)))
    if size_families(comparison):
        found.append(Drawing("frontier", "What a bit costs", lambda: frontier_figure(comparison)))
    return found


def _curves(comparison: Comparison, rows: pd.DataFrame, axis: Axis) -> Callable[[], "Figure"]:
    return lambda: curve_figure(comparison, rows, axis)
