"""Exercise 3 of docs/OPTIMIZERS.md: Lion (Chen et al. 2023, "Symbolic discovery of optimization algorithms").

    p    -= lr * (sign(beta1 * mean + (1 - beta1) * g) + weight_decay * p)
    mean  = beta2 * mean + (1 - beta2) * g

Decay is for matrices only, and both terms use p as it was before the step.
Fill in `update`, then: python examples/exercises/optimizers_3.py
"""

import numpy as np
from checking import Array, check_values, report, steps

from numpygpt.nn import Parameter
from numpygpt.optim import Optimizer

BETA1, BETA2, DECAY, LR = 0.9, 0.99, 0.1, 0.01
GRADIENTS = (5.0, 5.0, -0.85, -20.0)


class Lion(Optimizer):
    """Steps of exactly lr, up or down, whatever the gradients' size."""

    state_names = ("mean",)

    def update(self, p: Array, g: Array, state: list[Array], decay: bool, lr: float) -> None:
        """Change p, and state, which is [mean], in place; `decay` says whether p belongs to a matrix."""
        raise NotImplementedError


def check() -> list[str]:
    found = {}
    for name, p in {"matrix": Parameter(np.ones((1, 2))), "vector": Parameter(np.ones(2))}.items():
        for step, values in enumerate(steps(Lion([p], LR), p, GRADIENTS), start=1):
            found[f"the {name} after step {step}"] = values
    return check_values(found, _expected())


def _expected() -> dict[str, float]:
    """The same, number by number."""
    values, mean, found = {"matrix": 1.0, "vector": 1.0}, 0.0, {}
    for step, gradient in enumerate(GRADIENTS, start=1):
        direction = 1 if BETA1 * mean + (1 - BETA1) * gradient > 0 else -1
        mean += (1 - BETA2) * (gradient - mean)
        for name, decay in (("matrix", DECAY), ("vector", 0.0)):
            values[name] -= LR * (direction + decay * values[name])
            found[f"the {name} after step {step}"] = values[name]
    return found


if __name__ == "__main__":
    report(check)
