"""The wrong key gradient at the quick size (examples/wrong_key_gradient.py), as far as its records are kept."""

import json
from typing import Any

from analysis.display import plus_minus
from analysis.uncertainty import Difference, estimate, paired
from making import records


def key_gradients() -> dict[str, dict[int, float]]:
    """Bits per byte by what the keys learnt from (right, wrong, none) and seed."""
    found: dict[str, dict[int, float]] = {}
    for path in sorted((records.RESULTS / "wrong-gradient").glob("*.json")):
        record: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        if "key_gradient" in record:
            found.setdefault(record["key_gradient"], {})[record["seed"]] = record["bits_per_byte"]
    return found


def key_seeds() -> list[int]:
    """The seeds that were trained with the right and with the wrong gradient."""
    found = key_gradients()
    return sorted(set(found.get("right", {})) & set(found.get("wrong", {})))


def key_bits(kind: str) -> str:
    """Bits per byte with the interval over the seeds."""
    found = estimate(list(key_gradients()[kind].values()))
    return plus_minus(found.mean, found.half)


def cost_of(kind: str) -> Difference:
    """How many bits per byte more than with the right gradient, seed by seed: same weights, same batches."""
    right, other = (key_gradients()[k] for k in ("right", kind))
    common = sorted(set(right) & set(other))
    return paired([other[seed] for seed in common], [right[seed] for seed in common])


def cost_words(kind: str) -> str:
    """`0.05 ± 0.01 bits per byte more`, or that it cannot be told from none."""
    found = cost_of(kind)
    shown = plus_minus(abs(found.value), found.half)
    if not found.excludes_zero:
        return (
            f"a difference of {plus_minus(found.value, found.half)} bits per byte, not to be told from none"
        )
    return f"{shown} bits per byte {'more' if found.value > 0 else 'fewer'}"
