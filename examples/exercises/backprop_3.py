"""Exercise 3 of docs/BACKPROP.md: RMSNorm.

Fill in `backward`, then: python examples/exercises/backprop_3.py
"""

from typing import Any

import numpy as np
from checking import Array, check_gradients, report

EPS = 1e-5


def forward(x: Array, gain: Array) -> tuple[Array, Any]:
    """out = x / sqrt(mean(x^2) + eps) * gain, for x (N, C) and gain (C,): layer norm that leaves the mean alone."""
    r = 1 / np.sqrt((x * x).mean(axis=1, keepdims=True) + EPS)  # (N, 1)
    xhat = x * r
    return xhat * gain, (xhat, r, gain)


def backward(dout: Array, cache: Any) -> tuple[Array, Array]:
    """dx (N, C) and dgain (C,). In exact terms: r stands for 1 / sqrt(mean(x^2) + eps), and xhat for x r."""
    raise NotImplementedError


def check() -> list[str]:
    return check_gradients(forward, backward, x=(3, 5), gain=(5,))


if __name__ == "__main__":
    report(check)
