"""One implementation in a process of its own: `python -m experiments.benchmarks.workers IMPLEMENTATION CASE`.

Asked for n units of its work, it answers with the seconds of each, their losses if it trains, and its peak memory.
"""

import json
import os
import resource
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from experiments.benchmarks.processes import CLIP, THREADS, answer_all
from numpygpt.generation import generate
from numpygpt.models import GPT, GPTConfig
from numpygpt.optim import OPTIMIZERS, Optimizer, clip_factor
from numpygpt.streams import generator
from numpygpt.training import Engine, score_tokens

PROMPT = 8  # tokens
Unit = Callable[[], Any]


@dataclass(frozen=True)
class Case:
    """A model and a batch of it: what is timed."""

    model: dict[str, Any]  # fields of GPTConfig
    batch_size: int
    n_tokens: int = 500  # to generate, or to evaluate
    optimizer: dict[str, Any] = field(default_factory=lambda: {"kind": "adamw", "lr": 3e-4})

    @property
    def config(self) -> GPTConfig:
        return GPTConfig(**self.model)

    @property
    def tokens_per_batch(self) -> int:
        return self.batch_size * self.config.block_size

    def batch(self) -> tuple[np.ndarray, np.ndarray]:
        rng = np.random.default_rng(0)
        shape = (self.batch_size, self.config.block_size)
        return rng.integers(0, self.config.vocab_size, shape), rng.integers(0, self.config.vocab_size, shape)


def numpy_model(case: Case) -> GPT:
    return GPT(case.config, rng=generator(0, "init"))


def numpy_optimizer(case: Case, model: GPT) -> Optimizer:
    settings = dict(case.optimizer)
    return OPTIMIZERS[settings.pop("kind")](model.flat.parameters, **settings)


class NumpyTraining:
    """The harness's own engine and one of its optimizers."""

    def __init__(self, model: GPT, optimizer: Optimizer, clip: float | None = CLIP) -> None:
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


def updates(training: Any, case: Case) -> Unit:
    """One update after another, on the same batch."""
    x, y = case.batch()

    def update() -> float:
        loss = training.gradients(x, y)
        training.step(case.optimizer["lr"])
        return float(loss)

    return update


def numpy_train(case: Case) -> Unit:
    model = numpy_model(case)
    return updates(NumpyTraining(model, numpy_optimizer(case, model)), case)


def numpy_evaluate(case: Case) -> Unit:
    engine = Engine(numpy_model(case), workers=THREADS).__enter__()
    ids = np.random.default_rng(0).integers(0, case.config.vocab_size, case.n_tokens)
    return lambda: score_tokens(engine, ids)


def numpy_generate(case: Case) -> Unit:
    model, prompt = numpy_model(case), np.arange(PROMPT)[None]
    return lambda: list(generate(model, prompt, case.n_tokens, np.random.default_rng(0)))


def torch_model(case: Case) -> Any:
    import torch

    from experiments.benchmarks.torch_gpt import TorchGPT, load

    torch.set_num_threads(THREADS)
    torch.manual_seed(0)
    return load(TorchGPT(case.config), numpy_model(case).state_dict())


def torch_train(case: Case, **options: bool) -> Unit:
    from experiments.benchmarks.torch_training import TorchTraining

    model = numpy_model(case)
    return updates(TorchTraining(model, numpy_optimizer(case, model), **options), case)


def torch_generate(case: Case, cached: bool = True) -> Unit:
    from experiments.benchmarks import torch_gpt

    model = torch_model(case).eval()
    loop = torch_gpt.generate_with_cache if cached else torch_gpt.generate_without_cache
    return lambda: loop(model, list(range(PROMPT)), case.n_tokens, case.config.block_size)


def matmul_peak(case: Case) -> Unit:
    """A product of large square matrices, 2 * 2048^3 operations, on NumPy's BLAS with all threads."""
    a, b = np.ones((2, 2048, 2048), np.float32)
    out = np.empty_like(a)
    return lambda: np.matmul(a, b, out=out)


WORK: dict[str, Callable[[Case], Unit]] = {
    "numpy train": numpy_train,
    "numpy evaluate": numpy_evaluate,
    "numpy generate": numpy_generate,
    "torch train": torch_train,
    "torch compiled train": lambda case: torch_train(case, compiled=True),
    "torch.optim.Muon train": lambda case: torch_train(case, own_muon=True),
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
    unit = 1024 * 1024 if sys.platform == "darwin" else 1024
    own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit
    children = Path(f"/proc/self/task/{os.getpid()}/children")
    if not children.exists():
        return own
    family = ["self", *children.read_text().split()]
    return max(own, sum(_proportional_mb(pid) for pid in family))


def _proportional_mb(pid: str) -> float:
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) / 1024
    return 0.0


def describe(case: Case) -> str:
    return json.dumps(asdict(case))


if __name__ == "__main__":
    unit = WORK[sys.argv[1]](Case(**json.loads(sys.argv[2])))
    answer_all(lambda n: report(unit, n))
