"""Linear: the layer that does nearly all of the arithmetic."""

import numpy as np
from numpy.typing import DTypeLike

from numpygpt.nn import functional as F
from numpygpt.nn.functional import Array
from numpygpt.nn.module import Module, Parameter


class Linear(Module):
    """y = x W^T + b for x (..., in_features): y is (..., out_features).

    W (out_features, in_features) is drawn from a normal distribution of standard deviation `std` and b starts
    at zero, as in GPT-2 (Radford et al. 2019, section 2.3, and its published code). n_matrices: W is that many
    matrices, one below the other.
    """

    passing = False  # results used up before the same layer of another block has its turn share memory

    def __init__(
        self,
        in_features: int,
        out_features: int,
        *,
        rng: np.random.Generator,
        bias: bool = True,
        std: float = 0.02,
        n_matrices: int = 1,
        dtype: DTypeLike = np.float32,
    ) -> None:
        weight = rng.normal(0.0, std, (out_features, in_features)).astype(dtype)
        self.weight = Parameter(weight, n_matrices=n_matrices)
        self.bias = Parameter(np.zeros(out_features, dtype)) if bias else None

    def forward(self, x: Array) -> Array:
        bias = None if self.bias is None else self.bias.data
        new = self.shared_buffer if self.passing else self.forward_buffer
        out, self.cache = F.linear(x, self.weight.data, bias, new)
        return out

    def step(self, x: Array) -> Array:
        """`forward` for the few rows x (B, in_features) of one generated position: nothing is kept."""
        out = (self.weight.data @ x.T).T  # for a few rows up to twice as fast as x @ weight.T
        if self.bias is not None:
            out += self.bias.data
        return out

    def backward(self, dout: Array) -> Array:
        self.weight.add_grad_product(*F.linear_backward_weight(dout, self.cache))
        if self.bias is not None:
            self.bias.add_grad(F.column_sum(dout))
        return F.linear_backward(dout, self.cache, self.shared_buffer)
