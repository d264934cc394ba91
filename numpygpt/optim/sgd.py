"""Stochastic gradient descent, with momentum."""

from collections.abc import Sequence

import numpy as np

from numpygpt.errors import UserError
from numpygpt.optim.optimizer import Array, LearnedArray, Optimizer


class SGD(Optimizer):
    """p -= lr v with v = momentum v + g; Nesterov's form looks ahead: p -= lr (g + momentum v).

    Sutskever et al. 2013, equations 1 to 4, in PyTorch's arrangement (the learning rate outside of v).
    weight_decay adds weight_decay * p to the gradient of matrices (L2 regularisation).
    """

    def __init__(
        self,
        parameters: Sequence[LearnedArray],
        lr: float,
        *,
        momentum: float = 0.0,
        nesterov: bool = False,
        weight_decay: float = 0.0,
    ) -> None:
        if not 0 <= momentum < 1:
            raise UserError(f"momentum is {momentum}; it must be at least 0 and below 1")
        if nesterov and momentum == 0:
            raise UserError("nesterov needs a momentum above 0")
        self.momentum, self.nesterov, self.weight_decay = momentum, nesterov, weight_decay
        self.state_names = ("velocity",) if momentum else ()
        super().__init__(parameters, lr)

    def update(self, p: Array, g: Array, state: list[Array], decay: bool, lr: float) -> None:
        if decay and self.weight_decay:
            g = g + self.weight_decay * p
        if self.momentum:
            (v,) = state
            v *= self.momentum
            v += g
            g = g + self.momentum * v if self.nesterov else v
        p -= np.multiply(g, lr)
