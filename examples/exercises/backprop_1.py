"""Exercise 1 of docs/BACKPROP.md: used twice.

Fill in `backward`, then: python examples/exercises/backprop_1.py
"""

from typing import Any

from checking import Array, check_gradients, report


def forward(a: Array, b: Array) -> tuple[Array, Any]:
    """out = a * b + a, entry by entry."""
    return a * b + a, (a, b)


def backward(dout: Array, cache: Any) -> tuple[Array, Array]:
    """da and db."""
    raise NotImplementedError


def check() -> list[str]:
    return check_gradients(forward, backward, a=(2, 3), b=(2, 3))


if __name__ == "__main__":
    report(check)
