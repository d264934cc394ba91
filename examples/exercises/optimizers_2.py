"""Exercise 2 of docs/OPTIMIZERS.md: a schedule in the shape of a trapezium.

Linear warm-up as in `warmup_cosine` (lr / warmup at step 0, lr at step warmup - 1), then lr, and over the last
`cooldown` steps a straight line: still lr at step total - cooldown, 0 at step `total` and from there on.

Fill in `rate`, then: python examples/exercises/optimizers_2.py
"""

from checking import check_values, report

from numpygpt.optim import Schedule


def trapezium(lr: float, warmup: int, cooldown: int, total: int) -> Schedule:
    """step (0 is the first) -> learning rate; a pure function of the step."""

    def rate(step: int) -> float:
        raise NotImplementedError

    return rate


def check() -> list[str]:
    rate = trapezium(0.8, warmup=4, cooldown=10, total=30)
    expected = {
        0: 0.2,
        1: 0.4,
        3: 0.8,
        4: 0.8,
        12: 0.8,
        20: 0.8,
        21: 0.72,
        25: 0.4,
        29: 0.08,
        30: 0.0,
        50: 0.0,
    }
    found = {
        f"the rate at step {step}": rate(step) for step in reversed(expected)
    }  # later steps first: no counting
    found |= {"the rate at step 0 without a warm-up": trapezium(0.8, 0, 10, 30)(0)}
    wanted = {f"the rate at step {step}": value for step, value in expected.items()}
    return check_values(found, wanted | {"the rate at step 0 without a warm-up": 0.8})


if __name__ == "__main__":
    report(check)
