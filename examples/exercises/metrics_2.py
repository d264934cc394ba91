"""Exercise 2 of docs/METRICS.md: floor and ceiling.

Fill in `verdict`, then: python examples/exercises/metrics_2.py
"""

from dataclasses import dataclass

from checking import report


@dataclass(frozen=True)
class Side:
    """A tokenizer's bits per byte: its tokens alone, and with what our residual coder charges for the rest.

    The two are equal for a tokenizer that loses nothing.
    """

    floor: float
    ceiling: float


def verdict(a: Side, b: Side) -> str:
    """Who needs fewer bits, whichever residual coder one prefers for either: "a", "b" or "depends"."""
    raise NotImplementedError


CASES = (  # all differences are taken to be sure
    (Side(1.91, 2.31), Side(2.77, 2.77), "a"),
    (Side(2.48, 2.48), Side(1.76, 2.16), "b"),
    (Side(1.91, 2.31), Side(2.10, 2.10), "depends"),
    (Side(1.91, 2.31), Side(1.80, 1.80), "b"),
    (Side(2.48, 2.48), Side(2.50, 2.50), "a"),
    (Side(1.70, 2.30), Side(1.90, 2.00), "depends"),  # a's floor is lower, b's ceiling is
    (Side(1.70, 1.80), Side(1.75, 2.60), "depends"),  # both are lower, and still
    (Side(1.70, 1.80), Side(1.85, 2.60), "a"),
    (Side(2.40, 2.90), Side(1.70, 2.39), "b"),
)


def check() -> list[str]:
    wrong = []
    for a, b, due in CASES:
        if (found := verdict(a, b)) != due:
            wrong.append(f"a from {a.floor} to {a.ceiling}, b from {b.floor} to {b.ceiling}: not {found!r}")
    return wrong


if __name__ == "__main__":
    report(check)
