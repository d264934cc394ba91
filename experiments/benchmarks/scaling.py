"""How time and memory grow with a size: slopes of their logarithms, beside what the operation count predicts."""

from collections.abc import Iterable, Mapping, Sequence
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
        cases = [sized(base, key, value) for value in values]
        tasks = {
            str(n): partial(works.train, works.NUMPY, c.overrides, c.vocab_size)
            for n, c in zip(values, cases, strict=True)
        }
        found = in_turns(tasks, rounds, 2)
        rows.append(row(f"step by {key}", values, found.values(), [train_operations(case) for case in cases]))
    return rows + tokenizer_rows(rounds, chars)


def tokenizer_rows(rounds: int, sizes: Sequence[int]) -> list[Row]:
    given, rows = (OURS, str(corpus_at_hand().path), VOCAB_SIZE), []
    for what, work in (("training", train), ("encoding", encode)):
        found = in_turns({str(n): partial(work, *given, n) for n in sizes}, rounds, 1, threads=1)
        rows.append(row(f"{what} bpe-bytelevel", sizes, found.values(), sizes) | {"memory_slope": None})
    return rows


def sized(base: Case, key: str, value: int) -> Case:
    if key == VOCABULARY:
        return replace(base, vocab_size=value)
    return replace(base, overrides=(*base.overrides, f"{key}={value}"))


def row(case: str, sizes: Sequence[int], found: Iterable[Timings], operations: Sequence[float]) -> Row:
    timings = list(found)
    seconds = [t.median for t in timings]
    return {
        "case": case,
        "sizes": " ".join(f"{n:,}" for n in sizes),
        "all_ms": " ".join(f"{1e3 * s:,.0f}" for s in seconds),
        "time_slope": slope(sizes, seconds),
        "operations_slope": slope(sizes, operations),
        "memory_slope": slope(sizes, [t.peak_mb for t in timings]),
    }


def slope(sizes: Sequence[int], values: Sequence[float]) -> float:
    return float(np.polyfit(np.log(sizes), np.log(values), 1)[0])
