"""Causal multi-head self-attention: the one layer in which positions look at each other."""

from typing import Any

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
        if rotary and n_embd // n_head % 2:
            raise UserError(
                f"rotary positions turn pairs of channels: a head of {n_embd // n_head} has an odd one"
            )
        self.n_head, self.rotary, self.qk_norm = n_head, rotary, qk_norm
        self.qkv = Linear(n_embd, 3 * n_embd, rng=rng, bias=bias, std=std, n_matrices=3, dtype=dtype)
        self.proj = Linear(n_embd, n_embd, rng=rng, bias=bias, std=proj_std, passing=True, dtype=dtype)
        self.bounded = (
            qk_norm and n_embd // n_head <= 1024
        )  # scores: at most sqrt(D), and exp(32) is no trouble
        self.weights_dropout = Dropout(dropout)

    def forward(self, x: Array) -> Array:
        B, T, C = x.shape
        H, D = self.n_head, C // self.n_head
        qkv = self.qkv.forward(x)
        turns = self._turns(D, x.dtype)[:T]
        norm_cache = self._prepare(qkv.reshape(B, T, 3 * H, D)[:, :, : 2 * H], turns, self.forward_buffer)
        mask = self.weights_dropout.mask((B, H, T, T), x.dtype)
        qkv = qkv.reshape(B, T, 3, H, D)
        out, attention_cache = F.causal_attention(  # (B, T, H, D)
            qkv, mask, self.forward_buffer, bounded=self.bounded
        )
        self.cache = attention_cache, norm_cache, turns
        return self.proj.forward(out.reshape(B, T, C))

    def backward(self, dout: Array) -> Array:
        B, T, C = dout.shape
        H, D = self.n_head, C // self.n_head
        attention_cache, norm_cache, turns = self.cache
        dheads = self.proj.backward(dout).reshape(B, T, H, D)
        dqkv = F.causal_attention_backward(dheads, attention_cache, self.shared_buffer).reshape(
            B, T, 3 * H, D
        )
        dqk = dqkv[:, :, : 2 * H]
        # q, k = norm(turn(q, k)), therefore
        if self.qk_norm:
            F.rms_norm_backward(dqk, norm_cache, F.reuse(dqk, "dx", self.shared_buffer))
        if self.rotary:
            F.rotary_backward(dqk, turns, F.reuse(dqk, "out", self.shared_buffer))
        return self.qkv.backward(dqkv.reshape(B, T, 3 * C))

    def step(self, x: Array, kv: KeyValueCache, position: int) -> Array:
        """One position of each sequence, x (B, C), given the keys and values of all before; adds its own."""
        B, C = x.shape
        H, D = self.n_head, C // self.n_head
        qkv = self.qkv.step(x).reshape(B, 3, H, D)
        turns = self._turns(D, x.dtype)[position : position + 1]
        self._prepare(qkv.reshape(B, 1, 3 * H, D)[:, :, : 2 * H], turns, F.fresh)
        q, kv.keys[:, :, position], kv.values[:, :, position] = qkv[:, 0], qkv[:, 1], qkv[:, 2]
        keys, values = kv.keys[:, :, : position + 1], kv.values[:, :, : position + 1]
        scores = np.matvec(keys, q * D**-0.5)  # (B, H, T)
        e = np.exp(scores - np.maximum.reduce(scores, axis=-1, keepdims=True))
        out = np.vecmat(e, values)  # (B, H, D), over the sum of e
        out /= np.add.reduce(e, axis=-1, keepdims=True)
        return self.proj.step(out.reshape(B, C))

    def _turns(self, D: int, dtype: np.dtype) -> Array:
        """The rotations of queries and keys at each position, (positions, 2H, D / 2); none without rotary."""
        return F.rotations(self.rotary, 2 * self.n_head, D, dtype)

    def _prepare(self, qk: Array, turns: Array, new: F.Allocator) -> Any:
        """Turn and normalise queries and keys (B, T, 2H, D) in place; returns what the norm's backward needs."""
        if self.rotary:
            F.rotary(qk, turns, F.reuse(qk, "out", new))
        return F.rms_norm(qk, new=F.reuse(qk, "out", new))[1] if self.qk_norm else None

    def fill(self, kv: KeyValueCache) -> None:
        """Copy the keys and values of the last forward (B, T, ...) into the first T places of the cache."""
        _, k, v, *_ = self.cache[0]
        kv.keys[:, :, : k.shape[2]], kv.values[:, :, : v.shape[2]] = k, v
