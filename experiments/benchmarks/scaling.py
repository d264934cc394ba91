"""How time and memory grow with a size: slopes of their logarithms, beside what the operation count predicts."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial

import numpy as np

from experiments.benchmarks import works
from experiments.benchmarks.processes import Row, Timings, in_turns
from experiments.benchmarks.tokenizer_race import OURS, VOCAB_SIZE, encode, train
from experiments.benchmarks.works import REFERENCE, Case, train_operations
from experiments.configuration.build import corpus_at_hand

BASE = Case((*REFERENCE, "train.batch_size=8"), 512)  # one size at a time is another than here
VOCABULARY = "vocabulary"
SIZES: dict[str, Sequence[int]] = {
    "model.n_embd": (64, 128, 256, 512),
    "model.n_layer": (2, 4, 8, 16),
    "model.block_size": (64, 128, 256, 512),
    VOCABULARY: (512, 1024, 2048, 4096, 8192),
    "train.batch_size": (4, 8, 16, 32),
}
CHARACTERS = (125_000, 250_000, 500_000, 1_000_000)  # of a text


def scaling(
    rounds: int,
    base: Case = BASE,
    sizes: Mapping[str, Sequence[int]] = SIZES,
    chars: Sequence[int] = CHARACTERS,
) -> list[Row]:
    """A row for each size that a training step depends on, and for a tokenizer and the characters of a text."""
    rows = []
    for key, values in sizes.items():
        cases = {str(n): sized(base, key, n) for n in values}
        tasks = {n: partial(works.train, works.NUMPY, c.overrides, c.vocab_size) for n, c in cases.items()}
        operations = [train_operations(case) for case in cases.values()]
        rows.append(row(f"step by {key}", values, in_turns(tasks, rounds, 2), operations))
    given = OURS, str(corpus_at_hand().path), VOCAB_SIZE
    for what, work in (("training", train), ("encoding", encode)):
        found = in_turns({str(n): partial(work, *given, n) for n in chars}, rounds, 1, threads=1)
        rows.append(row(f"{what} bpe-bytelevel", chars, found, chars) | {"memory_slope": None})
    return rows


def sized(base: Case, key: str, value: int) -> Case:
    if key == VOCABULARY:
        return replace(base, vocab_size=value)
    return replace(base, overrides=(*base.overrides, f"{key}={value}"))


def row(case: str, sizes: Sequence[int], found: Mapping[str, Timings], operations: Sequence[float]) -> Row:
    seconds = [timings.median for timings in found.values()]
    return {
        "case": case,
        "sizes": " ".join(f"{n:,}" for n in sizes),
        "all_ms": " ".join(f"{1e3 * s:,.0f}" for s in seconds),
        "time_slope": slope(sizes, seconds),
        "operations_slope": slope(sizes, operations),
        "memory_slope": slope(sizes, [timings.peak_mb for timings in found.values()]),
    }


def slope(sizes: Sequence[int], values: Sequence[float]) -> float:
    return float(np.polyfit(np.log(sizes), np.log(values), 1)[0])
