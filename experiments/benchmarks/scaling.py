"""How time and memory grow with a size: slopes of their logarithms, beside what the operation count predicts."""

import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np

from experiments.benchmarks import tokenizer_race, works
from experiments.benchmarks.cases import REFERENCE, Case, train_operations
from experiments.benchmarks.processes import Timings, in_turns
from experiments.benchmarks.table import Row
from experiments.configuration.build import default_corpus

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
    """A row for each size that a training step depends on, and for tokenizers and the length of a text."""
    rows = []
    for key, values in sizes.items():
        cases = [sized(base, key, value) for value in values]
        tasks = {
            str(n): partial(works.train, works.NUMPY, c.overrides, c.vocab_size)
            for n, c in zip(values, cases, strict=True)
        }
        found = in_turns(tasks, rounds, 2)
        rows.append(row(f"step, {key}", values, found.values(), [train_operations(case) for case in cases]))
    return rows + tokenizer_rows(rounds, chars)


def tokenizer_rows(rounds: int, sizes: Sequence[int]) -> list[Row]:
    text, rows = default_corpus().text, []
    with tempfile.TemporaryDirectory() as folder:
        paths = [Path(folder, f"{n}.txt") for n in sizes]
        for n, path in zip(sizes, paths, strict=True):
            path.write_text(text[:n], encoding="utf-8")
        for what, work in (("training", tokenizer_race.train), ("encoding", tokenizer_race.encode)):
            tasks = {
                path.stem: partial(work, tokenizer_race.OURS, str(path), tokenizer_race.VOCAB_SIZE)
                for path in paths
            }
            found = in_turns(tasks, rounds, 1, threads=1)
            rows.append(row(f"{what} bpe-bytelevel, characters", sizes, found.values(), sizes))
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
