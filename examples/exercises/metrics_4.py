"""Exercise 4 of docs/METRICS.md: the doubt of the text.

Fill in `jackknife`, then: python examples/exercises/metrics_4.py
"""

import math

import numpy as np
from checking import Array, report

from analysis.uncertainty import jackknife as ours


def jackknife(bits_a: Array, bits_b: Array, block_bytes: Array) -> tuple[float, float]:
    """The difference a - b in bits per byte over all blocks (n,), and its standard error.

    Leave out one block at a time and look at the difference on what is left, r_i. The standard error is

        sqrt((n - 1) / n * sum_i (r_i - mean(r))^2)

    The blocks are not of equal length: the difference is a ratio of sums.
    """
    raise NotImplementedError


def check() -> list[str]:
    rng = np.random.default_rng(1)
    size = rng.integers(2000, 6000, 27).astype(np.float64)  # bytes
    b = size * rng.normal(2.8, 0.2, 27)
    a = b - size * (0.4 + size / 20000 + rng.normal(0, 0.1, 27))  # long blocks favour a
    due = ours(a, b, size)
    value, error = jackknife(a, b, size)
    if not math.isclose(value, due.value, rel_tol=1e-9):
        mean = float(((a - b) / size).mean())
        hint = (
            ": in a mean over blocks a short one counts like a long one" if math.isclose(value, mean) else ""
        )
        return [f"the difference is {value:.5f}, and should be {due.value:.5f}{hint}"]
    if not math.isclose(error, due.se, rel_tol=1e-9):
        plain = float(((a - b) / size).std(ddof=1)) / math.sqrt(27)
        hint = ": that is the one of a mean over blocks" if math.isclose(error, plain) else ""
        return [f"the standard error is {error:.5f}, and should be {due.se:.5f}{hint}"]
    return []


if __name__ == "__main__":
    report(check)
