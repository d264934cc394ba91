"""Exercise 2 of docs/OPTIMIZERS.md: warm-up, a plateau, and a fall that is steep at first.

Linear warm-up as in `warmup_cosine` (lr / warmup at step 0, lr at step warmup - 1), then lr, and over the last
`cooldown` steps lr * (1 - sqrt(gone / cooldown)), `gone` steps after step total - cooldown: still lr at that step,
0 at step `total` and from there on. (Hägele et al. 2024, "Scaling laws and compute-optimal training beyond fixed
training durations".)

Fill in `rate`, then: python examples/exercises/optimizers_2.py
"""

from checking import check_values, report

from numpygpt.optim import Schedule


def root_decay(lr: float, warmup: int, cooldown: int, total: int) -> Schedule:
    """step (0 is the first) -> learning rate; a pure function of the step."""

    def rate(step: int) -> float:
        raise NotImplementedError

    return rate


def check() -> list[str]:
    rate = root_decay(0.8, warmup=4, cooldown=16, total=36)
    expected = {0: 0.2, 1: 0.4, 3: 0.8, 4: 0.8, 12: 0.8, 20: 0.8, 21: 0.6, 24: 0.4, 29: 0.2, 36: 0.0, 50: 0.0}
    # later steps first: a rate that counts its calls is wrong
    found = {f"the rate at step {step}": rate(step) for step in reversed(expected)}
    found |= {"the rate at step 0 without a warm-up": root_decay(0.8, 0, 16, 36)(0)}
    wanted = {f"the rate at step {step}": value for step, value in expected.items()}
    return check_values(found, wanted | {"the rate at step 0 without a warm-up": 0.8})


if __name__ == "__main__":
    report(check)
