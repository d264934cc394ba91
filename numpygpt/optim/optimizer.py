"""What all optimizers share: their state, and the walk over memory in pieces that fit a core's cache."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any, Protocol

import numpy as np

from numpygpt.errors import UserError

Array = np.ndarray[Any, Any]

Piece = tuple[int, slice]  # number of the array, and slice of it as a vector

CHUNK = 32 * 1024  # entries: five float32 arrays of this length fill 640 kB of level-2 cache


class LearnedArray(Protocol):
    """What an optimizer needs of a parameter; `numpygpt.nn.Parameter` is one."""

    data: Array
    decay: bool
    n_matrices: int

    @property
    def grad(self) -> Array: ...

    def zero_grad(self) -> None: ...


class Optimizer:
    """Base of all optimizers: holds the parameters and, per parameter, the arrays named in `state_names`.

    An update is cut into pieces of parameters that need nothing of each other, so they may be updated in any order,
    and by several processes, with the same result. `update(p, g, state, decay, lr)` changes a piece of parameters p
    in place from its gradients g, all of them vectors. Subclasses set their own settings before they call __init__,
    which refuses impossible ones with a UserError.
    """

    state_names: tuple[str, ...] = ()

    def __init__(self, parameters: Sequence[LearnedArray], lr: float) -> None:
        self.parameters = list(parameters)
        self.lr = lr
        for name in ("lr", "embedding_lr", "weight_decay"):
            if not 0 <= getattr(self, name, 0.0) < math.inf:
                raise UserError(f"{name} is {getattr(self, name)}; it must be a number of at least 0")
        self.n_steps = 0
        self.state = {name: [np.zeros_like(p.data) for p in self.parameters] for name in self.state_names}

    def update(self, p: Array, g: Array, state: list[Array], decay: bool, lr: float) -> None:
        raise NotImplementedError

    def step(self, lr: float | None = None, *, grad_scale: float = 1.0) -> None:
        """One update of all parameters.

        lr: this step's learning rate, if it is not the optimizer's own. grad_scale: what gradients are
        multiplied with on the way (clipping, without another pass over memory).
        """
        self.n_steps += 1
        self.update_pieces(self.pieces(), self.lr if lr is None else lr, grad_scale)

    def pieces(self) -> list[Piece]:
        """All pieces of an update, in the order of the parameters."""
        return chunks([p.data for p in self.parameters])

    def cost(self, piece: Piece) -> float:
        """What updating a piece takes, in any unit: for sharing the work out."""
        return piece[1].stop - piece[1].start

    def flops(self) -> int:
        """Floating-point operations of the matrix products in one update: none, where all is elementwise."""
        return 0

    def update_pieces(self, pieces: Iterable[Piece], lr: float, grad_scale: float = 1.0) -> None:
        """Update some of the pieces."""
        for i, here in pieces:
            p = self.parameters[i]
            g = p.grad.reshape(-1)[here]
            if grad_scale != 1.0:
                g = g * grad_scale
            state = [self.state[name][i].reshape(-1)[here] for name in self.state_names]
            self.update(p.data.reshape(-1)[here], g, state, p.decay, lr)

    def zero_grad(self) -> None:
        for p in self.parameters:
            p.zero_grad()

    def state_dict(self) -> dict[str, Array]:
        """Name and number to array: the optimizer's own memory, not copies. The step count is `n_steps`."""
        return {f"{name}.{i}": a for name in self.state_names for i, a in enumerate(self.state[name])}

    def load_state_dict(self, state: dict[str, Array], n_steps: int) -> None:
        """Copy saved arrays back. Raises KeyError or ValueError if they are of other parameters."""
        for name, array in self.state_dict().items():
            array[...] = state[name]
        self.n_steps = n_steps

    def settings(self) -> dict[str, Any]:
        """The constructor's keywords that make another optimizer like this one."""
        own = {"parameters", "state", "state_names", "n_steps"}
        return {name: value for name, value in vars(self).items() if name not in own}

    def move_state(self, memory: Array, adopt: bool = False) -> None:
        """Keep the state in `memory` (len(state_names), n_params) from now on; with adopt, as it is there."""
        for row, name in zip(memory, self.state_names, strict=True):
            at = 0
            for i, array in enumerate(self.state[name]):
                here = row[at : at + array.size].reshape(array.shape)
                if not adopt:
                    here[...] = array
                self.state[name][i] = here
                at += array.size


def chunks(arrays: Sequence[Array]) -> list[Piece]:
    """All arrays, cut into pieces of at most CHUNK entries."""
    return [
        (i, slice(start, min(start + CHUNK, a.size)))
        for i, a in enumerate(arrays)
        for start in range(0, a.size, CHUNK)
    ]
