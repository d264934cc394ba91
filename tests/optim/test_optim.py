"""Optimizers, clipping and schedules against PyTorch's, and against their own definitions."""

import numpy as np
import pytest

from numpygpt.errors import UserError
from numpygpt.nn import Parameter
from numpygpt.optim import (
    SGD,
    Adam,
    AdamW,
    Muon,
    clip_factor,
    clip_grad_norm,
    constant,
    step_decay,
    warmup_cosine,
    warmup_stable_decay,
)
from numpygpt.optim.muon import QUINTIC, orthogonalised

SHAPES = [(7, 5), (5,), (300, 250)]  # a matrix, a vector, and a matrix of more than one stretch

CASES = {
    "sgd": (SGD, "SGD", {}, {}),
    "momentum": (SGD, "SGD", {"momentum": 0.9}, {"momentum": 0.9}),
    "nesterov": (SGD, "SGD", {"momentum": 0.9, "nesterov": True}, {"momentum": 0.9, "nesterov": True}),
    "sgd with decay": (SGD, "SGD", {"momentum": 0.5, "weight_decay": 0.1}, {"momentum": 0.5}),
    "adam": (Adam, "Adam", {}, {}),
    "adam with decay": (Adam, "Adam", {"weight_decay": 0.1}, {}),
    "adamw": (AdamW, "AdamW", {"weight_decay": 0.1, "betas": (0.8, 0.95)}, {"betas": (0.8, 0.95)}),
    "adamw without decay": (AdamW, "AdamW", {}, {}),
}


@pytest.mark.parametrize("name", CASES)
def test_steps_equal_pytorchs(name, rng):
    torch = pytest.importorskip("torch")
    ours_class, their_name, ours, theirs = CASES[name]
    decay = ours.get("weight_decay", 0.0)
    arrays = [rng.normal(size=shape) for shape in SHAPES]
    mine = [Parameter(a.copy()) for a in arrays]
    other = [torch.tensor(a, requires_grad=True) for a in arrays]
    groups = [{"params": [p], "weight_decay": decay if p.ndim >= 2 else 0.0} for p in other]
    optimizer, their_optimizer = (
        ours_class(mine, 0.01, **ours),
        getattr(torch.optim, their_name)(groups, 0.01, **theirs),
    )
    for step in range(6):
        for p, q in zip(mine, other, strict=True):
            g = rng.normal(size=p.shape)
            p.zero_grad()
            p.add_grad(g)
            q.grad = torch.tensor(g)
        if step % 2:
            norm = clip_grad_norm(mine, 3.0)
            assert abs(norm - float(torch.nn.utils.clip_grad_norm_(other, 3.0))) < 1e-10
        lr = 0.01 * (step + 1)
        for group in their_optimizer.param_groups:
            group["lr"] = lr
        optimizer.step(lr)
        their_optimizer.step()
        for p, q in zip(mine, other, strict=True):
            np.testing.assert_allclose(p.data, q.detach().numpy(), rtol=1e-12, atol=1e-14)


MATRICES = [(24, 8, 3), (8, 8, 1), (32, 8, 1), (8, 32, 1)]  # rows, columns, and how many matrices they are


def muon_beside(rng, theirs, dtype, lr, steps=4):
    """Parameters after updates by our Muon and by `theirs(torch parameters, lr)`, which gets one matrix each."""
    torch = pytest.importorskip("torch", reason="compares with PyTorch, which is not installed")
    arrays = [rng.normal(size=(rows, columns)).astype(dtype) for rows, columns, _ in MATRICES]
    mine = [Parameter(a.copy(), n) for a, (_, _, n) in zip(arrays, MATRICES, strict=True)]
    other = [
        [torch.tensor(part, requires_grad=True) for part in np.split(a, n)]
        for a, (_, _, n) in zip(arrays, MATRICES, strict=True)
    ]
    ours = Muon(mine, lr, embedding_lr=0.1, weight_decay=0.1)
    optimizer = theirs([q for parts in other for q in parts], lr)
    for _ in range(steps):
        for p, parts in zip(mine, other, strict=True):
            g = rng.normal(size=p.shape).astype(dtype)
            p.zero_grad()
            p.add_grad(g)
            for q, part in zip(parts, np.split(g, len(parts)), strict=True):
                q.grad = torch.tensor(part)
        ours.step()
        optimizer.step()
    return [
        (p.data, np.concatenate([q.detach().numpy() for q in parts]))
        for p, parts in zip(mine, other, strict=True)
    ]


