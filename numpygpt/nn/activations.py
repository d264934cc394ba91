"""The nonlinearities: layers without parameters."""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from numpygpt.nn import functional as F
from numpygpt.nn.functional import Array
from numpygpt.nn.module import Module


class Activation(Module):
    """Base of the nonlinearities. With inplace=True they use up their input's memory, and dout's in the backward.

    Where the input is four times as wide as the model, that is a good part of all memory that a step passes over.
    """

    pair: tuple[Callable[..., Any], Callable[..., Array]]  # of functional.py
    reuses = "out"  # the forward's array that may lie where the input does

    def __init__(self, inplace: bool = False) -> None:
        self.inplace = inplace

    def forward(self, x: Array) -> Array:
        new = F.reuse(x, self.reuses, self.forward_buffer) if self.inplace else self.forward_buffer
        out, self.cache = self.pair[0](x, new=new)
        return out

    def step(self, x: Array) -> Array:
        """`forward` for the few rows of one generated position."""
        return self.forward(x)

    def backward(self, dout: Array) -> Array:
        new = F.reuse(dout, "dx", self.shared_buffer) if self.inplace else self.shared_buffer
        return self.pair[1](dout, self.cache, new)


class ReLU(Activation):
    """max(x, 0)."""

    pair = F.relu, F.relu_backward


class ReLUSquared(Activation):
    """max(x, 0)^2."""

    pair = F.relu_squared, F.relu_squared_backward
    reuses = "slope"

    def step(self, x: Array) -> Array:
        positive = np.maximum(x, 0)
        return positive * positive


class LeakyReLU(Activation):
    """x where positive, else slope * x."""

    reuses = "nothing"

    def __init__(self, slope: float = 0.01, inplace: bool = False) -> None:
        super().__init__(inplace)
        self.slope = slope
        self.pair = partial(F.leaky_relu, slope=slope), F.leaky_relu_backward


class GELU(Activation):
    """x Phi(x), in GPT-2's tanh approximation."""

    pair = F.gelu, F.gelu_backward
    reuses = "slope"

    def step(self, x: Array) -> Array:
        s = np.empty_like(x)
        F.gelu_gate(x, s, np.empty_like(x))
        s *= x
        return s


ACTIVATIONS: dict[str, type[Activation]] = {
    "relu": ReLU,
    "relu_squared": ReLUSquared,
    "leaky_relu": LeakyReLU,
    "gelu": GELU,
}
