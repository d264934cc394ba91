"""Exercise 4 of docs/OPTIMIZERS.md: who was it?

Five optimizers moved a weight of a matrix from 1.0 with these gradients, all with a learning rate of 0.01:

    gradient    2       2       2       2      0       0
    A        0.9900  0.9800  0.9700  0.9600  0.9515  0.9442
    B        0.9800  0.9420  0.8878  0.8190  0.7571  0.7014
    C        0.9890  0.9780  0.9670  0.9561  0.9466  0.9384
    D        0.9800  0.9600  0.9400  0.9200  0.9200  0.9200
    E        0.9790  0.9580  0.9371  0.9161  0.9152  0.9143

They are "SGD", "SGD with decay", "momentum", "Adam" and "AdamW": decay is 0.1, momentum 0.9, the betas 0.9 and
0.99. Write down who is who, then: python examples/exercises/optimizers_4.py
"""

from collections.abc import Callable

import numpy as np
from checking import report, steps

from numpygpt.nn import Parameter
from numpygpt.optim import SGD, Adam, AdamW, Optimizer

ANSWER = {"A": "", "B": "", "C": "", "D": "", "E": ""}

GRADIENTS, LR, BETAS = (2.0, 2.0, 2.0, 2.0, 0.0, 0.0), 0.01, (0.9, 0.99)
MAKERS: dict[str, Callable[[list[Parameter]], Optimizer]] = {
    "SGD": lambda p: SGD(p, LR),
    "SGD with decay": lambda p: SGD(p, LR, weight_decay=0.1),
    "momentum": lambda p: SGD(p, LR, momentum=0.9),
    "Adam": lambda p: Adam(p, LR, betas=BETAS),
    "AdamW": lambda p: AdamW(p, LR, betas=BETAS, weight_decay=0.1),
}


def track(name: str) -> list[str]:
    """The weight after each step, as in the table above."""
    p = Parameter(np.ones((1, 1)))
    return [f"{weight.item():.4f}" for weight in steps(MAKERS[name]([p]), p, GRADIENTS)]


def table() -> dict[str, list[str]]:
    """The rows of the table in this file's first lines."""
    lines = (__doc__ or "").splitlines()
    return {line.split()[0]: line.split()[1:] for line in lines if line[4:5] in ANSWER and line[5:6] == " "}


def check() -> list[str]:
    if not any(ANSWER.values()):
        raise NotImplementedError
    strangers = [f"{name!r} is none of {', '.join(MAKERS)}" for name in ANSWER.values() if name not in MAKERS]
    return strangers or [
        f"{row} is not {name}: that one would have begun {', '.join(track(name)[:3])}"
        for row, name in ANSWER.items()
        if track(name) != table()[row]
    ]


if __name__ == "__main__":
    report(check)
