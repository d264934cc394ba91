"""Exercise 6 of docs/BACKPROP.md: write the test.

Fill in `is_right`, then: python examples/exercises/backprop_6.py
It is given backwards of layer norm, `backward(dout, cache) -> dx, dgain, dbias`, one of them right.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from checking import Array, report

from numpygpt.nn import functional as F

Backward = Callable[[Array, Any], tuple[Array, Array, Array]]


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


def check() -> list[str]:
    wrong = [] if is_right(layer_norm_backward) else ["the right backward is refused"]
    missed = [fault for fault in FAULTS if is_right(partial(layer_norm_backward, fault=fault))]
    return wrong + [f"a backward gets through in which {fault}" for fault in missed]


if __name__ == "__main__":
    report(check)
