"""What checks the answers: gradients against central differences, and in words."""

import sys
from collections.abc import Callable, Iterable
from typing import Any, NoReturn

import numpy as np

from numpygpt.nn import Parameter
from numpygpt.nn.checking import central_differences
from numpygpt.nn.functional import Array
from numpygpt.optim import Optimizer

TOLERANCE = 1e-6  # of a gradient's norm


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
        due = f"{len(inputs)}: {', '.join(inputs)}"
        return [f"the backward returns {len(gradients)} gradients; it should return {due}"]

    def loss() -> float:
        return float((forward(*inputs.values())[0] * dout).sum())

    return [
        sentence
        for (name, array), gradient in zip(inputs.items(), gradients, strict=True)
        if (sentence := _judge(f"d{name}", gradient, central_differences(loss, array)))
    ]


def _judge(name: str, gradient: Any, numeric: Array) -> str | None:
    if np.shape(gradient) != numeric.shape:
        return f"{name} has shape {np.shape(gradient)}; it must have its array's, {numeric.shape}"
    error = np.linalg.norm(gradient - numeric) / np.linalg.norm(numeric)
    return None if error < TOLERANCE else f"{name} is off by {error:.2g} of its norm"


def steps(optimizer: Optimizer, p: Parameter, gradients: Iterable[Any]) -> list[Array]:
    """The parameter after each step; a gradient is an array of its shape, or one number for all of it."""
    found = []
    for gradient in gradients:
        optimizer.zero_grad()
        p.add_grad(np.broadcast_to(gradient, p.shape).astype(np.float64))
        optimizer.step()
        found.append(p.data.copy())
    return found


def report(*checks: Callable[[], list[str]], first: int = 1) -> NoReturn:
    """Runs the check whose number was typed (of the first one: `first`), says what came out, and exits.

    Exit status: 0 right, 1 wrong, 2 nothing filled in yet, or no such number.
    """
    numbered = {str(number): check for number, check in enumerate(checks, first)}
    if len(sys.argv) != 2 or sys.argv[1] not in numbered:
        print(f"Which exercise? Type its number behind the command: {', '.join(numbered)}.")
        sys.exit(2)
    try:
        wrong = numbered[sys.argv[1]]()
    except NotImplementedError:
        print("Nothing here yet: fill in what raises NotImplementedError, then type the command again.")
        sys.exit(2)
    print("\n".join(f"Not yet: {sentence}." for sentence in wrong) or "Right.")
    sys.exit(1 if wrong else 0)
