"""Exercise 5 of docs/BACKPROP.md: one head of attention, all three gradients.

Fill in `backward`, then: python examples/exercises/backprop_5.py
"""

from typing import Any

import numpy as np
from checking import Array, check_gradients, report


def forward(q: Array, k: Array, v: Array) -> tuple[Array, Any]:
    """out = softmax(q k^T / sqrt(D)) v, each position to itself and those before: all arrays (T, D)."""
    T, D = q.shape
    scores = q @ k.T / np.sqrt(D) + np.triu(np.full((T, T), -np.inf), 1)
    e = np.exp(scores - scores.max(axis=1, keepdims=True))
    p = e / e.sum(axis=1, keepdims=True)
    return p @ v, (q, k, v, p)


def backward(dout: Array, cache: Any) -> tuple[Array, Array, Array]:
    """dq, dk and dv, each (T, D)."""
    raise NotImplementedError


def check() -> list[str]:
    return check_gradients(forward, backward, q=(5, 3), k=(5, 3), v=(5, 3))


if __name__ == "__main__":
    report(check)
