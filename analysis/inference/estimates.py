"""Estimates: a measure of a setting as a mean over its seeds with an interval."""

import numpy as np

from analysis.inference.uncertainty import Estimate, estimate
from analysis.records.collect import Floats
from analysis.records.settings import Setting


def estimate_of(setting: Setting, key: str) -> Estimate:
    """The mean of a measure over the seeds of a setting that have it, with its interval."""
    return estimate_finite(setting.values(key))


def estimate_finite(values: Floats) -> Estimate:
    """The mean of the finite ones of `values` (n,) with its interval.

    The mean is NaN if there are none, the half-width if there is one, or no spread but that of rounding.
    """
    finite = values[np.isfinite(values)]
    if not len(finite):
        return Estimate(float("nan"), float("nan"), 0)
    found = estimate(finite)
    return found if found.half > 1e-9 * abs(found.mean) else Estimate(found.mean, float("nan"), found.n)