@pytest.mark.parametrize(("dtype", "tolerance"), [("float64", 1e-12), ("float32", 1e-5)])
def test_muon_equals_the_same_formula_in_pytorch(dtype, tolerance, rng):
    pytest.importorskip("torch", reason="compares with PyTorch, which is not installed")
    from benchmarks.torch_gpt import TorchMuon

    def theirs(parameters, lr):
        return TorchMuon([(q, 1) for q in parameters], lr, weight_decay=0.1)

    for ours, other in muon_beside(rng, theirs, dtype, 0.02):
        np.testing.assert_allclose(ours, other, atol=tolerance)


def test_muon_agrees_with_pytorch_s_own_which_iterates_in_bfloat16(rng):
    torch = pytest.importorskip("torch", reason="compares with PyTorch, which is not installed")
    if not hasattr(torch.optim, "Muon"):
        pytest.skip("this PyTorch has no Muon")

    def theirs(parameters, lr):
        return torch.optim.Muon(parameters, lr, weight_decay=0.1, momentum=0.95)

    for ours, other in muon_beside(rng, theirs, "float32", 0.02):
        np.testing.assert_allclose(ours, other, atol=4 * 0.02 * 2 * 2**-7)  # 4 updates of 8 bits


@pytest.mark.parametrize("shape", [(9, 9), (40, 10), (10, 40)])
def test_orthogonalised_keeps_directions_and_evens_out_their_lengths(shape, rng):
    u, s, vt = np.linalg.svd(rng.normal(size=shape), full_matrices=False)
    s = np.geomspace(1, 0.02, len(s))
    found = orthogonalised((u * s) @ vt)
    lengths = np.diag(u.T @ found @ vt.T)
    assert ((lengths > 0.6) & (lengths < 1.3)).all()  # what Jordan et al. 2024 accept
    np.testing.assert_allclose(u.T @ found @ vt.T, np.diag(lengths), atol=1e-9)
    plain = s / np.linalg.norm(s)  # the iteration acts on each singular value alone
    for a, b, c in QUINTIC:
        plain = a * plain + b * plain**3 + c * plain**5
    np.testing.assert_allclose(lengths, plain, rtol=1e-6)


def test_muon_leaves_tables_and_vectors_to_adamw(rng):
    def make(optimizer_class, *arguments, **options):
        parameters = [Parameter(np.ones((6, 4))), Parameter(np.ones(4))]
        for number, p in enumerate(parameters):
            p.add_grad(np.arange(p.data.size, dtype=float).reshape(p.shape) - number)
        optimizer_class(parameters, *arguments, weight_decay=0.1, **options).step()
        return parameters

    pairs = zip(
        make(Muon, 0.02, embedding_lr=3e-3, betas=(0.9, 0.95)),
        make(AdamW, 3e-3, betas=(0.9, 0.95)),
        strict=True,
    )
    for ours, adamw in pairs:
        np.testing.assert_array_equal(ours.data, adamw.data)


def test_a_gradient_of_zero_moves_no_matrix():
    p = Parameter(np.ones((4, 4), np.float32), 1)
    Muon([p], 0.1, embedding_lr=0.1).step()
    np.testing.assert_array_equal(p.data, 1)


def test_scaling_on_the_way_equals_clipping_first(rng):
    a, b = Parameter(rng.normal(size=(9, 9))), Parameter(np.zeros((9, 9)))
    b.data[...] = a.data
    for p in (a, b):
        p.add_grad(np.full((9, 9), 2.0))
    norm = clip_grad_norm([a], 1.0)
    AdamW([a], 0.1).step()
    AdamW([b], 0.1).step(grad_scale=clip_factor(norm, 1.0))
    np.testing.assert_allclose(a.data, b.data, rtol=1e-14)
    assert clip_factor(0.5, 1.0) == clip_factor(99.0, None) == 1.0


