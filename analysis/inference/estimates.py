"""Estimates: every measure of every setting as a mean over its seeds, with an interval, in one tidy frame."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from analysis.inference.uncertainty import LEVEL, t_quantile
from analysis.records.collect import COLUMNS
from analysis.records.settings import Setting

NUMBERS = (int, float, np.number, np.bool_)


class Estimate(NamedTuple):
    """A mean over `n` seeds and its t-interval, `mean` plus or minus `half` (NaN where nothing is known of it)."""

    mean: float = float("nan")
    low: float = float("nan")
    high: float = float("nan")
    half: float = float("nan")
    n: int = 0


def intervals(groups: Any, level: float = LEVEL) -> pd.DataFrame:
    """The mean of each group of values and its t-interval, mean +- t_{n-1} s / sqrt(n), over what is not NaN.

    groups: of a Series or a DataFrame, as groupby makes them. Returns a row per group; its columns are the fields
    of Estimate, above the columns of the DataFrame. The mean is NaN if there is no value, the half-width if there
    is one, or no spread but that of rounding.
    """
    mean, n = groups.mean(), groups.count()
    half = t_quantile(n - 1, level) * groups.std() / np.sqrt(n)
    half = half.where(half > 1e-9 * mean.abs())
    fields = {"mean": mean, "low": mean - half, "high": mean + half, "half": half, "n": n}
    return pd.concat(fields, axis=1, names=["field"])


def estimates(settings: Sequence[Setting]) -> pd.DataFrame:
    """A row per setting and measure: setting (its label), tokenizer, model, measure, and the fields of Estimate."""
    rows = pd.DataFrame([{**row, "setting": s.label} for s in settings for row in s.rows])
    own = rows[["setting", "tokenizer", "model"]].drop_duplicates("setting")
    values = rows.drop(columns=[*COLUMNS, "setting"])
    numbers = values.map(lambda x: float(x) if isinstance(x, NUMBERS) and np.isfinite(x) else np.nan)
    wide = intervals(numbers.dropna(axis=1, how="all").groupby(rows["setting"], sort=False))
    tidy = wide.stack(1, future_stack=True).rename_axis(["setting", "measure"]).reset_index()
    return own.merge(tidy[tidy["n"] > 0], on="setting")[[*own, "measure", *Estimate._fields]]
