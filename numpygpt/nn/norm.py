"""LayerNorm and RMSNorm."""

import numpy as np
from numpy.typing import DTypeLike

from numpygpt.nn import functional as F
from numpygpt.nn.functional import Array
from numpygpt.nn.module import Module, Parameter


class LayerNorm(Module):
    """Each vector of x (..., C) to mean 0 and variance 1, then a learned gain and, with bias=True, a shift."""

    def __init__(
        self, n_embd: int, *, bias: bool = True, eps: float = 1e-5, dtype: DTypeLike = np.float32
    ) -> None:
        self.gain = Parameter(np.ones(n_embd, dtype))
        self.bias = Parameter(np.zeros(n_embd, dtype)) if bias else None
        self.eps = eps

    def forward(self, x: Array) -> Array:
        bias = None if self.bias is None else self.bias.data
        out, self.cache = F.layer_norm(x, self.gain.data, bias, self.eps, self.forward_buffer)
        return out

    def step(self, x: Array) -> Array:
        """`forward` for the few rows x (B, C) of one generated position: no blocks, and nothing kept."""
        share = 1 / x.shape[1]
        out = x - np.add.reduce(x, axis=-1, keepdims=True) * share
        variance = np.vecdot(out, out)[:, None] * share
        out *= self.gain.data / np.sqrt(variance + self.eps)
        if self.bias is not None:
            out += self.bias.data
        return out

    def backward(self, dout: Array) -> Array:
        dx, dgain, dbias = F.layer_norm_backward(dout, self.cache, self.shared_buffer)
        self.gain.add_grad(dgain)
        if self.bias is not None and dbias is not None:
            self.bias.add_grad(dbias)
        return dx


class RMSNorm(Module):
    """Each vector of x (..., C) divided by its root mean square; nothing is learned."""

    def __init__(self, eps: float = 1e-6) -> None:
        self.eps = eps

    def forward(self, x: Array) -> Array:
        out, self.cache = F.rms_norm(x.reshape(-1, x.shape[-1]), self.eps, self.forward_buffer)
        return out.reshape(x.shape)

    def step(self, x: Array) -> Array:
        """`forward` for the few rows x (..., C) of one generated position: nothing is kept."""
        return x / np.sqrt(np.vecdot(x, x)[..., None] / x.shape[-1] + self.eps)

    def backward(self, dout: Array) -> Array:
        dx = F.rms_norm_backward(dout.reshape(-1, dout.shape[-1]), self.cache, self.shared_buffer)
        return dx.reshape(dout.shape)
