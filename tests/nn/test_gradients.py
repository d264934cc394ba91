"""Every backward against central differences, in float64, with unequal sizes and weights of unit scale."""

import numpy as np
import pytest

from numpygpt import nn
from numpygpt.models import GPT, GPTConfig
from numpygpt.nn import functional as F
from numpygpt.nn.checking import central_differences

B, T, H, D = 2, 5, 3, 4
C = H * D
TOLERANCE = 1e-7  # of the gradient's norm


def assert_close(name, analytic, numeric):
    error = np.linalg.norm(analytic - numeric)
    assert error <= TOLERANCE * np.linalg.norm(numeric), f"{name}: {error / np.linalg.norm(numeric):.1e}"


def unit_scale(module, rng):
    for parameter in module.parameters():
        parameter.data[...] = rng.normal(size=parameter.shape)
    return module


LAYERS = {
    "linear": lambda rng: nn.Linear(C, 7, rng=rng, dtype=np.float64),
    "linear without bias": lambda rng: nn.Linear(C, 7, rng=rng, bias=False, dtype=np.float64),
    "positions": lambda rng: nn.PositionEmbedding(T + 3, C, rng=rng, dtype=np.float64),
    "layer norm": lambda rng: nn.LayerNorm(C, dtype=np.float64),
    "layer norm without bias": lambda rng: nn.LayerNorm(C, bias=False, dtype=np.float64),
    "RMS norm": lambda rng: nn.RMSNorm(),
    "relu": lambda rng: nn.ReLU(),
    "squared relu": lambda rng: nn.ReLUSquared(),
    "leaky relu": lambda rng: nn.LeakyReLU(0.1),
    "gelu": lambda rng: nn.GELU(),
    "attention": lambda rng: nn.MultiHeadAttention(C, H, rng=rng, dtype=np.float64),
    "attention without bias": lambda rng: nn.MultiHeadAttention(C, H, rng=rng, bias=False, dtype=np.float64),
    "attention with rotary positions": lambda rng: nn.MultiHeadAttention(
        C, H, rng=rng, bias=False, rotary=T, dtype=np.float64
    ),
    "attention with normalised queries and keys": lambda rng: nn.MultiHeadAttention(
        C, H, rng=rng, bias=False, rotary=T + 2, qk_norm=True, dtype=np.float64
    ),
    "feed-forward": lambda rng: nn.FeedForward(C, rng=rng, activation="gelu", dtype=np.float64),
    "block": lambda rng: nn.TransformerBlock(C, H, rng=rng, activation="gelu", dtype=np.float64),
    "block without bias": lambda rng: nn.TransformerBlock(C, H, rng=rng, bias=False, dtype=np.float64),
}


@pytest.mark.parametrize("name", LAYERS)
def test_layer_against_central_differences(name, rng):
    layer = unit_scale(LAYERS[name](rng), rng)
    for parameter in layer.parameters():
        if parameter.data.ndim == 2:  # the variance of a sum over the inputs stays 1
            parameter.data /= np.sqrt(parameter.shape[1])
    nn.check_gradients(layer, rng.normal(size=(B, T, C)), tolerance=TOLERANCE)
    if "attention" in name and layer.qkv.bias is not None:  # the keys' moves all scores of a row alike
        x = rng.normal(size=(B, T, C))
        layer.backward(np.ones_like(layer.forward(x)))
        assert np.abs(layer.qkv.bias.grad[C : 2 * C]).max() < 1e-9


def test_rotary_scores_depend_on_the_distance_alone(rng):
    """Su et al. 2021, equation 11: turned by t and by s, query and key meet at an angle of t - s."""
    q, k = rng.normal(size=(2, D))
    turns = F.rotations(9, 1, D, np.dtype(np.float64))[:, 0]
    scores = [float(F.rotary(q, turns[t])[0] @ F.rotary(k, turns[t - 3])[0]) for t in range(3, 9)]
    np.testing.assert_allclose(scores, scores[0])
    assert abs(scores[0] - q @ k) > 0.01


def test_queries_and_keys_of_unit_mean_square(rng):
    layer = nn.MultiHeadAttention(C, H, rng=rng, qk_norm=True, dtype=np.float64, std=5.0)
    layer.forward(rng.normal(size=(B, T, C)))
    _, k, *_ = layer.cache[0]
    np.testing.assert_allclose((k**2).mean(axis=-1), 1, rtol=1e-5)


@pytest.mark.parametrize("n_rows", [1, 2, 3, 5, 64])
@pytest.mark.parametrize("with_mask", [False, True])
def test_attention_in_blocks_of_any_size(n_rows, with_mask, rng):
    qkv = rng.normal(size=(B, T, 3, H, D))
    mask = F.dropout_mask((B, H, T, T), 0.3, rng, np.float64) if with_mask else None
    out, cache = F.causal_attention(qkv, mask, n_rows=n_rows)
    np.testing.assert_allclose(F.causal_attention(qkv, mask, n_rows=n_rows, first=2)[0], out[:, 2:])
    weights = rng.normal(size=out.shape)
    dqkv = F.causal_attention_backward(weights, cache)

    def loss():
        return float((F.causal_attention(qkv, mask, n_rows=n_rows)[0] * weights).sum())

    numeric = central_differences(loss, qkv)
    for i, name in enumerate(("queries", "keys", "values")):
        assert_close(name, dqkv[:, :, i], numeric[:, :, i])