def test_state_travels(rng):
    def make():
        p = Parameter(np.ones((3, 3)))
        return p, AdamW([p], 0.1)

    (p, first), (q, second) = make(), make()
    p.add_grad(np.full((3, 3), 0.5))
    first.step()
    second.load_state_dict({k: v.copy() for k, v in first.state_dict().items()}, first.n_steps)
    q.data[...] = p.data
    q.add_grad(np.full((3, 3), 0.5))
    first.step()
    second.step()
    np.testing.assert_array_equal(p.data, q.data)


def test_schedules_equal_pytorchs():
    torch = pytest.importorskip("torch")
    schedulers = torch.optim.lr_scheduler
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], 1.0)
    cosine = schedulers.SequentialLR(
        optimizer,
        [
            schedulers.LinearLR(optimizer, 1 / 10, 1.0, 9),  # 10 steps from lr / 10 to lr
            schedulers.CosineAnnealingLR(optimizer, 90, eta_min=0.1),
        ],
        milestones=[10],
    )
    ours = warmup_cosine(1.0, 0.1, 10, 100)
    for step in range(100):
        assert abs(ours(step) - optimizer.param_groups[0]["lr"]) < 1e-12, step
        optimizer.step()
        cosine.step()
    decay = schedulers.StepLR(torch.optim.SGD([torch.zeros(1, requires_grad=True)], 1.0), 7, 0.5)
    for step in range(30):
        assert abs(step_decay(1.0, 7, 0.5)(step) - decay.get_last_lr()[0]) < 1e-12
        decay.optimizer.step()
        decay.step()


def test_warm_up_stable_decay():
    rate = warmup_stable_decay(2.0, 0.0, warmup=4, decay=10, total=20)
    assert [rate(s) for s in (0, 3, 4, 10, 15, 19, 20, 30)] == pytest.approx([0.5, 2, 2, 2, 1, 0.2, 0, 0])
    line = warmup_stable_decay(1.0, 0.5, warmup=0, decay=10, total=10)
    assert [line(s) for s in (0, 5, 10)] == pytest.approx([1, 0.75, 0.5])
    with pytest.raises(UserError, match="decay"):
        warmup_stable_decay(1.0, 0.0, warmup=5, decay=6, total=10)


def test_schedules_at_their_corners():
    rate = warmup_cosine(1.0, 0.1, 10, 100)
    assert (rate(0), rate(9), rate(10)) == (0.1, 1.0, 1.0)
    assert abs(rate(55) - 0.55) < 1e-12
    assert rate(100) == rate(10**6) == pytest.approx(0.1)
    assert constant(0.3)(5) == 0.3
    assert warmup_cosine(1.0, 0.1, 0, 1)(0) == 1.0
    with pytest.raises(UserError, match="warmup"):
        warmup_cosine(1.0, 0.1, 11, 10)


@pytest.mark.parametrize(("make", "words"), [(lambda: SGD([], 1, nesterov=True), "momentum"),
                                             (lambda: SGD([], 1, momentum=1.0), "momentum"),
                                             (lambda: SGD([], -1), "lr"),
                                             (lambda: Muon([], 0, embedding_lr=1), "lr"),
                                             (lambda: SGD([], float("nan")), "lr"),
                                             (lambda: SGD([], 1, weight_decay=-1), "weight_decay"),
                                             (lambda: Adam([], 1, eps=0), "eps"),
                                             (lambda: Muon([], 1, embedding_lr=-1), "embedding_lr"),
                                             (lambda: constant(1, -1), "warmup"),
                                             (lambda: step_decay(1, 0, 0.5), "step_size"),
                                             (lambda: warmup_stable_decay(1, 0, 2, 9, 10), "warmup"),
                                             (lambda: Adam([], 1, betas=(0.9, 1.0)), "betas")])  # fmt: skip
def test_impossible_settings_are_refused(make, words):
    with pytest.raises(UserError, match=words):
        make()
