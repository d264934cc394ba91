"""Gradients held to central differences: `check_gradients(layer, x)`, for layers of your own, too."""

import copy
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from numpygpt.nn.functional import Array
from numpygpt.nn.module import Module


class WrongGradient(AssertionError):
    """A backward does not undo its forward; `worst` says where, and by how much."""

    def __init__(self, message: str, worst: "WorstError") -> None:
        super().__init__(message)
        self.worst = worst


class WorstError(NamedTuple):
    """Of which gradient, "x" or a parameter's name, and the error as a share of that gradient's norm."""

    name: str
    error: float


def check_gradients(layer: Module, x: Array, *, tolerance: float = 1e-7, step: float = 1e-6) -> WorstError:
    """Compares all gradients of sum(weights * layer(x)), weights made up, with central differences in float64.

    They are those of x, unless x is integer ids, and of every parameter; the layer itself stays as it is. Takes two
    forwards per entry: a small layer will do. Raises WrongGradient, which names the worst, above `tolerance`.
    """
    twin, x = _in_float64(layer), np.array(x, np.int64 if np.issubdtype(x.dtype, np.integer) else np.float64)

    def forward() -> Array:
        twin.set_rng(np.random.default_rng(1))  # the same dropout every time
        return np.array(twin.forward(x.copy()))  # in-place activations use up what they are given

    weights = np.random.default_rng(0).normal(size=(*forward().shape,))
    dx = twin.backward(weights.copy())
    gradients = {name: (p.grad.copy(), p.data) for name, p in twin.named_parameters()}
    if x.dtype == np.float64:
        gradients["x"] = (dx, x)

    def loss() -> float:
        return float((forward() * weights).sum())

    # What rounding alone may make of a difference: no error below it counts, as where the true gradient is 0.
    rounding = 4 * np.finfo(np.float64).eps / step * float(np.abs(forward() * weights).sum())
    found = []
    for name, (gradient, array) in gradients.items():
        numeric = central_differences(loss, array, step)
        off = _distance(gradient, numeric)
        error = off / (float(np.linalg.norm(numeric)) or np.finfo(np.float64).tiny)
        found.append(WorstError(name, min(error, tolerance) if off <= rounding * array.size**0.5 else error))
    worst = max(found, key=lambda one: one.error)
    if worst.error > tolerance:
        raise WrongGradient(
            f"the gradient of {worst.name} is off by {worst.error:.1e} of its norm, more than {tolerance:.0e}: "
            f"see {type(layer).__name__}.backward",
            worst,
        )
    return worst


def _distance(gradient: Array | None, numeric: Array) -> float:
    """The norm of their difference; infinite if it is no array of that shape, or of no numbers."""
    if gradient is None or gradient.shape != numeric.shape or not np.isfinite(gradient - numeric).all():
        return np.inf
    return float(np.linalg.norm(gradient - numeric))


def central_differences(loss: Callable[[], float], array: Array, step: float = 1e-6) -> Array:
    """(loss at +step - loss at -step) / (2 step) for each entry of `array`, which is changed in place and back."""
    gradient = np.empty_like(array)
    for index in np.ndindex(array.shape):
        value = array[index]
        array[index] = value + step
        above = loss()
        array[index] = value - step
        below = loss()
        array[index] = value
        gradient[index] = (above - below) / (2 * step)
    return gradient


def _in_float64(layer: Module) -> Module:
    """A copy with parameters and empty gradients in float64, and fresh memory for every result."""
    twin = copy.deepcopy(layer).use_workspace(None)
    for parameter in twin.parameters():
        parameter.data = parameter.data.astype(np.float64)
        parameter.bind_grad(np.zeros_like(parameter.data))
    return twin
