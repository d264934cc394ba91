"""Exercise 2 of docs/BACKPROP.md: broadcasting.

Fill in `backward`, then: python examples/exercises/backprop_2.py
"""

from typing import Any

from checking import Array, check_gradients, report


def forward(x: Array, scale: Array, shift: Array) -> tuple[Array, Any]:
    """out = x * scale + shift, for x (B, T, C), scale (C,) and shift (T, 1)."""
    return x * scale + shift, (x, scale, shift)


def backward(dout: Array, cache: Any) -> tuple[Array, Array, Array]:
    """dx (B, T, C), dscale (C,) and dshift (T, 1)."""
    raise NotImplementedError


def check() -> list[str]:
    return check_gradients(forward, backward, x=(2, 3, 4), scale=(4,), shift=(3, 1))


if __name__ == "__main__":
    report(check)
