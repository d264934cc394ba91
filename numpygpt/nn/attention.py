"""Causal multi-head self-attention: the one layer in which positions look at each other."""

import numpy as np
from numpy.typing import DTypeLike

from numpygpt.errors import UserError
from numpygpt.nn import functional as F
from numpygpt.nn.dropout import Dropout
from numpygpt.nn.functional import Array
from numpygpt.nn.linear import Linear
from numpygpt.nn.module import Module
from numpygpt.nn.norm import RMSNorm


class KeyValueCache:
    """Keys and values of the positions so far, for generation: two views (B, H, max_length, D) of one array."""

    def __init__(self, batch: int, n_head: int, max_length: int, head_size: int, dtype: DTypeLike) -> None:
        self.both = np.empty((batch, 2 * n_head, max_length, head_size), dtype)
        self.keys, self.values = self.both[:, :n_head], self.both[:, n_head:]


class MultiHeadAttention(Module):
    """x (B, T, C) -> (B, T, C): each position gathers from itself and the positions before it.

    One product makes queries, keys and values together: `qkv` has weight (3C, C), its rows the queries', then
    the keys', then the values'. `proj` mixes the heads' results.

    rotary: for how many positions, if any, queries and keys can be turned by an angle that grows with the position.
    qk_norm: both are divided by their root mean square, so that no score exceeds sqrt(D) (RMSNorm's form of Henry
    et al. 2020, "Query-Key Normalization for Transformers", section 3).
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
        rotary: int = 0,
        qk_norm: bool = False,
        dtype: DTypeLike = np.float32,
    ) -> None:
        if n_head < 1 or n_embd % n_head:
            raise UserError(f"n_embd ({n_embd}) must be a multiple of n_head ({n_head})")
        self.n_head, self.rotary = n_head, rotary
        self.qk_norm = RMSNorm() if qk_norm else None
        self.qkv = Linear(n_embd, 3 * n_embd, rng=rng, bias=bias, std=std, n_matrices=3, dtype=dtype)
        self.proj = Linear(n_embd, n_embd, rng=rng, bias=bias, std=proj_std, dtype=dtype)
        self.proj.passing = True
        self.weights_dropout = Dropout(dropout)

    def forward(self, x: Array, first: int = 0) -> Array:
        """The results of the positions from `first` on, (B, T - first, C); `backward` undoes those from 0 on."""
        B, T, C = x.shape
        H, D = self.n_head, C // self.n_head
        qkv = self.qkv.forward(x).reshape(B, T, 3 * H, D)
        new, turns, norm_cache = self.forward_buffer, self._turns(D, x.dtype)[:T], None
        if self.rotary:
            F.rotary(qkv, turns, F.reuse(qkv, "out", new))
        if self.qk_norm is not None:
            _, norm_cache = F.rms_norm(qkv, self.qk_norm.eps, F.reuse(qkv, "out", new), n=2 * H)
        mask = self.weights_dropout.mask((B, H, T, T), x.dtype)
        bounded = self.qk_norm is not None  # then no score exceeds sqrt(D)
        out, attention_cache = F.causal_attention(
            qkv.reshape(B, T, 3, H, D), mask, new, bounded=bounded, first=first
        )
        self.cache = attention_cache, norm_cache, turns
        return self.proj.forward(out.reshape(B, T - first, C))

    def backward(self, dout: Array) -> Array:
        B, T, C = dout.shape
        H, D = self.n_head, C // self.n_head
        attention_cache, norm_cache, turns = self.cache
        dheads = self.proj.backward(dout).reshape(B, T, H, D)
        dqkv = F.causal_attention_backward(dheads, attention_cache, self.shared_buffer)
        dqkv = dqkv.reshape(B, T, 3 * H, D)
        # q, k = norm(turn(q, k)), therefore
        if self.qk_norm is not None:
            F.rms_norm_backward(dqkv, norm_cache, F.reuse(dqkv, "dx", self.shared_buffer))
        if self.rotary:
            F.rotary_backward(dqkv, turns, F.reuse(dqkv, "out", self.shared_buffer))
        return self.qkv.backward(dqkv.reshape(B, T, 3 * C))

    def step(self, x: Array, kv: KeyValueCache, position: int) -> Array:
        """One position of each sequence, x (B, C), given the keys and values of all before; adds its own."""
        B, C = x.shape
        H, D = self.n_head, C // self.n_head
        qkv = np.ascontiguousarray(self.qkv.step(x)).reshape(B, 3 * H, D)
        if self.rotary:
            F.rotary(qkv, self._turns(D, x.dtype)[position], F.reuse(qkv, "out", F.fresh))
        if self.qk_norm is not None:
            qkv[:, : 2 * H] = self.qk_norm.step(qkv[:, : 2 * H])
        kv.both[:, :, position] = qkv[:, H:]
        e = np.matvec(kv.keys[:, :, : position + 1], qkv[:, :H] * D**-0.5)  # scores (B, H, T)
        if self.qk_norm is None:
            e -= np.maximum.reduce(e, axis=-1, keepdims=True)
        np.exp(e, out=e)
        out = np.vecmat(e, kv.values[:, :, : position + 1])  # (B, H, D), over the sum of e
        out /= np.add.reduce(e, axis=-1, keepdims=True)
        return self.proj.step(out.reshape(B, C))

    def _turns(self, D: int, dtype: np.dtype) -> Array:
        """The rotations at each position, (positions, 3H, D / 2), 1 for the values; none without rotary."""
        return F.rotations(self.rotary, 2 * self.n_head, D, dtype, n_still=self.n_head)

    def fill(self, kv: KeyValueCache) -> None:
        """Copy the keys and values of the last forward (B, T, ...) into the first T places of the cache."""
        _, k, v, *_ = self.cache[0]
        kv.keys[:, :, : k.shape[2]], kv.values[:, :, : v.shape[2]] = k, v
