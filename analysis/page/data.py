"""What the page's scripts draw, as plain records ready for JSON: curves, the panel of each run, the frontier.

Everything is thinned to what a screen can show and rounded to five digits: the tables carry the figures.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from analysis.figures.curves import AXES, bands_of, curve_rows, shade
from analysis.figures.frontier import COSTS
from analysis.figures.style import PALETTE, look
from analysis.inference.comparisons import Comparison
from analysis.inference.estimates import estimate_of
from analysis.page.view import View
from analysis.records.settings import size_families

MOST_POINTS = 240  # of one curve
MOST_STEPS = 120  # of one panel
DIGITS = 5


@dataclass(frozen=True)
class DrawnSetting:
    """A setting for the scripts: `look` is its place in the palette, `shade` 0.4 to 1 within its tokenizer."""

    label: str
    look: int
    shade: float
    dash: str
    marker: str
    tokenizer: str
    seeds: int


@dataclass(frozen=True)
class Curve:
    """Validation bits per byte: `mean` and `half` (0 without interval) at each evaluation, `x` by axis."""

    setting: int
    x: dict[str, list[float]]
    mean: list[float]
    half: list[float]


@dataclass(frozen=True)
class Panel:
    """What metrics.jsonl holds of one run: a list per column; `clipped` is a share of all logged steps."""

    run: str
    state: str
    look: int
    clipped: float
    steps: dict[str, list[float | None]]
    evaluations: dict[str, list[float | None]]


@dataclass(frozen=True)
class Point:
    """One setting on the frontier: mean and half-width of its bits per byte, mean of each cost."""

    setting: int
    bits: float
    half: float
    costs: dict[str, float]
    size: str


def look_number(tokenizer: str, tokenizers: Sequence[str]) -> int:
    """The place of a tokenizer's look in the palette; the page has a class for each."""
    return PALETTE.index(look(tokenizer, tokenizers))


def settings(comparison: Comparison) -> list[DrawnSetting]:
    found = []
    for setting in comparison.settings:
        shape = look(setting.tokenizer, comparison.tokenizers)
        dash = " ".join(f"{2 * length:g}" for length in shape.dash[1]) if shape.dash != "-" else ""
        number = PALETTE.index(shape)
        strength = round(shade(setting, comparison.settings), 2)
        found.append(
            DrawnSetting(
                setting.label, number, strength, dash, shape.marker, setting.tokenizer, len(setting.seeds)
            )
        )
    return found


def curves(comparison: Comparison, metrics: pd.DataFrame) -> list[Curve]:
    """A curve per setting that has logged evaluations; an axis is there if all its evaluations have it."""
    rows = curve_rows(comparison, metrics)
    if rows.empty:
        return []
    by_axis = {axis.key: bands_of(rows, axis.key) for axis in AXES if axis.key in rows}
    found = []
    for number, setting in enumerate(comparison.settings):
        band = by_axis["step"].get(setting.key)
        if band is None:
            continue
        kept = evenly(len(band), MOST_POINTS)
        x = {key: rounded(bands[setting.key]["x"].iloc[kept]) for key, bands in by_axis.items()}
        known = {key: values for key, values in x.items() if None not in values}
        found.append(
            Curve(number, known, rounded(band["mean"].iloc[kept]), rounded(band["half"].iloc[kept]))  # type: ignore[arg-type]
        )
    return found


def evenly(n: int, most: int) -> list[int]:
    """Up to `most` of n places, evenly, the first and the last among them."""
    return list(range(n)) if n <= most else np.linspace(0, n - 1, most).round().astype(int).tolist()


def spikes_kept(norms: np.ndarray, most: int) -> list[int]:
    """Up to `most` of all places, of each stretch the one with the largest norm: no spike is thinned away."""
    if len(norms) <= most:
        return list(range(len(norms)))
    heights = np.where(np.isfinite(norms), norms, np.inf)
    stretches = np.array_split(np.arange(len(norms)), most)
    return [int(s[np.argmax(heights[s])]) for s in stretches]


def rounded(values: Any) -> list[float | None]:
    """JSON knows no NaN: None."""
    return [_digits(v) if np.isfinite(v) else None for v in np.asarray(values, np.float64)]


def panels(view: View) -> list[Panel]:
    """One for every run that has logged anything, whatever its state, in the order of the runs' table."""
    tokenizers = sorted(set(view.collection.runs["tokenizer"]))
    logged = {str(folder): rows for folder, rows in view.metrics.groupby("folder", sort=False)}
    found = []
    for _, run in view.collection.runs.sort_values(["study", "run", "folder"]).iterrows():
        rows = logged.get(str(run["folder"]))
        if rows is not None:
            number = look_number(str(run["tokenizer"]), tokenizers)
            found.append(_panel(str(run["run"]), str(run["state"]), number, rows))
    return found


def _panel(run: str, state: str, number: int, rows: pd.DataFrame) -> Panel:
    steps, evaluations = (rows[rows["kind"] == kind] for kind in ("train", "eval"))
    kept = spikes_kept(_numbers(steps, "grad_norm"), MOST_STEPS)
    clipped = np.nan_to_num(_numbers(steps, "clipped"))
    at = evenly(len(evaluations), MOST_STEPS)
    losses = _numbers(evaluations, "val_loss")
    changes = np.diff(losses, prepend=np.nan) if len(losses) else losses  # of each to the next, shown or not
    return Panel(
        run,
        state,
        number,
        round(float(clipped.mean()), 4) if len(clipped) else 0.0,
        {key: rounded(_numbers(steps, key)[kept]) for key in ("step", "loss", "grad_norm", "lr")},
        {
            **{key: rounded(_numbers(evaluations, key)[at]) for key in ("step", "train_loss", "val_loss")},
            "change": rounded(changes[at]),
        },
    )


def _numbers(rows: pd.DataFrame, key: str) -> np.ndarray:
    """A column as floats, NaN where there is none."""
    if key not in rows:
        return np.full(len(rows), np.nan)
    return pd.to_numeric(rows[key], errors="coerce").to_numpy(np.float64, na_value=np.nan)


def frontier(comparison: Comparison) -> list[Point]:
    """A point per setting; [] where no tokenizer has two sizes."""
    if not size_families(comparison.settings):
        return []
    points = []
    for number, setting in enumerate(comparison.settings):
        found = estimate_of(setting, "bits_per_byte")
        bits, half = _digits(found.mean), _digits(np.nan_to_num(found.half))
        costs = {key: setting.values(key).mean() for key in (*dict(COSTS), "vocab_size")}
        known = {key: _digits(cost) for key, cost in costs.items() if np.isfinite(cost)}
        points.append(Point(number, bits, half, known, setting.size))
    return points


def _digits(value: float) -> float:
    return float(f"{value:.{DIGITS}g}")
