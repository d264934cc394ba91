"""Exercise 4 of docs/BACKPROP.md: a gate, the heart of SwiGLU.

Fill in `backward`, then: python examples/exercises/backprop_4.py
"""

from typing import Any

import numpy as np
from checking import Array, check_gradients, report


def forward(a: Array, b: Array) -> tuple[Array, Any]:
    """out = a sigmoid(a) b, entry by entry: b, let through as far as a says."""
    s = 1 / (1 + np.exp(-a))
    return a * s * b, (a, b, s)


def backward(dout: Array, cache: Any) -> tuple[Array, Array]:
    """da and db. The slope of the sigmoid s is s (1 - s)."""
    raise NotImplementedError


def check() -> list[str]:
    return check_gradients(forward, backward, a=(2, 3), b=(2, 3))


if __name__ == "__main__":
    report(check)
