"""The GPT: sizes, causality, the first loss, and agreement with PyTorch (live, and from stored figures)."""

import importlib.util
import math
from pathlib import Path

import numpy as np
import pytest

from numpygpt.errors import UserError
from numpygpt.models import GPT, GPTConfig
from numpygpt.optim import AdamW, clip_grad_norm, warmup_cosine

GOLDEN = Path(__file__).parent.parent / "golden"
RECIPE = {
    **{"bias": False, "head_bias": False, "tied": True, "activation": "relu_squared", "positions": "rotary"},
    **{"norm": "rmsnorm", "qk_norm": True},
}
OPTIONS = [
    {},
    {"bias": False, "head_bias": False, "tied": True, "activation": "gelu"},
    {"activation": "leaky_relu", "head_bias": False},
    {"activation": "relu_squared", "positions": "rotary", "bias": False},
    {"norm": "rmsnorm", "bias": False},
    RECIPE,
]


@pytest.fixture
def torch_gpt():
    pytest.importorskip("torch")
    from benchmarks import torch_gpt

    return torch_gpt


@pytest.fixture
def make_golden():
    pytest.importorskip("torch")
    spec = importlib.util.spec_from_file_location("make_golden", GOLDEN / "make_golden.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def scattered(config, dtype, rng):
    """A model whose biases and gains are not all alike."""
    model = GPT(config, rng=rng, dtype=dtype)
    for parameter in model.parameters():
        parameter.data += rng.normal(0, 0.2, parameter.shape).astype(dtype)
    return model


@pytest.mark.parametrize(
    ("vocab_size", "total", "embedding"), [(69, 3_227_717, 68_165), (6_551, 6_552_983, 3_393_431)]
)
def test_reference_model_has_the_sizes_of_the_original(vocab_size, total, embedding, rng):
    model = GPT(GPTConfig(vocab_size, 128, 4, 4, 256), rng=rng)
    assert (model.n_params(), model.n_params_embedding()) == (total, embedding)


def test_a_tied_table_counts_once(rng):
    model = GPT(GPTConfig(65, 64, 4, 4, 128, bias=False, head_bias=False, tied=True), rng=rng)
    assert model.n_params_embedding() == (65 + 64) * 128
    assert model.n_params() == (65 + 64) * 128 + 4 * (12 * 128 * 128 + 2 * 128) + 128


@pytest.mark.parametrize("vocab_size", [69, 2048])
def test_the_first_loss_is_that_of_a_uniform_guess(vocab_size, rng):
    model = GPT(GPTConfig(vocab_size, 32, 4, 4, 64), rng=rng)
    nats = model.loss(rng.integers(0, vocab_size, (8, 32)), rng.integers(0, vocab_size, (8, 32)))
    assert abs(nats.mean() / math.log(vocab_size) - 1) < 0.02


def test_the_future_changes_no_earlier_logit(rng):
    model = scattered(GPTConfig(13, 80, 2, 3, 12), np.float64, rng)
    ids = rng.integers(0, 13, (2, 80))
    logits = model.forward(ids).copy()
    for t in (1, 40, 64, 79):
        changed = ids.copy()
        changed[:, t:] = (changed[:, t:] + 1) % 13
        np.testing.assert_array_equal(model.forward(changed)[:, :t], logits[:, :t])
        assert not np.allclose(model.forward(changed)[:, t:], logits[:, t:])


def test_children_follow_train_and_eval_and_weights_travel(rng):
    config = GPTConfig(13, 7, 2, 3, 12, dropout=0.1)
    model, other = GPT(config, rng=rng), GPT(config, rng=rng)
    model.eval()
    assert not any(module.training for _, module in model.named_modules())
    other.load_state_dict(model.state_dict())
    np.testing.assert_array_equal(other.flat.data, model.flat.data)
    with pytest.raises(UserError, match="another model"):
        other.load_state_dict({"x": np.zeros(3)})


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"n_head": 5}, "n_head=5 is not possible"),
        ({"activation": "swish"}, "relu"),
        ({"n_layer": 0}, "n_layer"),
        ({"dropout": 1.0}, "dropout"),
    ],
)
def test_impossible_shapes_are_refused(options, words, rng):
    with pytest.raises(UserError, match=words):
        GPT(GPTConfig(**({"vocab_size": 13, "n_embd": 12, "n_head": 3} | options)), rng=rng)
    with pytest.raises(UserError, match="block_size"):
        GPT(GPTConfig(13, 7, 1, 3, 12), rng=rng).forward(np.zeros((1, 8), int))


