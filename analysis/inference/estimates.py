"""Estimates: every measure of every setting as a mean over its seeds, with an interval, taken once."""

from typing import Any

import numpy as np
import pandas as pd

from analysis.inference.uncertainty import LEVEL, t_quantile
from analysis.records.collect import COLUMNS
from analysis.records.settings import Estimate

NUMBERS = (int, float, np.number, np.bool_)


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


def estimates(runs: pd.DataFrame) -> dict[str, dict[str, Estimate]]:
    """By key of a setting and measure. `runs` has a row per run that counts, and a column per measure."""
    values = runs.drop(columns=COLUMNS, errors="ignore")
    numbers = values.map(lambda x: float(x) if isinstance(x, NUMBERS) and np.isfinite(x) else np.nan)
    wide = intervals(numbers.groupby(runs["key"], sort=False))
    found: dict[str, dict[str, Estimate]] = {}
    for key, measure, *figures in wide.stack(1, future_stack=True).reset_index().itertuples(index=False):
        if figures[-1]:
            found.setdefault(key, {})[measure] = Estimate(*figures)
    return found
