"""Estimates: a measure of a setting as a mean over its seeds with an interval."""

from analysis.inference.uncertainty import Estimate, estimate
from analysis.records.settings import Setting


def estimate_of(setting: Setting, key: str) -> Estimate:
    """The mean of a measure over the seeds of a setting that have it, with its interval."""
    return estimate(setting.values(key))
