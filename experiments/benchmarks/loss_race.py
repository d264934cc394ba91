"""The race to a loss: seconds of training until char's loss over the whole validation text is TARGET nats.

Every recipe has a fixed schedule of its own and every engine a process of its own; they take turns, a share of
their updates at a time. All begin with the same weights and see the same windows of text. The weights are judged in
the parent process, by the harness's rule (when a window is full, its last half is kept), from JUDGED of the updates
on. Neither judging is counted, nor what happens before the first update, such as compiling.
"""

from __future__ import annotations

import itertools
import json
import math
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from experiments.benchmarks.processes import THREADS, WorkerProcess, answer_all
from experiments.benchmarks.table import Row
from experiments.benchmarks.workers import training
from experiments.configuration.build import (
    build_corpus,
    build_model,
    build_schedule,
    build_tokenizer,
    corpus_parts,
)
from experiments.configuration.compose import composed
from experiments.configuration.schema import RunConfig
from numpygpt.data.batches import sample_batch
from numpygpt.streams import generator
from numpygpt.training import Engine, score_tokens

TARGET = 1.90
NANOGPT, OURS = "nanoGPT's recipe", "our recipe"
RECIPES = {NANOGPT: ("experiment=nanogpt_cpu",), OURS: ("tokenizer=char", "data.fallback=null")}
ENGINES = ("numpy", "torch", "torch compiled")
JUDGED = 0.8
SHARES = [k / 100 for k in (*range(5, 80, 5), *range(80, 101, 2))]


@dataclass(frozen=True)
class Entry:
    """One training: a recipe (overrides of the default one), an engine, a seed, the updates of the schedule."""

    recipe: str
    overrides: tuple[str, ...]
    engine: str
    seed: int
    updates: int

    @property
    def config(self) -> RunConfig:
        return composed(*self.overrides, f"seed={self.seed}")


# --- a worker: reads how many updates to do and where to write the weights, answers with the seconds they took ---


def serve(entry: Entry) -> None:
    config = entry.config
    (ids, _), vocab_size = texts(config)
    trained = training(entry.engine, config, vocab_size)
    schedule = build_schedule(config.optimizer, entry.updates)
    shape = config.train.batch_size, config.model.block_size

    def batch(step: int) -> tuple[np.ndarray, np.ndarray]:
        return sample_batch(ids, *shape, generator(config.seed, "data", step))

    for _ in range(2):
        trained.gradients(*batch(0))  # whatever is compiled, allocated or started the first time
    steps = itertools.count()

    def train(question: tuple[int, str | None]) -> float:
        n, path = question
        started = time.perf_counter()
        for step in itertools.islice(steps, n):
            float(trained.gradients(*batch(step)))
            trained.step(schedule(step))
        seconds = time.perf_counter() - started
        if path:
            np.savez(path, **trained.weights())
        return seconds

    answer_all(train)


def texts(config: RunConfig) -> tuple[list[np.ndarray], int]:
    """Ids of the training and the validation text, and the size of the vocabulary. UserError: there is no text."""
    parts = corpus_parts(build_corpus(config.data), vars(config.data))
    tokenizer = build_tokenizer(config.tokenizer)
    tokenizer.train(parts[0].chunks())
    return [tokenizer.encode(part.text) for part in parts], tokenizer.vocab_size


# --- the parent ---


class Racer:
    """A worker process, what its updates took so far, and what its weights were worth when last judged."""

    def __init__(self, entry: Entry) -> None:
        self.entry, self.done, self.seconds, self.nats = entry, 0, 0.0, math.inf
        self.process = WorkerProcess("loss_race", json.dumps(asdict(entry)))

    @property
    def name(self) -> str:
        return f"{self.entry.engine}, {self.entry.recipe}"

    @property
    def has_arrived(self) -> bool:
        return self.nats <= TARGET

    def advance(self, share: float, judge: Judge, folder: Path) -> None:
        """Train up to a share of the schedule, and from JUDGED on have the weights judged."""
        n = round(share * self.entry.updates) - self.done
        if self.has_arrived or (n < 1 and share < JUDGED):
            return
        path = folder / f"{self.name}.npz" if share >= JUDGED else None
        self.seconds += self.process.ask([n, path and str(path)])
        self.done += n
        if path:
            self.nats = judge.nats(path)
            print(f"seed {self.entry.seed}, {self.name}: {self.nats:.3f} nats after {self.done} updates, "
                  f"{self.seconds:.1f} s", file=sys.stderr)  # fmt: skip