def compare(name, ours, theirs, tolerance):
    error = np.linalg.norm(ours - theirs) / max(np.linalg.norm(theirs), 1e-30)
    assert error <= tolerance, f"{name}: {error:.1e}"


def compare_gradients(model, theirs, tolerance):
    for name, parameter in model.named_parameters():
        ours, their = parameter.grad, theirs[name]
        if name.endswith(
            "qkv.bias"
        ):  # the keys' bias has the gradient zero: compare it with the whole's size
            C = len(ours) // 3
            assert np.abs(ours[C : 2 * C]).max() <= tolerance * np.linalg.norm(their)
            ours, their = np.delete(ours, np.s_[C : 2 * C]), np.delete(their, np.s_[C : 2 * C])
        compare(name, ours, their, tolerance)


@pytest.mark.parametrize("options", OPTIONS)
@pytest.mark.parametrize(("dtype", "tolerance"), [("float64", 1e-10), ("float32", 1e-5)])
def test_logits_and_gradients_equal_pytorchs(torch_gpt, options, dtype, tolerance, rng):
    import torch

    config = GPTConfig(13, 80, 2, 3, 24, **options)
    model = scattered(config, dtype, rng)
    other = torch_gpt.load(torch_gpt.TorchGPT(config).to(getattr(torch, dtype)), model.state_dict())
    x, y = rng.integers(0, 13, (3, 71)), rng.integers(0, 13, (3, 71))
    compare("logits", model.forward(x), other(torch.from_numpy(x)).detach().numpy(), tolerance)
    nats = model.loss(x, y)
    loss = other.loss(torch.from_numpy(x), torch.from_numpy(y))
    assert abs(nats.mean() / loss.item() - 1) < tolerance
    model.loss_backward(1 / y.size)
    loss.backward()
    theirs = {
        n: dict(other.named_parameters())[torch_gpt.torch_name(n)].grad.numpy() for n in model.state_dict()
    }
    compare_gradients(model, theirs, tolerance)


def ten_steps(model, x, y):
    optimizer = AdamW(model.flat.parameters, 0.0, betas=(0.9, 0.99), weight_decay=0.1)
    schedule = warmup_cosine(0.01, 0.001, 3, 10)
    losses = []
    for step in range(10):
        model.zero_grad()
        losses.append(float(model.loss(x, y).mean()))
        model.loss_backward(1 / y.size)
        model.flat.zero_unwritten()
        clip_grad_norm(model.flat.parameters, 0.5)
        optimizer.step(schedule(step))
    return losses


def test_ten_steps_equal_pytorchs(torch_gpt, make_golden, rng):
    config = GPTConfig(13, 7, 2, 3, 12)
    model = scattered(config, np.float64, rng)
    other = torch_gpt.load(torch_gpt.TorchGPT(config).double(), model.state_dict())
    x, y = rng.integers(0, 13, (3, 7)), rng.integers(0, 13, (3, 7))
    theirs = make_golden.ten_steps(other, x, y, warmup_cosine(0.01, 0.001, 3, 10), clip=0.5)
    np.testing.assert_allclose(ten_steps(model, x, y), theirs, rtol=1e-9)


def test_stored_figures_of_pytorch_are_met():
    golden = np.load(GOLDEN / "golden.npz")
    config = GPTConfig(vocab_size=13, block_size=7, n_layer=2, n_head=3, n_embd=12, activation="gelu")
    model = GPT(config, rng=np.random.default_rng(0), dtype=np.float64)
    model.load_state_dict({name: golden[f"weights/{name}"] for name in model.state_dict()})
    x, y = golden["x"], golden["y"]
    compare("logits", model.forward(x), golden["logits"], 1e-10)
    model.loss(x, y)
    model.loss_backward(1 / y.size)
    compare_gradients(model, {n: golden[f"gradients/{n}"] for n in model.state_dict()}, 1e-10)
    np.testing.assert_allclose(ten_steps(model, x, y), golden["losses"], rtol=1e-9)
