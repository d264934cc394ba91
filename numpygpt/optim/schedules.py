"""Learning rates as pure functions of the step: a resumed run needs to know the step and nothing else."""

import math
from collections.abc import Callable

from numpygpt.errors import UserError

Schedule = Callable[[int], float]  # step (0 is the first) -> learning rate


def constant(lr: float, warmup: int = 0) -> Schedule:
    """lr at every step, after a linear warm-up."""
    if warmup < 0:
        raise UserError(f"warmup is {warmup}; it must be at least 0")
    return lambda step: lr * _warmup_share(step, warmup)


def step_decay(lr: float, step_size: int, factor: float, warmup: int = 0) -> Schedule:
    """lr * factor^k from step k * step_size on."""
    if step_size < 1:
        raise UserError(f"step_size is {step_size}; it must be at least 1")
    if warmup < 0:
        raise UserError(f"warmup is {warmup}; it must be at least 0")
    return lambda step: lr * factor ** (step // step_size) * _warmup_share(step, warmup)


def warmup_cosine(lr: float, min_lr: float, warmup: int, total: int) -> Schedule:
    """Linear warm-up to lr, then half a cosine down to min_lr at step `total`, and min_lr from there on.

    Loshchilov and Hutter 2017, equation 5, without restarts.
    """
    if not 0 <= warmup <= total:
        raise UserError(f"warmup is {warmup}; of a schedule of {total} steps it may take 0 to {total}")

    def rate(step: int) -> float:
        if step < warmup:
            return lr * _warmup_share(step, warmup)
        done = min(1.0, (step - warmup) / max(1, total - warmup))
        return min_lr + 0.5 * (lr - min_lr) * (1 + math.cos(math.pi * done))

    return rate


def warmup_stable_decay(lr: float, min_lr: float, warmup: int, decay: int, total: int) -> Schedule:
    """Linear warm-up to lr, lr for a while, then a straight line to min_lr, which step `total` would reach.

    The rate falls over the last `decay` steps: Hu et al. 2024, "MiniCPM", section 4. decay = total - warmup: a line
    all the way.
    """
    if warmup < 0 or decay < 0 or warmup + decay > total:
        raise UserError(
            f"warmup is {warmup} and decay {decay}; of {total} steps they may take 0 to {total} together"
        )

    def rate(step: int) -> float:
        left = min(1.0, max(0, total - step) / decay) if decay else 1.0
        return (min_lr + (lr - min_lr) * left) * _warmup_share(step, warmup)

    return rate


def _warmup_share(step: int, warmup: int) -> float:
    """1/warmup at the first step, 1 from the last step of the warm-up on."""
    return min(1.0, (step + 1) / warmup) if warmup else 1.0
