"""The exercises of docs/OPTIMIZERS.md: fill in what raises NotImplementedError (2: ANSWER), and have answer 1
checked by

    python examples/exercises/optimizers.py 1
"""

from collections.abc import Callable

import numpy as np
from checking import Array, report, steps

from numpygpt.nn import Parameter
from numpygpt.optim import SGD, Adam, AdamW, Optimizer

# --- 1: RMSProp ---


class RMSProp(Optimizer):
    """Steps of about lr: the gradient over the root of its own mean square.

    square = 0.9 * square + 0.1 * g^2
    p     -= lr * g / (sqrt(square) + 1e-8)
    """

    state_names = ("square",)

    def update(self, p: Array, g: Array, state: list[Array], decay: bool, lr: float) -> None:
        """Change p in place; state is [square], which begins at zero and is to be changed in place too."""
        raise NotImplementedError


def check_rmsprop() -> list[str]:
    gradients = np.array([(1.0, -200.0), (2.0, 100.0), (-1.0, 100.0), (0.5, 0.0)])  # of two parameters
    p, square = Parameter(np.array([1.0, -1.0])), np.zeros(2)
    due, wrong = p.data.copy(), []
    for number, found in enumerate(steps(RMSProp([p], 0.1), p, gradients)):
        g = gradients[number]
        square = square + 0.1 * (g**2 - square)
        due = due - 0.1 * g / (np.sqrt(square) + 1e-8)
        for i in np.flatnonzero(~np.isclose(found, due, rtol=1e-9, atol=1e-12)):
            wrong.append(f"parameter {i} after step {number + 1} is {found[i]}, and should be {due[i]}")
    return wrong


# --- 2: who was it? ---

# Five optimizers moved a weight of a matrix from 1.0 with these gradients, all with a learning rate of 0.01:
GRADIENTS = (2.0, 2.0, 2.0, 2.0, 0.0, 0.0)
TRACKS = {
    "A": "0.9900  0.9800  0.9700  0.9600  0.9515  0.9442",
    "B": "0.9800  0.9420  0.8878  0.8190  0.7571  0.7014",
    "C": "0.9890  0.9780  0.9670  0.9561  0.9466  0.9384",
    "D": "0.9800  0.9600  0.9400  0.9200  0.9200  0.9200",
    "E": "0.9790  0.9580  0.9371  0.9161  0.9152  0.9143",
}
# They are "SGD", "SGD with decay", "momentum", "Adam" and "AdamW": decay is 0.1, momentum 0.9, the betas 0.9 and
# 0.99. Write down who is who:
ANSWER = {"A": "", "B": "", "C": "", "D": "", "E": ""}

MAKERS: dict[str, Callable[[list[Parameter]], Optimizer]] = {
    "SGD": lambda p: SGD(p, 0.01),
    "SGD with decay": lambda p: SGD(p, 0.01, weight_decay=0.1),
    "momentum": lambda p: SGD(p, 0.01, momentum=0.9),
    "Adam": lambda p: Adam(p, 0.01, betas=(0.9, 0.99)),
    "AdamW": lambda p: AdamW(p, 0.01, betas=(0.9, 0.99), weight_decay=0.1),
}


def track(name: str) -> str:
    """The weight after each step, as in TRACKS."""
    p = Parameter(np.ones((1, 1)))
    return "  ".join(f"{weight.item():.4f}" for weight in steps(MAKERS[name]([p]), p, GRADIENTS))


def check_answer() -> list[str]:
    if not any(ANSWER.values()):
        raise NotImplementedError
    strangers = [f"{name!r} is none of {', '.join(MAKERS)}" for name in ANSWER.values() if name not in MAKERS]
    return strangers or [
        f"{row} is not {name}: that one would have gone {track(name)}"
        for row, name in ANSWER.items()
        if track(name) != TRACKS[row]
    ]


if __name__ == "__main__":
    report(check_rmsprop, check_answer)
