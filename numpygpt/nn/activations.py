"""The nonlinearities, and Softmax: layers without parameters."""

import numpy as np
from numpy.typing import DTypeLike

from numpygpt.nn import functional as F
from numpygpt.nn.functional import Array
from numpygpt.nn.module import Module


class Activation(Module):
    """Base of the nonlinearities. With inplace=True they use up their input's memory, and dout's in the backward.

    Where the input is four times as wide as the model, that is a good part of all memory that a step passes over.
    """

    reuses = "out"  # the forward's array that may lie where the input does

    def __init__(self, inplace: bool = False) -> None:
        self.inplace = inplace

    def step(self, x: Array) -> Array:
        """`forward` for the few rows of one generated position."""
        return self.forward(x)

    def _forward_buffer(self, x: Array, name: str, shape: tuple[int, ...], dtype: DTypeLike) -> Array:
        return x if self.inplace and name == self.reuses else self.forward_buffer(name, shape, dtype)

    def _shared_buffer(self, dout: Array, name: str, shape: tuple[int, ...], dtype: DTypeLike) -> Array:
        return dout if self.inplace else self.shared_buffer(name, shape, dtype)


class ReLU(Activation):
    """max(x, 0)."""

    def forward(self, x: Array) -> Array:
        out, self.cache = F.relu(x, lambda *a: self._forward_buffer(x, *a))
        return out

    def backward(self, dout: Array) -> Array:
        return F.relu_backward(dout, self.cache, lambda *a: self._shared_buffer(dout, *a))


class ReLUSquared(Activation):
    """max(x, 0)^2."""

    reuses = "slope"

    def forward(self, x: Array) -> Array:
        out, self.cache = F.relu_squared(x, lambda *a: self._forward_buffer(x, *a))
        return out

    def step(self, x: Array) -> Array:
        positive = np.maximum(x, 0)
        return positive * positive

    def backward(self, dout: Array) -> Array:
        return F.relu_squared_backward(dout, self.cache, lambda *a: self._shared_buffer(dout, *a))


class LeakyReLU(Activation):
    """x where positive, else slope * x."""

    reuses = ""

    def __init__(self, slope: float = 0.01, inplace: bool = False) -> None:
        super().__init__(inplace)
        self.slope = slope

    def forward(self, x: Array) -> Array:
        out, self.cache = F.leaky_relu(x, self.slope, lambda *a: self._forward_buffer(x, *a))
        return out

    def backward(self, dout: Array) -> Array:
        return F.leaky_relu_backward(dout, self.cache, lambda *a: self._shared_buffer(dout, *a))


class GELU(Activation):
    """x Phi(x), in GPT-2's tanh approximation."""

    reuses = "slope"

    def forward(self, x: Array) -> Array:
        out, self.cache = F.gelu(x, lambda *a: self._forward_buffer(x, *a))
        return out

    def backward(self, dout: Array) -> Array:
        return F.gelu_backward(dout, self.cache, lambda *a: self._shared_buffer(dout, *a))

    def step(self, x: Array) -> Array:
        s = np.empty_like(x)
        F.gelu_gate(x, s, np.empty_like(x))
        s *= x
        return s


class Softmax(Module):
    """exp(x) / sum(exp(x)) over the last axis."""

    def forward(self, x: Array) -> Array:
        out, self.cache = F.softmax(x, self.forward_buffer)
        return out

    def backward(self, dout: Array) -> Array:
        return F.softmax_backward(dout, self.cache, self.shared_buffer)


ACTIVATIONS: dict[str, type[Activation]] = {
    "relu": ReLU,
    "relu_squared": ReLUSquared,
    "leaky_relu": LeakyReLU,
    "gelu": GELU,
}
