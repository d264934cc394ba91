"""How a study stands, in words, for terminal and page alike; what is unknown is left empty or said to be."""

import math

from analysis.standing import Standing, Status

SPARKS = "▁▂▃▄▅▆▇█"


def headline(standing: Standing) -> str:
    """How many runs are in which state."""
    if not standing.runs:
        return f"{standing.study.resolve().name}: waiting for its first run"
    counts = ", ".join(f"{n} {state}" for state, n in standing.counts.items())
    n = len(standing.runs)
    return f"{standing.study.resolve().name}: {n} run{'s' * (n != 1)}, {counts}"


def time_left(standing: Standing) -> str:
    """Of the whole sweep; empty when nothing goes on."""
    if not standing.goes_on or not standing.runs:
        return ""
    if not standing.count("running") and not standing.count("waiting"):
        return "the report is being written"
    if standing.left is None or (standing.left.at_least and standing.left.seconds < 1):
        return "time left unknown yet"
    return f"{standing.left} left"


def uncounted(standing: Standing) -> str:
    """Why the time left is not all of it, if it is not."""
    if not standing.unknown or standing.left is None:
        return ""
    n = standing.unknown
    return f"not counting {n} waiting run{'s' * (n != 1)} of a kind of which none has begun"


def summary(standing: Standing) -> str:
    """All of this on one line."""
    why = uncounted(standing)
    ahead = f"{time_left(standing)}{f' ({why})' if why else ''}"
    return f"{headline(standing)}{'; ' if ahead else ''}{ahead}"


def position(run: Status) -> str:
    return f"{run.step:,}/{run.iters:,}" if run.iters else ""


def bits(run: Status) -> str:
    """Bits per byte: over the whole validation text when done, until then as last estimated."""
    if run.bits_per_byte is not None:
        return f"{run.bits_per_byte:.3f}"
    return f"~{run.evaluations[-1].val:.3f}" if run.evaluations else ""


def training(run: Status) -> str:
    """Bits per byte of training text, as last estimated."""
    return f"~{run.evaluations[-1].train:.3f}" if run.evaluations else ""


def loss(run: Status) -> str:
    """Nats per token of the last update."""
    return f"{run.loss:.3f}" if run.loss is not None else ""


def speed(run: Status) -> str:
    """Characters per second."""
    return f"{run.chars_per_second:,.0f}" if math.isfinite(run.chars_per_second) else ""


def left(run: Status) -> str:
    """Time left, or what there is instead of it."""
    if run.phase:
        return run.phase
    if run.state in ("running", "waiting"):
        return run.left.short if run.left is not None else "unknown"
    return ""


def sparks(run: Status, width: int = 10) -> str:
    """The estimates so far as a row of blocks, the last one at the right."""
    values = [evaluation.val for evaluation in run.evaluations]
    if len(values) > width:
        values = [values[round(i * (len(values) - 1) / (width - 1))] for i in range(width)]
    if len(values) < 2:
        return ""
    low, high = min(values), max(values)
    scale = (len(SPARKS) - 1) / (high - low or 1.0)
    return "".join(SPARKS[round((value - low) * scale)] for value in values)
