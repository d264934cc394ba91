"""Budgets: what is held equal between tokenizers, each resolved to a number of updates before training starts."""

from __future__ import annotations

import math

from numpygpt.errors import UserError


def updates_for_text(n_chars: float, chars_per_token: float, tokens_per_update: int) -> int:
    """Updates that see n_chars characters of training text (equal text). UserError: less than one, as below."""
    return _updates("chars", n_chars / (chars_per_token * tokens_per_update))


def updates_for_flops(flops: float, flops_per_update: float) -> int:
    """Updates that spend `flops` floating-point operations (equal compute)."""
    return _updates("flops", flops / flops_per_update)


def updates_for_seconds(seconds: float, seconds_per_update: float) -> int:
    """Updates that fit into `seconds` of training (equal time, on this machine)."""
    return _updates("seconds", seconds / seconds_per_update)


def _updates(budget: str, updates: float) -> int:
    if not math.isfinite(updates) or updates < 1:
        raise UserError(
            f"budget.{budget} allows {updates:.2f} updates; raise it until it allows at least one"
        )
    return round(updates)
