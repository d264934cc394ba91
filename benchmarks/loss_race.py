"""The race to a loss: seconds of training until char's loss over the whole validation text is TARGET nats.

Every recipe has a fixed schedule of its own and every engine a process of its own; they take turns, a share of
their updates at a time. All begin with the same weights and see the same windows of text. From JUDGED of the
updates on, the weights are judged by the harness's rule (when a window is full, its last half is kept). Neither
judging is counted, nor what happens before the first update, such as compiling.
"""

import itertools
import math
import statistics
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial

from benchmarks.processes import THREADS, Answer, Row, process
from benchmarks.update_race import COMPILED, NUMPY, TORCH, Case, training
from experiments.configuration import build
from experiments.configuration.build import composed
from numpygpt.data.batches import sample_batch
from numpygpt.streams import generator
from numpygpt.training import Engine, score_tokens

TARGET = 1.90
NANOGPT, OURS = "nanoGPT's recipe", "our recipe"
RECIPES = {
    NANOGPT: ("experiment=nanogpt_cpu",),
    OURS: ("tokenizer=char", "data.fallback=null", "budget=iters", "budget.iters=160"),
}
ENTRIES = ((NANOGPT, TORCH), (NANOGPT, COMPILED), (OURS, NUMPY), (OURS, TORCH), (OURS, COMPILED))
JUDGED = 0.8
SHARES = [k / 100 for k in (*range(5, 80, 5), *range(80, 101, 2))]


# --- in the process ---


def train(by: str, overrides: Sequence[str], updates: int) -> Answer:
    """Answers how many updates to do, and whether to judge then, with the seconds they took, and nats per token."""
    config = composed(*overrides)
    parts = build.corpus_parts(build.build_corpus(config.data), vars(config.data))
    tokenizer = build.build_tokenizer(config.tokenizer)
    tokenizer.train(parts[0].chunks())
    ids, judged_ids = (tokenizer.encode(part.text) for part in parts)
    case = Case(overrides, tokenizer.vocab_size)
    trained = training(by, case)
    schedule = build.build_schedule(config.optimizer, updates)
    shape = config.train.batch_size, config.model.block_size

    def gradients(step: int) -> None:
        float(trained.gradients(*sample_batch(ids, *shape, generator(config.seed, "data", step))))

    def nats() -> float:
        model = case.model()
        model.load_state_dict(trained.weights())
        with Engine(model, workers=THREADS) as engine:
            return float(score_tokens(engine, judged_ids).mean())

    for _ in range(2):
        gradients(0)  # whatever is compiled, allocated or started the first time
    steps = itertools.count()

    def answer(question: tuple[int, bool]) -> tuple[float, float | None]:
        n, judged = question
        started = time.perf_counter()
        for step in itertools.islice(steps, n):
            gradients(step)
            trained.step(schedule(step))
        seconds = time.perf_counter() - started
        return seconds, nats() if judged else None

    return answer


# --- the parent ---


@dataclass
class Racer:
    """A process that trains, what its updates took so far, and what its weights were worth when last judged."""

    recipe: str
    by: str
    updates: int
    ask: Answer
    done: int = 0
    seconds: float = 0.0
    nats: float = math.inf

    @property
    def has_arrived(self) -> bool:
        return self.nats <= TARGET

    def advance(self, share: float) -> None:
        """Train up to a share of the schedule, and from JUDGED on have the weights judged."""
        n, judged = round(share * self.updates) - self.done, share >= JUDGED
        if self.has_arrived or not (n or judged):
            return
        seconds, nats = self.ask((n, judged))
        self.seconds += seconds
        self.done += n
        if judged:
            self.nats = nats
            print(f"{self.by}, {self.recipe}: {nats:.3f} nats after {self.done} updates, "
                  f"{self.seconds:.1f} s", file=sys.stderr)  # fmt: skip


def race(peers: Sequence[str], seeds: int, recipes: Mapping[str, Sequence[str]] = RECIPES) -> list[Row]:
    """All rows of `benchmarks race`."""
    entries = [(recipe, by) for recipe, by in ENTRIES if by == NUMPY or by in peers]
    racers: list[Racer] = []
    for seed in range(1, seeds + 1):
        with ExitStack() as opened:
            field = []
            for recipe, by in entries:
                overrides = (*recipes[recipe], f"seed={seed}")
                updates = int(composed(*overrides).budget.amount)
                ask = opened.enter_context(process(partial(train, by, overrides, updates)))
                field.append(Racer(recipe, by, updates, ask))
            for share, racer in itertools.product(SHARES, field):
                racer.advance(share)
            racers += field
    return rows(racers)


def rows(racers: Sequence[Racer]) -> list[Row]:
    """A row per recipe and engine, with the mean over seeds of the seconds if every one arrived.

    ratio_to_torch: time relative to nanoGPT's recipe in PyTorch, eager or compiled, whichever is faster.
    """
    found: list[Row] = []
    for recipe, by in ENTRIES:
        if not (own := [racer for racer in racers if (racer.recipe, racer.by) == (recipe, by)]):
            continue
        seconds = [racer.seconds for racer in own if racer.has_arrived]
        found.append({
            "case": f"{recipe}, {own[0].updates:,} updates", "recipe": recipe, "by": by,
            "seconds": statistics.mean(seconds) if len(seconds) == len(own) else None,
            "seconds_by_seed": [racer.seconds if racer.has_arrived else None for racer in own],
            "updates": statistics.mean(racer.done for racer in own),
            "reached": f"{len(seconds)} of {len(own)}", "nats": statistics.mean(racer.nats for racer in own),
        })  # fmt: skip
    base = min((r["seconds"] for r in found if r["recipe"] == NANOGPT and r["seconds"]), default=None)
    for r in found:
        r["ratio_to_torch"] = r["seconds"] / base if base and r["seconds"] else None
    return found
