"""A module at a prompt: what it prints, what it refuses, and what the checker of gradients finds."""

import numpy as np
import pytest

from numpygpt import nn
from numpygpt.errors import UserError
from numpygpt.models import GPT, GPTConfig


@pytest.fixture
def layers(rng) -> dict[str, nn.Module]:
    """One of each layer that takes (B, T, 4)."""
    return {
        "Linear": nn.Linear(4, 3, rng=rng),
        "LayerNorm": nn.LayerNorm(4),
        "PositionEmbedding": nn.PositionEmbedding(5, 4, rng=rng),
        "MultiHeadAttention": nn.MultiHeadAttention(4, 2, rng=rng),
        "FeedForward": nn.FeedForward(4, rng=rng),
        "TransformerBlock": nn.TransformerBlock(4, 2, rng=rng),
        "GELU": nn.GELU(),
        "Dropout": nn.Dropout(0.0),
    }


def test_a_model_prints_its_layers_and_shapes_shortly(rng):
    config = GPTConfig(vocab_size=7, block_size=6, n_layer=5, n_head=2, n_embd=4, tied=True, dropout=0.1)
    page = repr(GPT(config, rng=rng))
    assert len(page.splitlines()) < 25
    for shown in (
        *("GPT(", "tokens: Embedding(weight (7, 4))", "blocks: 5 x TransformerBlock(", "n_head=2"),
        *("qkv: Linear(weight (12, 4), bias (12,))", "head: Linear(weight (7, 4) shared", "Dropout(p=0.1)"),
    ):
        assert shown in page
    assert repr(nn.Linear(3, 2, rng=rng, bias=False)) == "Linear(weight (2, 3))"


def test_layers_that_differ_are_printed_apart(rng):
    class Stack(nn.Module):
        def __init__(self) -> None:
            self.layers = [nn.Linear(size, 2, rng=rng) for size in (3, 3, 4)]

    assert [line.strip().split("(")[0] for line in repr(Stack()).splitlines()[1:]] == [
        "layers: 2 x Linear",
        "layers: Linear",
    ]


def test_backward_needs_a_forward_each_time(layers):
    x = np.ones((2, 3, 4), np.float32)
    for name, layer in layers.items():
        for _ in range(2):
            with pytest.raises(UserError, match=f"^{name}.backward needs a forward"):
                layer.backward(x)
            layer.backward(np.ones_like(layer.forward(x.copy())))


def test_losses_and_the_model_need_a_forward_too(rng):
    model = GPT(GPTConfig(vocab_size=7, block_size=6, n_layer=1, n_head=2, n_embd=4), rng=rng)
    for backward, given in (
        (model.backward, [np.ones((1, 2, 7), np.float32)]),
        (model.loss_backward, [1.0]),
        (nn.CrossEntropy().backward, []),
    ):
        with pytest.raises(UserError, match="needs a forward"):
            backward(*given)


def test_the_checker_finds_the_worst_gradient_and_leaves_the_layer_alone(rng):
    class Forgetful(nn.TransformerBlock):
        def backward(self, dout):
            dx = super().backward(dout)
            self.ff.fc.bias.add_grad(0.5 * self.ff.fc.bias.grad)
            return dx

    layer, x = Forgetful(4, 2, rng=rng, dropout=0.2), rng.normal(size=(2, 3, 4))
    before = layer.ff.fc.bias.data.copy(), x.copy()
    with pytest.raises(nn.WrongGradient, match=r"gradient of ff\.fc\.bias is off by 5\.0e-01") as found:
        nn.check_gradients(layer, x)
    assert found.value.worst.name == "ff.fc.bias"
    np.testing.assert_array_equal(layer.ff.fc.bias.data, before[0])
    np.testing.assert_array_equal(x, before[1])
    assert layer.ff.fc.bias.data.dtype == np.float32
    assert not layer.ff.fc.bias.grad.any()


@pytest.mark.parametrize(
    "fault", [lambda dx: 0.999 * dx, lambda dx: dx[0], lambda dx: None, lambda dx: np.nan * dx]
)
def test_the_checker_finds_a_wrong_dx(fault, rng):
    class Wrong(nn.Linear):
        def backward(self, dout):
            return fault(super().backward(dout))

    with pytest.raises(nn.WrongGradient, match="gradient of x"):
        nn.check_gradients(Wrong(3, 2, rng=rng), rng.normal(size=(4, 3)))


def test_the_checker_passes_every_layer_and_ids_too(layers, rng):
    for layer in layers.values():
        assert nn.check_gradients(layer, rng.normal(size=(2, 3, 4)).astype(np.float32)).error <= 1e-7
    assert nn.check_gradients(nn.Embedding(6, 3, rng=rng), np.array([[0, 2, 2]])).name == "weight"
    assert nn.check_gradients(nn.RMSNorm(), np.ones((3, 1))).error <= 1e-7
    assert nn.check_gradients(nn.Dropout(0.5), rng.normal(size=(4, 5))).error <= 1e-7
