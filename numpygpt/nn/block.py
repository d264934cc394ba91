"""FeedForward and TransformerBlock."""

from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from numpygpt.errors import UserError
from numpygpt.nn.activations import ACTIVATIONS
from numpygpt.nn.attention import KeyValueCache, MultiHeadAttention
from numpygpt.nn.dropout import Dropout
from numpygpt.nn.functional import Array
from numpygpt.nn.linear import Linear
from numpygpt.nn.module import Module
from numpygpt.nn.norm import LayerNorm, RMSNorm


def new_norm(kind: str, n_embd: int, *, bias: bool, dtype: DTypeLike) -> LayerNorm | RMSNorm:
    """A norm by its name, "layernorm" or "rmsnorm". UserError: another name."""
    if kind not in ("layernorm", "rmsnorm"):
        raise UserError(f"norm is {kind!r}; it may be layernorm or rmsnorm")
    return RMSNorm() if kind == "rmsnorm" else LayerNorm(n_embd, bias=bias, dtype=dtype)


class FeedForward(Module):
    """Position by position: C to F = 4C channels, a nonlinearity, and back to C."""

    def __init__(
        self,
        n_embd: int,
        *,
        rng: np.random.Generator,
        activation: str = "relu",
        bias: bool = True,
        std: float = 0.02,
        proj_std: float = 0.02,
        dtype: DTypeLike = np.float32,
    ) -> None:
        if activation not in ACTIVATIONS:
            raise UserError(f"activation is {activation!r}; it may be {', '.join(ACTIVATIONS)}")
        self.fc = Linear(n_embd, 4 * n_embd, rng=rng, bias=bias, std=std, dtype=dtype)
        self.activation = ACTIVATIONS[activation](inplace=True)
        self.proj = Linear(4 * n_embd, n_embd, rng=rng, bias=bias, std=proj_std, dtype=dtype)
        self.proj.passing = True

    def forward(self, x: Array) -> Array:
        return self.proj.forward(self.activation.forward(self.fc.forward(x)))

    def step(self, x: Array) -> Array:
        """`forward` for the few rows x (B, C) of one generated position."""
        return self.proj.step(self.activation.step(self.fc.step(x)))

    def backward(self, dout: Array) -> Array:
        return self.fc.backward(self.activation.backward(self.proj.backward(dout)))


class TransformerBlock(Module):
    """x + attention(norm(x)), then x + feedforward(norm(x)): the pre-norm order of GPT-2.

    The sum keeps a straight path from the loss to every layer (He et al. 2015), and a gradient that arrives at a
    sum goes to both terms unchanged.
    """

    def __init__(
        self,
        n_embd: int,
        n_head: int,
        *,
        rng: np.random.Generator,
        activation: str = "relu",
        bias: bool = True,
        dropout: float = 0.0,
        std: float = 0.02,
        proj_std: float = 0.02,
        norm: str = "layernorm",
        rotary: int = 0,
        qk_norm: bool = False,
        dtype: DTypeLike = np.float32,
    ) -> None:
        shared: dict[str, Any] = {"rng": rng, "bias": bias, "std": std, "proj_std": proj_std, "dtype": dtype}
        self.ln1 = new_norm(norm, n_embd, bias=bias, dtype=dtype)
        self.attn = MultiHeadAttention(
            n_embd, n_head, dropout=dropout, rotary=rotary, qk_norm=qk_norm, **shared
        )
        self.drop1 = Dropout(dropout)
        self.ln2 = new_norm(norm, n_embd, bias=bias, dtype=dtype)
        self.ff = FeedForward(n_embd, activation=activation, **shared)
        self.drop2 = Dropout(dropout)

    def forward(self, x: Array, first: int = 0) -> Array:
        """The results of the positions from `first` on, (B, T - first, C); `backward` undoes those from 0 on."""
        a = self.drop1.forward(self.attn.forward(self.ln1.forward(x), first))
        a += x[:, first:]
        f = self.drop2.forward(self.ff.forward(self.ln2.forward(a)))
        f += a
        return f

    def backward(self, dout: Array) -> Array:
        # f = drop2(ff(ln2(a))) + a, therefore
        da = self.ln2.backward(self.ff.backward(self.drop2.backward(dout)))
        da += dout
        # a = drop1(attn(ln1(x))) + x, therefore
        dx = self.ln1.backward(self.attn.backward(self.drop1.backward(da)))
        dx += da
        return dx

    def step(self, x: Array, kv: KeyValueCache, position: int) -> Array:
        """One position of each sequence, x (B, C), with the keys and values of those before."""
        x = x + self.attn.step(self.ln1.step(x), kv, position)
        return x + self.ff.step(self.ln2.step(x))
