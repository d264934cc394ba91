"""What checks the answers: gradients against central differences, values against values, and hints."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NoReturn

import numpy as np

from numpygpt.nn import Parameter
from numpygpt.nn.checking import central_differences
from numpygpt.optim import Optimizer

TOLERANCE = 1e-6  # of a gradient's norm

Array = np.ndarray[Any, Any]


def check_gradients(
    forward: Callable[..., tuple[Array, Any]],
    backward: Callable[[Array, Any], Any],
    **shapes: tuple[int, ...],
) -> list[str]:
    """What is wrong with `backward`, a sentence each; [] if it gives the gradient of every input, in their order.

    forward(*inputs) -> out, cache; backward(dout, cache) -> one gradient, or a tuple of them. All in float64.
    The inputs are drawn at random, in these shapes.
    """
    rng = np.random.default_rng(0)
    inputs = {name: rng.normal(size=shape) for name, shape in shapes.items()}
    out, cache = forward(*inputs.values())
    dout = rng.normal(size=out.shape)
    found = backward(dout.copy(), cache)
    gradients = found if isinstance(found, tuple) else (found,)
    if len(gradients) != len(inputs):
        return [
            f"the backward returns {len(gradients)} gradients; it should return {len(inputs)}: {', '.join(inputs)}"
        ]

    def loss() -> float:
        return float((forward(*inputs.values())[0] * dout).sum())

    return [
        sentence
        for (name, array), gradient in zip(inputs.items(), gradients, strict=True)
        if (sentence := _judge(f"d{name}", gradient, central_differences(loss, array)))
    ]


def check_values(found: Mapping[str, Any], expected: Mapping[str, Any]) -> list[str]:
    """A sentence for each value that is not as expected, to nine digits."""
    return [
        f"{name} is {found[name]}, and should be {value}"
        for name, value in expected.items()
        if not np.allclose(found[name], value, rtol=1e-9, atol=1e-12)
    ]


def steps(optimizer: Optimizer, p: Parameter, gradients: Iterable[Any]) -> list[Array]:
    """The parameter after each step; a gradient is an array of its shape, or one number for all of it."""
    found = []
    for gradient in gradients:
        optimizer.zero_grad()
        p.add_grad(np.broadcast_to(gradient, p.shape).astype(np.float64))
        optimizer.step()
        found.append(p.data.copy())
    return found


def near_miss(value: float, misses: Mapping[float, str], rel_tol: float = 1e-9) -> str:
    """`: why` of the first of `misses`, wrong value -> why, that is this one; else nothing."""
    return next(
        (f": {why}" for miss, why in misses.items() if math.isclose(value, miss, rel_tol=rel_tol)), ""
    )


def _judge(name: str, gradient: Any, numeric: Array) -> str | None:
    if np.shape(gradient) != numeric.shape:
        return f"{name} has shape {np.shape(gradient)}; it must have its array's, {numeric.shape}"
    error = np.linalg.norm(gradient - numeric) / np.linalg.norm(numeric)
    return None if error < TOLERANCE else f"{name} is off by {error:.2g} of its norm"


def report(check: Callable[[], list[str]]) -> NoReturn:
    """Runs the check, says what came out, and exits: 0 right, 1 wrong, 2 nothing filled in yet."""
    try:
        wrong = check()
    except NotImplementedError:
        print(
            "Nothing here yet: fill in the function that raises NotImplementedError, then run this file again."
        )
        sys.exit(2)
    for sentence in wrong:
        print(f"Not yet: {sentence}.")
    if not wrong:
        print("Right.")
    sys.exit(1 if wrong else 0)
