"""Causal multi-head self-attention: the one layer in which positions look at each other."""

import numpy as np
from numpy.typing import DTypeLike

from numpygpt.errors import UserError
from numpygpt.nn import functional as F
from numpygpt.nn.dropout import Dropout
from numpygpt.nn.functional import Array
from numpygpt.nn.linear import Linear
from numpygpt.nn.module import Module


class KeyValueCache:
    """Keys and values of the positions so far, for generation: two arrays (B, H, max_length, D)."""

    def __init__(self, batch: int, n_head: int, max_length: int, head_size: int, dtype: DTypeLike) -> None:
        self.keys = np.empty((batch, n_head, max_length, head_size), dtype)
        self.values = np.empty_like(self.keys)


class MultiHeadAttention(Module):
    """x (B, T, C) -> (B, T, C): each position gathers from itself and the positions before it.

    One product makes queries, keys and values together: `qkv` has weight (3C, C), its rows the queries', then
    the keys', then the values'. `proj` mixes the heads' results.
    """

    def __init__(
        self,
        n_embd: int,
        n_head: int,
        *,
        rng: np.random.Generator,
        bias: bool = True,
        dropout: float = 0.0,
        std: float = 0.02,
        proj_std: float = 0.02,
        dtype: DTypeLike = np.float32,
    ) -> None:
        if n_head < 1 or n_embd % n_head:
            raise UserError(f"n_embd ({n_embd}) must be a multiple of n_head ({n_head})")
        self.n_head = n_head
        self.qkv = Linear(n_embd, 3 * n_embd, rng=rng, bias=bias, std=std, dtype=dtype)
        self.proj = Linear(n_embd, n_embd, rng=rng, bias=bias, std=proj_std, dtype=dtype)
        self.weights_dropout = Dropout(dropout)

    def forward(self, x: Array) -> Array:
        B, T, C = x.shape
        H, D = self.n_head, C // self.n_head
        qkv = self.qkv.forward(x).reshape(B, T, 3, H, D)
        mask = self.weights_dropout.mask((B, H, T, T), x.dtype)
        out, self.cache = F.causal_attention(qkv, mask, self.keep)  # (B, T, H, D)
        return self.proj.forward(out.reshape(B, T, C))

    def backward(self, dout: Array) -> Array:
        B, T, C = dout.shape
        H, D = self.n_head, C // self.n_head
        dheads = self.proj.backward(dout).reshape(B, T, H, D)
        dqkv = F.causal_attention_backward(dheads, self.cache, self.scratch)
        return self.qkv.backward(dqkv.reshape(B, T, 3 * C))

    def step(self, x: Array, kv: KeyValueCache, position: int) -> Array:
        """One position of each sequence, x (B, C), given the keys and values of all before; adds its own."""
        B, C = x.shape
        H, D = self.n_head, C // self.n_head
        qkv = self.qkv.step(x).reshape(B, 3, H, D)
        q, kv.keys[:, :, position], kv.values[:, :, position] = qkv[:, 0], qkv[:, 1], qkv[:, 2]
        keys, values = kv.keys[:, :, : position + 1], kv.values[:, :, : position + 1]
        scores = np.matvec(keys, q * D**-0.5)  # (B, H, T)
        e = np.exp(scores - np.maximum.reduce(scores, axis=-1, keepdims=True))
        out = np.vecmat(e, values)  # (B, H, D), over the sum of e
        out /= np.add.reduce(e, axis=-1, keepdims=True)
        return self.proj.step(out.reshape(B, C))

    def fill(self, kv: KeyValueCache) -> None:
        """Copy the keys and values of the last forward (B, T, ...) into the first T places of the cache."""
        _, k, v, *_ = self.cache
        kv.keys[:, :, : k.shape[2]], kv.values[:, :, : v.shape[2]] = k, v
