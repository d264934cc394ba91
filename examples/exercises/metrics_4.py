"""Exercise 4 of docs/METRICS.md: the doubt of the text.

Fill in `neighbours`, then: python examples/exercises/metrics_4.py
"""

import math

import numpy as np
from checking import Array, near_miss, report

from analysis.inference.uncertainty import within_text


def neighbours(bits_a: Array, bits_b: Array, block_bytes: Array) -> tuple[float, float]:
    """The difference a - b in bits per byte over all blocks (n,), and the correlation of neighbouring blocks.

    The blocks are not of equal length: the difference is a ratio of sums. What is correlated is what each block
    adds to it, its own difference in bits less that of a block of its length at the difference over all.
    """
    raise NotImplementedError


def check() -> list[str]:
    rng = np.random.default_rng(1)
    size = rng.integers(2000, 6000, 27).astype(np.float64)  # bytes
    b = size * rng.normal(2.8, 0.2, 27)
    scene = np.convolve(rng.normal(0, 0.1, 29), np.ones(3), "valid")  # a scene is longer than a block
    a = b - size * (0.4 + size / 20000 + scene)  # long blocks favour a
    due = within_text(a, b, size)
    value, correlation = neighbours(a, b, size)
    if not math.isclose(value, due.value, rel_tol=1e-9):
        mean = float(((a - b) / size).mean())
        hint = near_miss(value, {mean: "in a mean over blocks a short one counts like a long one"})
        return [f"the difference is {value:.5f}, and should be {due.value:.5f}{hint}"]
    if not math.isclose(correlation, due.neighbours, rel_tol=1e-9):
        raw = float(np.corrcoef((a - b)[1:], (a - b)[:-1])[0, 1])
        hint = near_miss(correlation, {raw: "that is the one of bits, of which a long block has more"})
        return [f"the correlation is {correlation:.5f}, and should be {due.neighbours:.5f}{hint}"]
    return []


if __name__ == "__main__":
    report(check)
