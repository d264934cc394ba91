"""Exercise 1 of docs/METRICS.md: from a loss per token to bits per byte.

Fill in `bits_per_byte`, then: python examples/exercises/metrics_1.py
"""

import json
import math
from pathlib import Path

from checking import near_miss, report

RECORDS = Path(__file__).resolve().parents[2] / "docs" / "results"


def bits_per_byte(nats_per_token: float, n_tokens: int, n_bytes: int, residual_bits: float) -> float:
    """What a text of n_bytes costs per byte, if it is n_tokens tokens of so many nats each on average.

    residual_bits: what it takes to write down all that the tokens leave out, for the whole text.
    """
    raise NotImplementedError


def runs() -> list[dict]:
    """What every kept run measured, with the bytes of its validation text."""
    lines = [line for path in sorted(RECORDS.glob("*.jsonl")) for line in path.open(encoding="utf-8")]
    return [
        kept["result"] | {"run": kept["run"]["name"], "n_bytes": kept["run"]["corpus"]["val_bytes"]}
        for kept in map(json.loads, lines)
        if "result" in kept
    ]


def check() -> list[str]:
    for run in runs():
        residual = run["bits_per_byte_residual"] * run["n_bytes"]
        found = bits_per_byte(run["val_loss"], run["val_tokens"], run["n_bytes"], residual)
        if not math.isclose(found, run["bits_per_byte"], rel_tol=1e-9):
            return [f"{run['run']} needs {run['bits_per_byte']:.4f}, not {found:.4f}{_hint(run, found)}"]
    return []


def _hint(run: dict, found: float) -> str:
    """What a near miss forgot."""
    tokens, rest = run["bits_per_byte_tokens"], run["bits_per_byte_residual"]
    misses = {
        tokens * math.log(2) + rest: "a nat is 1 / ln 2 bits",
        tokens * math.log(2): "a nat is 1 / ln 2 bits, and the residual is bits too",
        tokens: "that is without the residual",
        run["val_loss"] / math.log(2): "that is bits per token",
    }
    return near_miss(found, misses, rel_tol=1e-6)


if __name__ == "__main__":
    report(check)
