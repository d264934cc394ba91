"""Adam and AdamW."""

from collections.abc import Sequence

import numpy as np

from numpygpt.errors import UserError
from numpygpt.optim.optimizer import Array, LearnedArray, Optimizer


class Adam(Optimizer):
    """Steps of about lr in every coordinate: the mean of the gradients over the root of their mean square.

    Kingma and Ba 2015, algorithm 1. weight_decay, if any, adds weight_decay * p to the gradient of matrices,
    where the division by the root mean square blunts it; AdamW mends that.
    """

    state_names = ("mean", "square")
    decoupled = False

    def __init__(
        self,
        parameters: Sequence[LearnedArray],
        lr: float,
        *,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
    ) -> None:
        if not all(0 <= beta < 1 for beta in betas):
            raise UserError(f"betas are {betas}; each must be at least 0 and below 1")
        if not eps > 0:
            raise UserError(f"eps is {eps}; it must be above 0")
        self.betas, self.eps, self.weight_decay = betas, eps, weight_decay
        super().__init__(parameters, lr)

    def update(self, p: Array, g: Array, state: list[Array], decay: bool, lr: float) -> None:
        m, v = state
        beta1, beta2 = self.betas
        if decay and self.weight_decay:
            if self.decoupled:
                p *= 1 - lr * self.weight_decay
            else:
                g = g + self.weight_decay * p
        # m = beta1 m + (1 - beta1) g, and v likewise with g^2; both start at 0 and are too small at first:
        # m / (1 - beta1^t) and v / (1 - beta2^t) are not.
        room = np.subtract(g, m)
        room *= 1 - beta1
        m += room
        np.multiply(g, g, out=room)
        room *= 1 - beta2
        v *= beta2
        v += room
        np.sqrt(v, out=room)
        room *= (1 - beta2**self.n_steps) ** -0.5
        room += self.eps
        np.divide(m, room, out=room)
        room *= lr / (1 - beta1**self.n_steps)
        p -= room


class AdamW(Adam):
    """Adam with decay apart from the gradient: matrices shrink by lr * weight_decay at each step.

    Loshchilov and Hutter 2019, algorithm 2.
    """

    decoupled = True
