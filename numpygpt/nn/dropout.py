"""Dropout."""

import numpy as np

from numpygpt.nn import functional as F
from numpygpt.nn.functional import Array
from numpygpt.nn.module import Module


class Dropout(Module):
    """Sets entries to 0 with probability p while training; does nothing in evaluation, or when p is 0.

    Draws from `rng`, which whoever trains the model sets anew at each step with `Module.set_rng`.
    """

    def __init__(self, p: float, *, rng: np.random.Generator | None = None) -> None:
        self.p = p
        self.rng = rng

    @property
    def active(self) -> bool:
        return self.training and self.p > 0

    def forward(self, x: Array) -> Array:
        if not self.active:
            self.cache = None
            return x
        out, self.cache = F.dropout(x, self.p, self._generator(), self.forward_buffer)
        return out

    def backward(self, dout: Array) -> Array:
        return dout if self.cache is None else F.dropout_backward(dout, self.cache, self.shared_buffer)

    def mask(self, shape: tuple[int, ...], dtype: np.dtype) -> Array | None:
        """A mask of this shape to multiply with, or None when dropout does nothing."""
        return F.dropout_mask(shape, self.p, self._generator(), dtype) if self.active else None

    def _generator(self) -> np.random.Generator:
        if self.rng is None:
            raise ValueError("dropout has no random generator: pass rng=, or call set_rng on the model")
        return self.rng
