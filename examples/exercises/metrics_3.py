"""Exercise 3 of docs/METRICS.md: the doubt of the seeds.

Fill in `interval`, then: python examples/exercises/metrics_3.py
"""

import math

import numpy as np
from checking import Array, near_miss, report

from analysis.inference.uncertainty import welch


def interval(a: Array, b: Array) -> tuple[float, float]:
    """mean(a) - mean(b), and the half-width of its 95 % interval, for totals of some seeds each, (n,) and (m,).

    By Welch's t: the squared standard errors of the two means add up, and the degrees of freedom are

        (e_a + e_b)^2 / (e_a^2 / (n - 1) + e_b^2 / (m - 1))

    with e_a and e_b the two squared standard errors. `scipy.special.stdtrit(df, 0.975)` says how many standard
    errors the interval reaches to either side.
    """
    raise NotImplementedError


def check() -> list[str]:
    rng = np.random.default_rng(1)
    for n, m, spread in ((5, 5, 1.0), (3, 8, 4.0), (10, 3, 0.2)):
        a, b = 2.3 + 0.01 * rng.normal(size=n), 2.8 + 0.01 * spread * rng.normal(size=m)
        due = welch(a, b)
        value, half = interval(a, b)
        if not math.isclose(value, due.value, rel_tol=1e-9):
            return [f"the difference of {n} and {m} seeds is {value:.4f}, and should be {due.value:.4f}"]
        if not math.isclose(half, due.half, rel_tol=1e-9):
            sentence = f"the half-width with {n} and {m} seeds is {half:.5f}, and should be {due.half:.5f}"
            return [sentence + _hint(a, b, half)]
    return []


def _hint(a: Array, b: Array, half: float) -> str:
    """What a near miss did."""
    quantile = welch(a, b).half / welch(a, b).se
    errors = {ddof: math.sqrt(a.var(ddof=ddof) / len(a) + b.var(ddof=ddof) / len(b)) for ddof in (0, 1)}
    misses = {
        errors[1]: "that is one standard error",
        errors[0] * quantile: "a sample's variance is divided by n - 1 (ddof=1)",
        errors[1] * 1.96: "1.96 is for many seeds: with few, t reaches further",
    }
    return near_miss(half, misses, rel_tol=1e-3)


if __name__ == "__main__":
    report(check)
