"""One implementation in a process of its own: `python -m experiments.benchmarks.workers IMPLEMENTATION CASE`.

Asked for n units of its work, it answers with the seconds of each, their losses if it trains, and its peak memory.
"""

import json
import os
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from experiments.benchmarks.processes import THREADS, answer_all
from experiments.configuration.build import build_model, build_optimizer, gpt_config
from experiments.configuration.compose import composed
from experiments.configuration.schema import RunConfig
from numpygpt.generation import generate
from numpygpt.machine import own_peak_mb
from numpygpt.models import GPT, GPTConfig, NoDraws
from numpygpt.optim import Optimizer, clip_factor
from numpygpt.training import Engine, score_tokens

PROMPT = 8  # tokens
ENGINES = ("numpy", "torch", "torch compiled", "torch.optim.Muon")
Unit = Callable[[], Any]


@dataclass(frozen=True)
class Case:
    """What is timed: a recipe, as overrides of the default one, with so many tokens in its vocabulary."""

    overrides: tuple[str, ...]
    vocab_size: int
    n_tokens: int = 500  # to generate, or to evaluate

    @property
    def config(self) -> RunConfig:
        return composed("tokenizer=char", *self.overrides)

    @property
    def shape(self) -> GPTConfig:
        return gpt_config(self.config.model, self.vocab_size, 1.0)

    @property
    def tokens_per_batch(self) -> int:
        return self.config.train.batch_size * self.shape.block_size

    def model(self) -> GPT:
        return build_model(self.config.model, 0, self.vocab_size, 1.0)

    def optimizer(self) -> Optimizer:
        return build_optimizer(self.config.optimizer, GPT(self.shape, rng=NoDraws()))


class NumpyTraining:
    """The harness's own engine and one of its optimizers."""

    def __init__(self, model: GPT, optimizer: Optimizer, clip: float | None) -> None:
        self.model, self.optimizer, self.clip, self.norm = model, optimizer, clip, 0.0
        self.engine = Engine(model, workers=THREADS).__enter__()

    def gradients(self, x: np.ndarray, y: np.ndarray) -> float:
        """The loss of a batch (B, T), whose gradients are ready for `step`."""
        loss, self.norm = self.engine.gradients([(x, y)])
        return loss

    def step(self, lr: float) -> None:
        """Clip the gradients and apply them."""
        self.engine.step(self.optimizer, lr, clip_factor(self.norm, self.clip))

    def weights(self) -> dict[str, np.ndarray]:
        return self.model.state_dict()


def training(engine: str, config: RunConfig, vocab_size: int) -> Any:
    """A NumpyTraining, or a TorchTraining that does the same, by a recipe; `engine` is one of ENGINES."""
    model = build_model(config.model, config.seed, vocab_size, 1.0)
    recipe = model, build_optimizer(config.optimizer, model), config.optimizer.grad_clip
    if engine == "numpy":
        return NumpyTraining(*recipe)
    from experiments.benchmarks.torch_training import TorchTraining

    return TorchTraining(*recipe, compiled=engine == "torch compiled", own_muon=engine == "torch.optim.Muon")


def train(case: Case, engine: str) -> Unit:
    """One update after another, on the same batch."""
    trained, rng = training(engine, case.config, case.vocab_size), np.random.default_rng(0)
    shape = case.config.train.batch_size, case.shape.block_size
    x, y = rng.integers(0, case.vocab_size, shape), rng.integers(0, case.vocab_size, shape)

    def update() -> float:
        loss = trained.gradients(x, y)
        trained.step(case.config.optimizer.lr)
        return float(loss)

    return update


def numpy_evaluate(case: Case) -> Unit:
    engine = Engine(case.model(), workers=THREADS).__enter__()
    ids = np.random.default_rng(0).integers(0, case.vocab_size, case.n_tokens)
    return lambda: score_tokens(engine, ids)


def numpy_generate(case: Case) -> Unit:
    model, prompt = case.model(), np.arange(PROMPT)[None]
    return lambda: list(generate(model, prompt, case.n_tokens, np.random.default_rng(0)))


def torch_generate(case: Case, cached: bool = True) -> Unit:
    import torch

    from experiments.benchmarks import torch_gpt

    torch.set_num_threads(THREADS)
    torch.manual_seed(0)
    model = torch_gpt.load(torch_gpt.TorchGPT(case.shape), case.model().state_dict()).eval()
    loop = torch_gpt.generate_with_cache if cached else torch_gpt.generate_without_cache
    return lambda: loop(model, list(range(PROMPT)), case.n_tokens, case.shape.block_size)


def matmul_peak(case: Case) -> Unit:
    """A product of large square matrices, 2 * 2048^3 operations, on NumPy's BLAS with all threads."""
    a, b = np.ones((2, 2048, 2048), np.float32)
    out = np.empty_like(a)
    return lambda: np.matmul(a, b, out=out)


WORK: dict[str, Callable[[Case], Unit]] = {
    **{f"{engine} train": partial(train, engine=engine) for engine in ENGINES},
    "numpy evaluate": numpy_evaluate,
    "numpy generate": numpy_generate,
    "torch generate": torch_generate,
    "torch without cache generate": lambda case: torch_generate(case, cached=False),
    "matmul peak": matmul_peak,
}


def report(unit: Unit, n: int) -> dict[str, Any]:
    """Do n units of work."""
    seconds, results = [], []
    for _ in range(n):
        started = time.perf_counter()
        results.append(unit())
        seconds.append(time.perf_counter() - started)
    losses = [r for r in results if isinstance(r, float)]
    return {"seconds": seconds, "losses": losses, "peak_mb": peak_mb()}


def peak_mb() -> float:
    """Peak resident memory in MiB, of this process and of the worker processes that it started.

    Memory that they share is counted once: with workers, it is the sum of proportional set sizes in the steady
    state, or this process's own peak if that is more.
    """
    children = Path(f"/proc/self/task/{os.getpid()}/children")
    if not children.exists():
        return own_peak_mb()
    family = ["self", *children.read_text().split()]
    return max(own_peak_mb(), sum(_proportional_mb(pid) for pid in family))


def _proportional_mb(pid: str) -> float:
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) / 1024
    return 0.0


if __name__ == "__main__":
    overrides, *sizes = json.loads(sys.argv[2])
    unit = WORK[sys.argv[1]](Case(tuple(overrides), *sizes))
    answer_all(lambda n: report(unit, n))
