"""Which figures a comparison has data for. Each takes tidy rows and computes no model; bands and bars show the
95 % t-interval over seeds."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import pandas as pd
from matplotlib.figure import Figure

from analysis.figures.bars import bits_figure
from analysis.figures.curves import AXES, curve_figure, curve_rows, retold
from analysis.figures.differences import part_differences, part_figure, perturbed_figure, verdict_figure
from analysis.figures.frontier import frontier_figure, scaling_figure
from analysis.inference.comparisons import Comparison
from analysis.inference.scaling import Scaling
from analysis.tables.tokenizers import perturbed_table


@dataclass(frozen=True)
class Drawing:
    """A figure to be drawn: its file name, what it shows, and how. A table may have its name, and says the same."""

    name: str
    caption: str
    draw: Callable[[], Figure]


def drawings(comparison: Comparison, metrics: pd.DataFrame) -> list[Drawing]:
    """All figures that this comparison has data for."""
    found = [
        Drawing("bits_per_byte", "Bits per byte and their parts, baselines", partial(bits_figure, comparison))
    ]
    if any(v.seeds or v.text for v in comparison.conclusion.verdicts):
        found.append(Drawing("verdicts", "Differences and their doubt", partial(verdict_figure, comparison)))
    rows = curve_rows(comparison, metrics)
    for axis, label in AXES.items():
        known = rows.dropna(subset=[axis]) if axis in rows else rows.iloc[:0]
        if not known.empty and not retold(known, axis):
            caption = f"Validation bits per byte against {label}"
            found.append(Drawing(f"curves_{axis}", caption, partial(curve_figure, comparison, known, axis)))
    if not part_differences(comparison, "byte_kind").empty:
        caption = "What the differences are made of, by kind of byte"
        found.append(Drawing("bits_by_byte_kind", caption, partial(part_figure, comparison, "byte_kind")))
    if keys := [column.key for column in perturbed_table(comparison).columns[1:]]:
        caption = "What mistakes in the text cost"
        found.append(Drawing("perturbed", caption, partial(perturbed_figure, comparison, keys)))
    if any(len({s.mean("n_params") for s in family.settings}) > 1 for family in comparison.families):
        found.append(Drawing("frontier", "What a bit costs", partial(frontier_figure, comparison)))
    return found


def scaling_drawing(name: str, found: Scaling) -> Drawing:
    return Drawing(name, "Bits per byte as training compute grows", partial(scaling_figure, found))
