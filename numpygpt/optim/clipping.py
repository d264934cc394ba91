"""Gradient clipping by global norm."""

import math
from collections.abc import Sequence

import numpy as np

from numpygpt.optim.optimizer import Array, LearnedArray, chunks


def global_norm(arrays: Sequence[Array]) -> float:
    """The Euclidean norm of all arrays taken as one vector.

    Squares are summed in float32 within chunks and in float64 over them, in a fixed order.
    """
    flat = [a.reshape(-1) for a in arrays]
    parts = (flat[i][here] for i, here in chunks(flat))
    return math.sqrt(math.fsum(float(np.dot(part, part)) for part in parts))


def clip_factor(norm: float, max_norm: float | None) -> float:
    """What gradients are multiplied with so that their norm is at most max_norm (None: never clip).

    Pascanu, Mikolov and Bengio 2013, algorithm 1, with PyTorch's 1e-6 against division by zero.
    """
    return 1.0 if max_norm is None else min(1.0, max_norm / (norm + 1e-6))


def clip_grad_norm(parameters: Sequence[LearnedArray], max_norm: float) -> float:
    """Scale the gradients in place so that their global norm is at most max_norm; returns the norm before."""
    norm = global_norm([p.grad for p in parameters])
    factor = clip_factor(norm, max_norm)
    if factor < 1:
        for p in parameters:
            p.grad[...] *= factor
    return norm
