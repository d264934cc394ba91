"""Cells and notes that several tables share: a measure of a setting as the mean over its seeds."""

from collections.abc import Sequence

import numpy as np

from analysis.inference.comparisons import Comparison
from analysis.records.measures import measure
from analysis.records.settings import Setting
from analysis.tables.model import Cell, Column, Row, Table, measure_column

NAME = Column("setting", "tokenizer", right=False)
PER_TOKEN = "* per token of its own vocabulary: never to be compared across vocabularies"
MEAN = "± is the 95 % t-interval of the mean over the seeds of a row; (a to b): cut at the least or most it can be"


def cell(comparison: Comparison, setting: Setting, key: str) -> Cell:
    """A measure: the mean over the seeds with its interval; text and yes/no as the first seed has them.

    The bits per byte are marked if the setting beats all others.
    """
    form, value = measure(key).form, setting.rows[0].get(key)
    if isinstance(value, str | bool | np.bool_):
        return Cell(value if isinstance(value, str) else bool(value), form)
    found = setting.estimate(key)
    if np.isnan(found.mean) or form == "yesno":
        return Cell(None if np.isnan(found.mean) else bool(found.mean), form)
    best = key == "bits_per_byte" and setting.label == comparison.conclusion.leader
    return Cell(found.mean, form, found.half, best)


def mean_note(comparison: Comparison) -> tuple[str, ...]:
    """What ± means, where there is any."""
    return (MEAN,) if any(len(s.seeds) > 1 for s in comparison.settings) else ("one seed each: no intervals",)


def measure_table(comparison: Comparison, name: str, title: str, keys: Sequence[str], *notes: str) -> Table:
    """A row per setting, a column per measure that any of them has."""
    rows = [Row((Cell(s.label), *(cell(comparison, s, key) for key in keys))) for s in comparison.settings]
    columns, notes = (NAME, *map(measure_column, keys)), (*notes, *mean_note(comparison))
    return Table(name, f"{title}: {comparison.title}", columns, tuple(rows), notes).without_empty()
