"""Works: training, evaluating, generating, by this project and by PyTorch; and a large product to measure with."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from experiments.benchmarks.cases import Case
from experiments.benchmarks.processes import THREADS, Answer, timed
from numpygpt.generation import generate
from numpygpt.models import GPT
from numpygpt.optim import Optimizer, clip_factor
from numpygpt.training import Engine, score_tokens

PROMPT = 8  # tokens
NUMPY = "numpy"
PEERS = TORCH, COMPILED, OWN_MUON = "PyTorch", "PyTorch compiled", "PyTorch, its own Muon"
PEAK_OPERATIONS = 2 * 2048**3  # of a unit of `matmul_peak`


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
    from experiments.benchmarks.torch_training import TorchTraining

    return TorchTraining(*recipe, compiled=by == COMPILED, own_muon=by == OWN_MUON)


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


def evaluate(overrides: Sequence[str], vocab_size: int, n_tokens: int) -> Answer:
    engine = Engine(Case(overrides, vocab_size).model(), workers=THREADS).__enter__()
    ids = np.random.default_rng(0).integers(0, vocab_size, n_tokens)
    return timed(lambda: lambda: score_tokens(engine, ids))


def numpy_generate(overrides: Sequence[str], vocab_size: int, rows: int, n_tokens: int) -> Answer:
    model, prompt = Case(overrides, vocab_size).model(), np.tile(np.arange(PROMPT), (rows, 1))
    return timed(lambda: lambda: list(generate(model, prompt, n_tokens, np.random.default_rng(0))))


def torch_generate(overrides: Sequence[str], vocab_size: int, rows: int, n_tokens: int) -> Answer:
    import torch

    from experiments.benchmarks import torch_gpt

    torch.set_num_threads(THREADS)
    case = Case(overrides, vocab_size)
    model = torch_gpt.load(torch_gpt.TorchGPT(case.shape), case.model().state_dict()).eval()
    prompt = torch.arange(PROMPT).expand(rows, -1)
    return timed(lambda: lambda: torch_gpt.generate(model, prompt, n_tokens, case.shape.block_size))


def matmul_peak() -> Answer:
    """A product of large square matrices, PEAK_OPERATIONS, on NumPy's BLAS with all threads."""
    a, b = np.ones((2, 2048, 2048), np.float32)
    out = np.empty_like(a)
    return timed(lambda: lambda: np.matmul(a, b, out=out), lambda product: None)
