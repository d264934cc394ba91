"""What is timed: recipes, the operations of their matrix products, and their work, by this project and by PyTorch.

The works, which begin with `train`, are what processes do.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from experiments.benchmarks.processes import THREADS, Answer, timed
from experiments.configuration.build import build_model, build_optimizer, composed, gpt_config
from experiments.configuration.schema import RunConfig
from numpygpt.generation import generate
from numpygpt.models import GPT, GPTConfig, NoDraws
from numpygpt.optim import Optimizer, clip_factor
from numpygpt.training import Engine, score_tokens

PROMPT = 8  # tokens
NUMPY = "numpy"
PEERS = TORCH, COMPILED, OWN_MUON = "PyTorch", "PyTorch compiled", "PyTorch, its own Muon"
PEAK_OPERATIONS = 2 * 2048**3  # of a unit of `matmul_peak`


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


def forward_operations(case: Case, n_tokens: int) -> float:
    """Matrix-product operations of a forward: 2 per weight of a matrix and token, and attention's two products.

    Attention is counted whole, as usual, though its causal half need not be computed.
    """
    c = case.shape
    weights = 12 * c.n_layer * c.n_embd**2 + c.n_embd * c.vocab_size
    return float(n_tokens) * (2 * weights + 4 * c.n_layer * c.block_size * c.n_embd)


def train_operations(case: Case) -> float:
    """A backward has two products for each one of the forward; the optimizer may have some of its own."""
    n_tokens = case.config.train.batch_size * case.shape.block_size
    return 3 * forward_operations(case, n_tokens) + case.optimizer().flops()


def evaluate_operations(case: Case, n_tokens: int) -> float:
    """Windows overlap by half, so that a token passes twice, of which it is scored once.

    The other time neither the head is needed nor of the last block anything but keys and values.
    """
    c = case.shape
    spared = 2 * c.n_embd * (case.vocab_size + 10 * c.n_embd) + 4 * c.block_size * c.n_embd  # a token
    return 2 * forward_operations(case, n_tokens) - n_tokens * spared


# --- the works, and what trains in them ---


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
