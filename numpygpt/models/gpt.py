"""GPT: a decoder-only transformer, put together from the layers in `numpygpt.nn`."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from numpygpt.errors import UserError
from numpygpt.nn import (
    Dropout,
    Embedding,
    FlatMemory,
    KeyValueCache,
    Linear,
    LinearCrossEntropy,
    Module,
    PositionEmbedding,
    RMSNorm,
    TransformerBlock,
    new_norm,
)
from numpygpt.nn.functional import Array


@dataclass(frozen=True)
class GPTConfig:
    """The shape of a GPT.

    vocab_size V, block_size T (the most positions it can see), n_layer, n_head, n_embd C; `bias` in the linear
    layers and layer norms; `head_bias` in the output head; `tied` makes the head's matrix the token table.
    positions: "learned" (a table) or "rotary". norm: "layernorm", or "rmsnorm", which the embeddings pass, too.
    qk_norm: queries and keys are normalised. zero_init: matrices that write into the residual stream start at zero,
    so that each block starts as the identity.
    """

    vocab_size: int
    block_size: int = 128
    n_layer: int = 4
    n_head: int = 4
    n_embd: int = 256
    activation: str = "relu"
    dropout: float = 0.0
    bias: bool = True
    head_bias: bool = True
    tied: bool = False
    positions: str = "learned"
    norm: str = "layernorm"
    qk_norm: bool = False
    zero_init: bool = False

    def __post_init__(self) -> None:
        for name in ("vocab_size", "block_size", "n_layer", "n_head", "n_embd"):
            if getattr(self, name) < 1:
                raise UserError(f"{name} is {getattr(self, name)}; it must be at least 1")
        if not 0 <= self.dropout < 1:
            raise UserError(f"dropout is {self.dropout}; it must be at least 0 and below 1")
        if self.positions not in ("learned", "rotary"):
            raise UserError(f"positions is {self.positions!r}; it may be learned or rotary")
        if self.n_embd % self.n_head:
            divisors = [n for n in range(1, min(self.n_embd, 64) + 1) if self.n_embd % n == 0]
            allowed = f"a divisor of n_embd={self.n_embd} ({', '.join(map(str, divisors))})"
            raise UserError(f"n_head={self.n_head} is not possible: it may be {allowed}")
        if self.positions == "rotary" and self.n_embd // self.n_head % 2:
            allowed = f"a number of heads of even width (n_embd={self.n_embd}): rotary positions turn pairs"
            raise UserError(f"n_head={self.n_head} is not possible: it may be {allowed}")


class GPT(Module):
    """Token ids (B, T) to logits (B, T, V): tokens and positions embedded, n_layer blocks, a norm, the head.

    All parameters live in one buffer (`flat`). Matrices start normal with standard deviation 0.02, those that
    write into the residual stream with 0.02 / sqrt(2 n_layer): Radford et al. 2019, section 2.3. With zero_init the
    latter start at zero, and the others of a block with 0.6 / sqrt(n_embd), as nothing of them is heard at first.
    """

    def __init__(self, config: GPTConfig, *, rng: np.random.Generator, dtype: DTypeLike = np.float32) -> None:
        self.config = c = config
        self.tokens = Embedding(c.vocab_size, c.n_embd, rng=rng, dtype=dtype)
        self.positions = None
        if c.positions == "learned":
            self.positions = PositionEmbedding(c.block_size, c.n_embd, rng=rng, dtype=dtype)
        self.embedding_norm = RMSNorm() if c.norm == "rmsnorm" else None
        self.drop = Dropout(c.dropout)
        self.blocks = [
            TransformerBlock(
                c.n_embd,
                c.n_head,
                rng=rng,
                activation=c.activation,
                bias=c.bias,
                dropout=c.dropout,
                std=0.6 / c.n_embd**0.5 if c.zero_init else 0.02,
                proj_std=0.0 if c.zero_init else 0.02 / (2 * c.n_layer) ** 0.5,
                norm=c.norm,
                rotary=c.block_size if c.positions == "rotary" else 0,
                qk_norm=c.qk_norm,
                dtype=dtype,
            )
            for _ in range(c.n_layer)
        ]
        self.norm = new_norm(c.norm, c.n_embd, bias=c.bias, dtype=dtype)
        self.head = Linear(c.n_embd, c.vocab_size, rng=rng, bias=c.head_bias, n_matrices=0, dtype=dtype)
        if c.tied:
            self.head.weight = self.tokens.weight
        self.criterion = LinearCrossEntropy(self.head)
        self.flat = FlatMemory(self)

    # -- forward and backward --

    def hidden(self, ids: Array, first: int = 0) -> Array:
        """The vectors (B, T - first, C) that the head turns into logits, of the positions from `first` on.

        Those before have a part in it as keys and values: the last block does nothing else with them.
        """
        if ids.shape[1] > self.config.block_size:
            raise UserError(f"{ids.shape[1]} tokens are more than block_size, {self.config.block_size}")
        x = self.tokens.forward(ids)
        if self.positions is not None:
            x = self.positions.forward(x)
        if self.embedding_norm is not None:
            x = self.embedding_norm.forward(x)
        x = self.drop.forward(x)
        for block in self.blocks[:-1]:
            x = block.forward(x)
        return self.norm.forward(self.blocks[-1].forward(x, first))

    def hidden_backward(self, dx: Array) -> None:
        dx = self.norm.backward(dx)
        for block in reversed(self.blocks):
            dx = block.backward(dx)
        dx = self.drop.backward(dx)
        if self.embedding_norm is not None:
            dx = self.embedding_norm.backward(dx)
        if self.positions is not None:
            dx = self.positions.backward(dx)
        self.tokens.backward(dx)

    def forward(self, ids: Array) -> Array:
        """Logits (B, T, V) for ids (B, T)."""
        return self.head.forward(self.hidden(ids))

    def backward(self, dlogits: Array) -> None:  # type: ignore[override]  # ids have no gradient
        """Undo `forward`: add to the gradients of all parameters."""
        self.hidden_backward(self.head.backward(dlogits))

    def loss(self, ids: Array, targets: Array, first: int = 0) -> Array:
        """nats (N,) of the targets from position `first` on, N = B * (T - first): what training uses.

        The head and the loss are one: the logits are never a separate array.
        """
        return self.criterion.forward(self.hidden(ids, first), targets[:, first:])

    def loss_backward(self, scale: float) -> None:
        """Undo `loss` (with first = 0): add the gradient of scale * sum(nats)."""
        self.hidden_backward(self.criterion.backward(scale))

    # -- one position at a time --

    def new_cache(self, batch: int) -> list[KeyValueCache]:
        """Room for the keys and values of block_size positions of `batch` sequences, one cache per block."""
        c = self.config
        shape = batch, c.n_head, c.block_size, c.n_embd // c.n_head
        return [KeyValueCache(*shape, self.flat.data.dtype) for _ in range(c.n_layer)]

    def prefill(self, ids: Array, caches: list[KeyValueCache]) -> Array:
        """Run ids (B, T) at positions 0..T-1, filling the caches; returns the logits (B, V) after the last."""
        x = self.hidden(ids, ids.shape[1] - 1)
        for block, kv in zip(self.blocks, caches, strict=True):
            block.attn.fill(kv)
        return self.head.step(x[:, 0])

    def step(self, ids: Array, caches: list[KeyValueCache], position: int) -> Array:
        """One more token of each sequence, ids (B,), at `position`: logits (B, V) for what follows."""
        x = self.tokens.forward(ids)  # (B, C)
        if self.positions is not None:
            x = self.positions.step(x, position)
        if self.embedding_norm is not None:
            x = self.embedding_norm.step(x)
        for block, kv in zip(self.blocks, caches, strict=True):
            x = block.step(x, kv, position)
        return self.head.step(self.norm.step(x))

    # -- size and replicas --

    def n_params_embedding(self) -> int:
        """Parameters in the token and position tables and the output head, its bias included; each once."""
        tables = [m for m in (self.tokens, self.positions, self.head) if m is not None]
        return sum({id(p): p.data.size for m in tables for p in m.parameters()}.values())

    def replica(self, grad: Array) -> GPT:
        """A model on the same parameter memory, with caches of its own, that gathers gradients in `grad`."""
        kept = [array for p in self.parameters() for array in (p.data, p.grad)]
        memo = {id(array): array for array in kept} | {id(self.flat): None}  # what deepcopy is not to copy
        twin = copy.deepcopy(self, memo)
        twin.flat = FlatMemory(twin, self.flat.data, grad)
        return twin


class NoDraws(np.random.Generator):
    """Stands in for a generator where weights come from elsewhere: what it "draws" is 0."""

    def __init__(self) -> None:
        super().__init__(np.random.PCG64(0))

    def normal(self, loc: Any = 0.0, scale: Any = 1.0, size: Any = None) -> Any:
        return np.zeros(size)
