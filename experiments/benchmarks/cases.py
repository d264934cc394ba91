"""What is timed: models and their training recipes, and how many operations their matrix products take."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from experiments.configuration.build import build_model, build_optimizer, composed, gpt_config
from experiments.configuration.schema import RunConfig
from numpygpt.models import GPT, GPTConfig, NoDraws
from numpygpt.optim import Optimizer


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

    @property
    def tokens_per_batch(self) -> int:
        return self.config.train.batch_size * self.shape.block_size

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
    return 3 * forward_operations(case, case.tokens_per_batch) + case.optimizer().flops()


def evaluate_operations(case: Case, n_tokens: int) -> float:
    """Windows overlap by half, so that a token passes twice, of which it is scored once.

    The other time neither the head is needed nor of the last block anything but keys and values.
    """
    c = case.shape
    spared = 2 * c.n_embd * (case.vocab_size + 10 * c.n_embd) + 4 * c.block_size * c.n_embd  # a token
    return 2 * forward_operations(case, n_tokens) - n_tokens * spared
