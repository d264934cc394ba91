"""The exercises of docs/BACKPROP.md: fill in what raises NotImplementedError, and have answer 1 checked by

python examples/exercises/backprop.py 1
"""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from checking import Array, check_gradients, report

from numpygpt.nn import functional as F

# --- 1: used twice ---


def twice(a: Array, b: Array) -> tuple[Array, Any]:
    """out = a * b + a, entry by entry."""
    return a * b + a, (a, b)


def twice_backward(dout: Array, cache: Any) -> tuple[Array, Array]:
    """da and db."""
    raise NotImplementedError


def check_twice() -> list[str]:
    return check_gradients(twice, twice_backward, a=(2, 3), b=(2, 3))


# --- 2: broadcasting ---


def broadcast(x: Array, scale: Array, shift: Array) -> tuple[Array, Any]:
    """out = x * scale + shift, for x (B, T, C), scale (C,) and shift (T, 1)."""
    return x * scale + shift, (x, scale, shift)


def broadcast_backward(dout: Array, cache: Any) -> tuple[Array, Array, Array]:
    """dx (B, T, C), dscale (C,) and dshift (T, 1)."""
    raise NotImplementedError


def check_broadcast() -> list[str]:
    return check_gradients(broadcast, broadcast_backward, x=(2, 3, 4), scale=(4,), shift=(3, 1))


# --- 3: RMSNorm ---


def rms_norm(x: Array, gain: Array) -> tuple[Array, Any]:
    """out = x / sqrt(mean(x^2) + eps) * gain, for x (N, C) and gain (C,): layer norm that leaves the mean alone."""
    r = 1 / np.sqrt((x * x).mean(axis=1, keepdims=True) + 1e-5)  # (N, 1)
    xhat = x * r
    return xhat * gain, (xhat, r, gain)


def rms_norm_backward(dout: Array, cache: Any) -> tuple[Array, Array]:
    """dx (N, C) and dgain (C,). In exact terms: r stands for 1 / sqrt(mean(x^2) + eps), and xhat for x r."""
    raise NotImplementedError


def check_rms_norm() -> list[str]:
    return check_gradients(rms_norm, rms_norm_backward, x=(3, 5), gain=(5,))


# --- 4: one head of attention, all three gradients ---


def attention(q: Array, k: Array, v: Array) -> tuple[Array, Any]:
    """out = softmax(q k^T / sqrt(D)) v, each position to itself and those before: all arrays (T, D)."""
    T, D = q.shape
    scores = q @ k.T / np.sqrt(D) + np.triu(np.full((T, T), -np.inf), 1)
    e = np.exp(scores - scores.max(axis=1, keepdims=True))
    p = e / e.sum(axis=1, keepdims=True)
    return p @ v, (q, k, v, p)


def attention_backward(dout: Array, cache: Any) -> tuple[Array, Array, Array]:
    """dq, dk and dv, each (T, D)."""
    raise NotImplementedError


def check_attention() -> list[str]:
    return check_gradients(attention, attention_backward, q=(5, 3), k=(5, 3), v=(5, 3))


# --- 5: write the test. It is given backwards of layer norm, one of them right ---

Backward = Callable[[Array, Any], tuple[Array, Array, Array]]  # (dout, cache) -> dx, dgain, dbias


def is_right(backward: Backward) -> bool:
    """Whether `backward` undoes F.layer_norm(x, gain, bias) -> out, cache."""
    raise NotImplementedError


# --- do not read on before you have an answer: these are the backwards that it will be given ---

FAULTS = (
    "the road through the mean is missing",
    "the road through the variance is missing",
    "the gain is forgotten on the way to x",
    "dgain is a mean over the rows, not a sum",
    "the rows of dx are in the wrong order",
)


def layer_norm_backward(dout: Array, cache: Any, fault: str | None = None) -> tuple[Array, Array, Array]:
    dx, dgain, dbias = F.layer_norm_backward(dout, cache)
    assert dbias is not None
    xhat, rstd, gain, has_bias = cache
    g = (dout * gain).reshape(xhat.shape)
    mean, along = g.mean(axis=1, keepdims=True), xhat * (g * xhat).mean(axis=1, keepdims=True)
    if fault == FAULTS[0]:
        dx = rstd * (g - along)
    elif fault == FAULTS[1]:
        dx = rstd * (g - mean)
    elif fault == FAULTS[2]:
        dx = F.layer_norm_backward(dout, (xhat, rstd, np.ones_like(gain), has_bias))[0]
    elif fault == FAULTS[3]:
        dgain = dgain / len(xhat)
    elif fault == FAULTS[4]:
        dx = dx[::-1]
    return dx.reshape(dout.shape), dgain, dbias


def check_is_right() -> list[str]:
    wrong = [] if is_right(layer_norm_backward) else ["the right backward is refused"]
    missed = [fault for fault in FAULTS if is_right(partial(layer_norm_backward, fault=fault))]
    return wrong + [f"a backward gets through in which {fault}" for fault in missed]


if __name__ == "__main__":
    report(check_twice, check_broadcast, check_rms_norm, check_attention, check_is_right)
