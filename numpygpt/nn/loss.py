"""The loss: cross-entropy, alone or fused with the output head."""

import numpy as np

from numpygpt.nn import functional as F
from numpygpt.nn.functional import Array
from numpygpt.nn.linear import Linear
from numpygpt.nn.module import Module


class CrossEntropy(Module):
    """Mean of -log softmax(logits)[target] in nats, for logits (..., V) and integer targets (...)."""

    def forward(self, logits: Array, targets: Array) -> float:  # type: ignore[override]
        nats, cache = F.cross_entropy(
            logits.reshape(-1, logits.shape[-1]), targets.reshape(-1), new=self.forward_buffer
        )
        self.cache = (cache, logits.shape)
        return float(nats.mean(dtype=np.float64))

    def backward(self) -> Array:  # type: ignore[override]
        cache, shape = self.cache
        n_rows = len(cache[2])
        u, w = F.cross_entropy_backward(np.full(n_rows, 1 / n_rows, cache[0].dtype), cache)
        u *= w
        return u.reshape(shape)


class LinearCrossEntropy(Module):
    """Cross-entropy of the logits that `head` makes of x (..., C); the logits are never a second array.

    `head` is another module's child too; as parameters are counted once, that does no harm.
    """

    def __init__(self, head: Linear) -> None:
        self.head = head

    def forward(self, x: Array, targets: Array) -> Array:  # type: ignore[override]
        """nats (N,), one for each target."""
        rows = x.reshape(-1, x.shape[-1])
        bias = None if self.head.bias is None else self.head.bias.data
        nats, cache = F.linear_cross_entropy(
            rows, self.head.weight.data, bias, targets.reshape(-1), self.forward_buffer
        )
        self.cache = (cache, x.shape)
        return nats

    def backward(self, scale: float) -> Array:  # type: ignore[override]
        """dx for the loss `scale * sum(nats)`."""
        cache, shape = self.cache
        dnats = np.full(len(cache[0]), scale, cache[0].dtype)
        dx, weight_factors, dbias = F.linear_cross_entropy_backward(dnats, cache, self.shared_buffer)
        self.head.weight.add_grad_product(*weight_factors)
        if self.head.bias is not None:
            self.head.bias.add_grad(dbias)
        return dx.reshape(shape)
