"""Tests of attention's backward that people write, from weak to strong, for wrong_key_gradient.py to try out."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from numpygpt.models import GPT, GPTConfig
from numpygpt.nn import functional as F
from numpygpt.nn.checking import central_differences
from numpygpt.nn.functional import Array
from numpygpt.optim import AdamW
from numpygpt.streams import generator


@dataclass(frozen=True)
class Probe:
    """Attention's key gradient against central differences, at one size (B, T, H, D) and scale.

    The loss is a sum of attention's output under random weights; with `mean`, divided by its number of entries.
    """

    B: int
    T: int
    H: int
    D: int
    scale: float = 1.0
    mean: bool = False

    def gradients(self) -> tuple[Array, Array]:
        """dk (B, T, H, D) of whatever backward is in force, and by central differences."""
        rng = np.random.default_rng(0)
        qkv = rng.normal(size=(self.B, self.T, 3, self.H, self.D)) * self.scale
        weights = rng.normal(size=(self.B, self.T, self.H, self.D))
        if self.mean:
            weights /= weights.size
        cache = F.causal_attention(qkv)[1]
        dk = F.causal_attention_backward(weights.copy(), cache)[:, :, 1]

        def loss() -> float:
            return float((F.causal_attention(qkv)[0] * weights).sum())

        return dk, central_differences(loss, qkv[:, :, 1])

    def error(self) -> float:
        """|dk - numeric| / |numeric|; where the true gradient is zero, the largest entry of dk."""
        dk, numeric = self.gradients()
        norm = np.linalg.norm(numeric)
        return float(np.linalg.norm(dk - numeric) / norm) if norm else float(np.abs(dk).max())


def small_gpt(dtype: str = "float32") -> GPT:
    shape = GPTConfig(vocab_size=20, block_size=16, n_layer=2, n_head=2, n_embd=32)
    return GPT(shape, rng=generator(0, "init"), dtype=dtype)


def random_batch() -> tuple[Array, Array]:
    ids = np.random.default_rng(0).integers(0, 20, (4, 17))
    return ids[:, :-1], ids[:, 1:]


def loss_and_gradient(model: GPT, x: Array, y: Array) -> tuple[float, Array]:
    """Mean nats, and their gradient as one vector (n_params,)."""
    model.zero_grad()
    nats = float(model.loss(x, y).mean())
    model.loss_backward(1 / y.size)
    model.flat.zero_unwritten()
    return nats, model.flat.grad.copy()


def slope_error(unit_scale: bool) -> float:
    """Along its own direction a gradient g must rise by |g|: by how much, in units of |g|, it does not.

    unit_scale: with weights so large that attention is sharp, else as they are drawn for training.
    """
    model, (x, y) = small_gpt("float64"), random_batch()
    if unit_scale:
        rng = np.random.default_rng(1)
        for p in model.parameters():
            p.data[...] = rng.normal(size=p.shape)
    gradient = loss_and_gradient(model, x, y)[1]
    norm, place, ends = np.linalg.norm(gradient), model.flat.data.copy(), []
    for h in (1e-5, -1e-5):
        model.flat.data[:] = place + h * gradient / norm
        ends.append(float(model.loss(x, y).mean()))
    return float(abs((ends[0] - ends[1]) / 2e-5 / norm - 1))


def shapes_agree() -> bool:
    qkv = np.random.default_rng(0).normal(size=(2, 5, 3, 3, 4))
    out, cache = F.causal_attention(qkv)
    dqkv = F.causal_attention_backward(np.ones_like(out), cache)
    return dqkv.shape == qkv.shape and bool(np.isfinite(dqkv).all())


def a_step_downhill_helps() -> bool:
    model, (x, y) = small_gpt(), random_batch()
    before, gradient = loss_and_gradient(model, x, y)
    model.flat.data -= 0.1 * gradient
    return loss_and_gradient(model, x, y)[0] < before


def one_batch_is_learned_by_heart() -> bool:
    model, (x, y) = small_gpt(), random_batch()
    optimizer = AdamW(model.flat.parameters, 1e-2)
    for _ in range(150):
        nats, _ = loss_and_gradient(model, x, y)
        optimizer.step()
    return nats < 0.05


TINY = Probe(2, 4, 3, 4, scale=0.02, mean=True)  # weights as drawn, a mean over the batch
STRONG = Probe(2, 5, 3, 4)

TESTS: dict[str, Callable[[], bool]] = {
    "the shapes agree and all is finite": shapes_agree,
    "a step against the gradient lowers the loss": a_step_downhill_helps,
    "one batch is learned by heart (loss below 0.05)": one_batch_is_learned_by_heart,
    "the slope along the gradient, fresh weights, to 1 %": lambda: slope_error(unit_scale=False) < 0.01,
    "differences with one position (T = 1), to 1e-6": lambda: Probe(2, 1, 3, 4).error() < 1e-6,
    "differences with one head of size one (H = D = 1), to 1e-6": lambda: Probe(2, 5, 1, 1).error() < 1e-6,
    "differences at weight scale 0.02, atol=1e-5": lambda: np.allclose(*TINY.gradients(), 1e-3, 1e-5),
    "the slope along the gradient, unit weights, to 1 %": lambda: slope_error(unit_scale=True) < 0.01,
    "differences where T = D and H = 1, unit scale, to 1e-6": lambda: Probe(2, 4, 1, 4).error() < 1e-6,
    "differences, unequal B, T, H, D, unit scale, to 1e-6": lambda: STRONG.error() < 1e-6,
}