def test_a_transposed_key_gradient_would_be_caught(rng):
    """The fault that this project's ancestor had: dK built from dscores instead of its transpose."""
    qkv = rng.normal(size=(B, T, 3, H, D))
    out, cache = F.causal_attention(qkv)
    weights = rng.normal(size=out.shape)
    dk = F.causal_attention_backward(weights, cache)[:, :, 1]
    q, k, v = (qkv[:, :, i].transpose(0, 2, 1, 3) for i in range(3))
    scores = q @ k.swapaxes(2, 3) / np.sqrt(D) + np.triu(np.full((T, T), -np.inf), 1)
    p, _ = F.softmax(scores)
    dscores = F.softmax_backward(weights.transpose(0, 2, 1, 3) @ v.swapaxes(2, 3), p)
    right = (dscores.swapaxes(2, 3) @ q / np.sqrt(D)).transpose(0, 2, 1, 3)
    wrong = (dscores @ q / np.sqrt(D)).transpose(0, 2, 1, 3)
    assert np.linalg.norm(dk - right) < 1e-12 * np.linalg.norm(right)
    assert np.linalg.norm(dk - wrong) > 0.1 * np.linalg.norm(right)


def test_softmax(rng):
    x, weights = rng.normal(size=(2, 5, 7))

    def loss():
        return float((F.softmax(x)[0] * weights).sum())

    assert_close("x", F.softmax_backward(weights, F.softmax(x)[1]), central_differences(loss, x))


def test_dropout_keeps_the_mean_and_its_gradient_is_its_mask(rng):
    layer = nn.Dropout(0.25, rng=np.random.default_rng(1))
    x = rng.normal(size=(200, 300)) + 3
    out = layer.forward(x)
    assert abs(out.mean() / x.mean() - 1) < 0.01
    assert abs((out == 0).mean() - 0.25) < 0.01
    dx = layer.backward(np.ones_like(x))
    np.testing.assert_allclose(dx, out / x, rtol=1e-14)
    assert layer.eval().forward(x) is x


def test_embedding_adds_up_repeated_ids(rng):
    layer = nn.Embedding(6, C, rng=rng, dtype=np.float64)
    ids = np.array([[0, 3, 3], [5, 3, 0]])
    dout = rng.normal(size=(2, 3, C))
    layer.forward(ids)
    layer.backward(dout)
    expected = np.zeros((6, C))
    np.add.at(expected, ids, dout)
    np.testing.assert_allclose(layer.weight.grad, expected, rtol=1e-14)


def test_cross_entropy(rng):
    logits, targets = rng.normal(size=(9, 11)) * 3, rng.integers(0, 11, 9)
    loss = nn.CrossEntropy()
    loss.forward(logits, targets)
    assert_close(
        "logits", loss.backward(), central_differences(lambda: loss.forward(logits, targets), logits)
    )


@pytest.mark.parametrize("bias", [True, False])
def test_head_and_loss_in_one(bias, rng):
    head = unit_scale(nn.Linear(C, 11, rng=rng, bias=bias, dtype=np.float64), rng)
    loss = nn.LinearCrossEntropy(head)
    x, targets = rng.normal(size=(B, T, C)), rng.integers(0, 11, (B, T))
    loss.forward(x, targets)
    dx = loss.backward(0.5)

    def total():
        return 0.5 * float(loss.forward(x, targets).sum())

    assert_close("x", dx, central_differences(total, x))
    for name, parameter in head.named_parameters():
        assert_close(name, parameter.grad, central_differences(total, parameter.data))


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"bias": False, "head_bias": False, "tied": True, "activation": "gelu"},
        {
            "bias": False,
            "tied": True,
            "norm": "rmsnorm",
            "positions": "rotary",
            "qk_norm": True,
            "activation": "relu_squared",
        },
    ],
)
def test_whole_model(options, rng):
    """Each parameter along one random direction: its entries, layer by layer, are checked above."""
    config = GPTConfig(vocab_size=7, block_size=6, n_layer=2, n_head=H, n_embd=C, **options)
    model = GPT(config, rng=rng, dtype=np.float64)
    for parameter in model.parameters():
        parameter.data[...] = rng.normal(size=parameter.shape) * (0.5 if parameter.decay else 1)
    ids, targets = rng.integers(0, 7, (B, T)), rng.integers(0, 7, (B, T))
    model.loss(ids, targets)
    model.loss_backward(1 / targets.size)

    def mean_nats():
        return float(model.loss(ids, targets).mean())

    for name, parameter in model.named_parameters():
        at, direction, along = parameter.data.copy(), rng.normal(size=parameter.shape), np.zeros(1)

        def moved(parameter=parameter, at=at, direction=direction, along=along):
            parameter.data[...] = at + along[0] * direction
            return mean_nats()

        if name.endswith("qkv.bias"):  # softmax ignores what every key has in common
            assert np.abs(parameter.grad[C : 2 * C]).max() < 1e-9
        analytic, numeric = np.vdot(parameter.grad, direction), central_differences(moved, along, step=3e-6)
        assert analytic == pytest.approx(numeric[0], rel=1e-6), name
        parameter.data[...] = at


def test_logits_and_fused_loss_give_the_same_gradients(rng):
    config = GPTConfig(vocab_size=7, block_size=6, n_layer=1, n_head=H, n_embd=C)
    model = GPT(config, rng=rng, dtype=np.float64)
    ids, targets = rng.integers(0, 7, (B, T)), rng.integers(0, 7, (B, T))
    loss = nn.CrossEntropy()
    value = loss.forward(model.forward(ids), targets)
    model.backward(loss.backward())
    model.flat.zero_unwritten()
    separate = model.flat.grad.copy()
    model.zero_grad()
    assert abs(model.loss(ids, targets).mean() - value) < 1e-14
    model.loss_backward(1 / targets.size)
    model.flat.zero_unwritten()
    np.testing.assert_allclose(model.flat.grad, separate, rtol=1e-10, atol=1e-16)
