"""Exercise 1 of docs/OPTIMIZERS.md: RMSProp.

    square = beta * square + (1 - beta) * g^2
    p     -= lr * g / (sqrt(square) + eps)

Fill in `update`, then: python examples/exercises/optimizers_1.py
"""

import math

import numpy as np
from checking import Array, check_values, report, steps

from numpygpt.nn import Parameter
from numpygpt.optim import Optimizer

BETA, EPS, LR = 0.9, 1e-8, 0.1
GRADIENTS = ((1.0, -200.0), (2.0, 100.0), (-1.0, 100.0), (0.5, 0.0))  # of two parameters, step by step


class RMSProp(Optimizer):
    """Steps of about lr: the gradient over the root of its own mean square."""

    state_names = ("square",)

    def update(self, p: Array, g: Array, state: list[Array], decay: bool, lr: float) -> None:
        """Change p in place; state is [square], which begins at zero and is to be changed in place too."""
        raise NotImplementedError


def check() -> list[str]:
    p = Parameter(np.array([1.0, -1.0]))
    found, expected = {}, {}
    for step, values in enumerate(steps(RMSProp([p], LR), p, GRADIENTS), start=1):
        found |= {f"parameter {i} after step {step}": float(values[i]) for i in range(2)}
        expected |= {f"parameter {i} after step {step}": _after(i, step) for i in range(2)}
    return check_values(found, expected)


def _after(i: int, steps: int) -> float:
    """The same, number by number."""
    p, square = (1.0, -1.0)[i], 0.0
    for gradients in GRADIENTS[:steps]:
        square += (1 - BETA) * (gradients[i] ** 2 - square)
        p -= LR * gradients[i] / (math.sqrt(square) + EPS)
    return p


if __name__ == "__main__":
    report(check)
