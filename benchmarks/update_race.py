"""Training by this project and by PyTorch: recipes, the operations of their matrix products, updates in turns."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any

import numpy as np

from benchmarks.processes import THREADS, Answer, Row, Timings, in_turns, row, timed
from experiments.configuration.build import build_model, build_optimizer, composed, gpt_config
from experiments.configuration.schema import RunConfig
from experiments.runner.budget import flops_per_update
from numpygpt.models import GPT, GPTConfig, NoDraws
from numpygpt.optim import Optimizer, clip_factor
from numpygpt.training import Engine

NUMPY = "numpy"
PEERS = TORCH, COMPILED = "PyTorch", "PyTorch compiled"
PEAK, PEAK_OPERATIONS = "peak", 2 * 2048**3  # of a unit of `matmul_peak`


@dataclass(frozen=True)
class Case:
    """A recipe, as overrides of the default one, with so many tokens in its vocabulary."""

    overrides: Sequence[str]
    vocab_size: int

    @cached_property
    def config(self) -> RunConfig:
        return composed("tokenizer=char", *self.overrides)

    @property
    def shape(self) -> GPTConfig:
        return gpt_config(self.config.model, self.vocab_size, 1.0)

    def model(self) -> GPT:
        """With the weights that training starts from."""
        return build_model(self.config.model, self.config.seed, self.vocab_size, 1.0)

    def optimizer(self, model: GPT | None = None) -> Optimizer:
        return build_optimizer(self.config.optimizer, model or GPT(self.shape, rng=NoDraws()))


REFERENCE = ("model=reference", "optimizer=adamw", "train.batch_size=16")  # the original experiment's sizes
CASES = {
    "default, char": Case((), 65),
    "default, bpe": Case((), 2048),
    "nanogpt, char": Case(("model=nanogpt", "optimizer=adamw"), 65),
    "reference, V=69": Case(REFERENCE, 69),
    "reference, V=6551": Case(REFERENCE, 6551),
}


def train_operations(case: Case) -> int:
    """Of an update's matrix products."""
    return flops_per_update(case.config, case.shape, case.optimizer())


# --- in the process ---


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


def training(by: str, case: Case) -> Any:
    """A NumpyTraining, or the same in PyTorch; `by` is NUMPY or one of PEERS."""
    model = case.model()
    recipe = model, case.optimizer(model), case.config.optimizer.grad_clip
    if by == NUMPY:
        return NumpyTraining(*recipe)
    from benchmarks.torch_training import TorchTraining

    return TorchTraining(*recipe, compiled=by == COMPILED)


def train(by: str, overrides: Sequence[str], vocab_size: int) -> Answer:
    """One update after another, on the same batch; a unit's result is its loss."""
    case = Case(overrides, vocab_size)
    trained, lr = training(by, case), case.config.optimizer.lr
    shape = 2, case.config.train.batch_size, case.shape.block_size
    x, y = np.random.default_rng(0).integers(0, vocab_size, shape)

    def update() -> float:
        loss = trained.gradients(x, y)
        trained.step(lr)
        return float(loss)

    return timed(lambda: update, float)


def matmul_peak() -> Answer:
    """A product of large square matrices, PEAK_OPERATIONS, on NumPy's BLAS with all threads."""
    a, b = np.ones((2, 2048, 2048), np.float32)
    out = np.empty_like(a)
    return timed(lambda: lambda: np.matmul(a, b, out=out), lambda product: None)


# --- the parent ---


def race(peers: Sequence[str], rounds: int, cases: Mapping[str, Case] = CASES) -> list[Row]:
    """The rows of `benchmarks train`. share_of_peak: of the rate of a large product, which takes its turn, too."""
    rows = []
    for name, case in cases.items():
        tasks = {by: partial(train, by, case.overrides, case.vocab_size) for by in (NUMPY, *peers)}
        found = in_turns({**tasks, PEAK: partial(matmul_peak)}, rounds, units=5, warm_up=3)
        floor = train_operations(case) / PEAK_OPERATIONS * found.pop(PEAK).median
        check_losses(name, found)
        for by, timings in found.items():
            own = row(name, by, timings) | {"share_of_peak": floor / timings.median}
            for key, peer in (("ratio_to_eager", TORCH), ("ratio_to_compiled", COMPILED)):
                own[key] = timings.median / found[peer].median if peer in found else None
            own["relative_memory"] = timings.peak_mb / found[TORCH].peak_mb if TORCH in found else None
            rows.append(own)
    return rows


def check_losses(name: str, found: Mapping[str, Timings]) -> None:
    """All have the same start and the same batch: SystemExit unless their first ten losses agree."""
    for by, timings in found.items():
        pairs = list(zip(found[NUMPY].results, timings.results, strict=True))[:10]
        if (worst := max(abs(a - b) / abs(a) for a, b in pairs)) > 2e-3:
            raise SystemExit(f"{name}: the losses of {by} differ from ours by {worst:.1e}; not the same work")