@dataclass(frozen=True)
class Judge:
    """The validation text, and a model of one recipe that takes over the racers' weights."""

    engine: Engine
    ids: np.ndarray

    def nats(self, path: Path) -> float:
        """Per character, over the whole text."""
        with np.load(path) as weights:
            self.engine.model.load_state_dict(dict(weights))
        return float(score_tokens(self.engine, self.ids).mean())


@contextmanager
def new_judge(overrides: tuple[str, ...]) -> Iterator[Judge]:
    config = composed(*overrides)
    (_, ids), vocab_size = texts(config)
    with Engine(build_model(config.model, 0, vocab_size, 1.0), workers=THREADS) as engine:
        yield Judge(engine, ids)


def race(n_seeds: int, updates: int, with_torch: bool) -> list[Row]:
    """All rows of `benchmark.py race`. `updates`: of our recipe; nanoGPT's has its own number."""
    engines = ENGINES if with_torch else ENGINES[:1]
    lengths = {NANOGPT: composed(*RECIPES[NANOGPT]).budget.iters or updates, OURS: updates}
    racers: list[Racer] = []
    with ExitStack() as opened, tempfile.TemporaryDirectory() as folder:
        judge = {recipe: opened.enter_context(new_judge(overrides)) for recipe, overrides in RECIPES.items()}
        for seed in range(1, n_seeds + 1):
            entries = [
                Entry(recipe, RECIPES[recipe], engine, seed, lengths[recipe])
                for recipe in RECIPES
                for engine in engines
                if (recipe, engine) != (NANOGPT, "numpy")  # which is no entry: `train` compares the engines
            ]
            racers += run(entries, judge, Path(folder))
    return rows(racers)


def run(entries: list[Entry], judge: dict[str, Judge], folder: Path) -> list[Racer]:
    """One seed of all of them, in turns."""
    racers: list[Racer] = []
    with ExitStack() as opened:
        for entry in entries:
            racers.append(Racer(entry))
            opened.enter_context(racers[-1].process)
        for share in SHARES:
            for racer in racers:
                racer.advance(share, judge[racer.entry.recipe], folder)
    return racers


def rows(racers: list[Racer]) -> list[Row]:
    """A row per recipe and engine, with the mean over seeds of the seconds if every one arrived.

    ratio_to_torch: time relative to nanoGPT's recipe in PyTorch, eager or compiled, whichever is faster.
    """
    found: list[Row] = []
    for name in dict.fromkeys(racer.name for racer in racers):
        own = [racer for racer in racers if racer.name == name]
        seconds = [racer.seconds if racer.has_arrived else None for racer in own]
        all_seconds = [s for s in seconds if s is not None]
        found.append(
            {
                "case": f"{own[0].entry.recipe}, {own[0].entry.updates:,} updates",
                "recipe": own[0].entry.recipe,
                "implementation": own[0].entry.engine,
                "target": TARGET,
                "seconds": statistics.mean(all_seconds) if len(all_seconds) == len(own) else None,
                "seconds_by_seed": seconds,
                "updates": statistics.mean(racer.done for racer in own),
                "reached": f"{len(all_seconds)} of {len(own)}",
                "nats": statistics.mean(racer.nats for racer in own),
            }
        )
    theirs = [r["seconds"] for r in found if r["recipe"] == NANOGPT and r["implementation"] != "numpy"]
    base = min((s for s in theirs if s is not None), default=None)
    for r in found:
        r["ratio_to_torch"] = None if None in (base, r["seconds"]) else r["seconds"] / base
    return found


if __name__ == "__main__":
    fields = json.loads(sys.argv[1])
    serve(Entry(**(fields | {"overrides": tuple(fields["overrides"])})))
