"""The nonlinearities, and Softmax: layers without parameters."""

from numpygpt.nn import functional as F
from numpygpt.nn.functional import Array
from numpygpt.nn.module import Module


class ReLU(Module):
    """max(x, 0)."""

    def forward(self, x: Array) -> Array:
        out, self.cache = F.relu(x, self.keep)
        return out

    def backward(self, dout: Array) -> Array:
        return F.relu_backward(dout, self.cache, self.scratch)


class LeakyReLU(Module):
    """x where positive, else slope * x."""

    def __init__(self, slope: float = 0.01) -> None:
        self.slope = slope

    def forward(self, x: Array) -> Array:
        out, self.cache = F.leaky_relu(x, self.slope, self.keep)
        return out

    def backward(self, dout: Array) -> Array:
        return F.leaky_relu_backward(dout, self.cache, self.scratch)


class GELU(Module):
    """x Phi(x), in GPT-2's tanh approximation."""

    def forward(self, x: Array) -> Array:
        out, self.cache = F.gelu(x, self.keep)
        return out

    def backward(self, dout: Array) -> Array:
        return F.gelu_backward(dout, self.cache, self.scratch)


class Softmax(Module):
    """exp(x) / sum(exp(x)) over the last axis."""

    def forward(self, x: Array) -> Array:
        out, self.cache = F.softmax(x, self.keep)
        return out

    def backward(self, dout: Array) -> Array:
        return F.softmax_backward(dout, self.cache, self.scratch)


ACTIVATIONS: dict[str, type[Module]] = {"relu": ReLU, "leaky_relu": LeakyReLU, "gelu": GELU}
