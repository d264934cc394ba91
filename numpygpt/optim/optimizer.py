"""What all optimizers share: their state, and the walk over memory in stretches that fit a core's cache."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Protocol

import numpy as np

Array = np.ndarray[Any, Any]
Map = Callable[[Callable[[Any], Any], Iterable[Any]], Iterable[Any]]

CHUNK = 32 * 1024  # entries: five float32 arrays of this length fill 640 kB of level-2 cache


class LearnedArray(Protocol):
    """What an optimizer needs of a parameter; `numpygpt.nn.Parameter` is one."""

    data: Array
    decay: bool

    @property
    def grad(self) -> Array: ...

    def zero_grad(self) -> None: ...


class Optimizer:
    """Base of SGD and Adam: holds the parameters and, per parameter, the arrays named in `state_names`.

    `update(p, g, state, decay, lr)` changes one stretch of parameters p in place from its gradients g; it is
    elementwise, so stretches may be updated in any order, and on several threads, with the same result.
    """

    state_names: tuple[str, ...] = ()

    def __init__(self, parameters: Sequence[LearnedArray], lr: float) -> None:
        self.parameters = list(parameters)
        self.lr = lr
        self.n_steps = 0
        self.state = {name: [np.zeros_like(p.data) for p in self.parameters] for name in self.state_names}

    def update(self, p: Array, g: Array, state: list[Array], decay: bool, lr: float) -> None:
        raise NotImplementedError

    def step(self, lr: float | None = None, *, grad_scale: float = 1.0, run: Map = map) -> None:
        """One update of all parameters.

        lr: this step's learning rate, if it is not the optimizer's own. grad_scale: what gradients are
        multiplied with on the way (clipping, without another pass over memory). run: `map`, or an executor's.
        """
        self.n_steps += 1
        rate = self.lr if lr is None else lr

        def update_stretch(stretch: tuple[int, slice]) -> None:
            i, here = stretch
            p = self.parameters[i]
            grad = p.grad.reshape(-1)[here]
            g = grad if grad_scale == 1.0 else grad * grad.dtype.type(grad_scale)
            state = [self.state[name][i].reshape(-1)[here] for name in self.state_names]
            self.update(p.data.reshape(-1)[here], g, state, p.decay, rate)

        for _ in run(update_stretch, stretches([p.data for p in self.parameters])):
            pass

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


def stretches(arrays: Sequence[Array]) -> list[tuple[int, slice]]:
    """(number of the array, slice of it) over all arrays, each at most CHUNK entries."""
    return [
        (i, slice(start, min(start + CHUNK, a.size)))
        for i, a in enumerate(arrays)
        for start in range(0, a.size, CHUNK)
    ]
