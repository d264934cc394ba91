"""Embedding: a learned vector for each token, and one for each position."""

import numpy as np
from numpy.typing import DTypeLike

from numpygpt.nn import functional as F
from numpygpt.nn.functional import Array
from numpygpt.nn.module import Module, Parameter


class Embedding(Module):
    """Row ids[...] of a table (V, C): integer ids (...) to vectors (..., C)."""

    def __init__(
        self,
        num_embeddings: int,
        embedding_dim: int,
        *,
        rng: np.random.Generator,
        std: float = 0.02,
        dtype: DTypeLike = np.float32,
    ) -> None:
        self.weight = Parameter(rng.normal(0.0, std, (num_embeddings, embedding_dim)).astype(dtype))

    def forward(self, ids: Array) -> Array:
        out, self.cache = F.embedding(ids, self.weight.data, self.forward_buffer)
        return out

    def backward(self, dout: Array) -> None:  # type: ignore[override]  # ids have no gradient
        self.weight.add_grad_rows(*F.embedding_backward(dout, self.cache))


class PositionEmbedding(Embedding):
    """Adds a learned vector per position: x (B, T, C) -> x + table[:T], for T up to the table's length."""

    def forward(self, x: Array) -> Array:
        return np.add(x, self.weight.data[: x.shape[1]], out=self.forward_buffer("out", x.shape, x.dtype))

    def backward(self, dout: Array) -> Array:  # type: ignore[override]  # here the input has one
        self.weight.add_grad_rows(slice(dout.shape[1]), dout.sum(axis=0))  # type: ignore[arg-type]
        return dout

    def step(self, x: Array, position: int) -> Array:
        """One position of each sequence: x (B, C)."""
        return x + self.weight.data[position]
