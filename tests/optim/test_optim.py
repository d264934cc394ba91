"""Optimizers, clipping and schedules against PyTorch's, and against their own definitions."""

import numpy as np
import pytest

from numpygpt.errors import UserError
from numpygpt.nn import Parameter
from numpygpt.optim import SGD, Adam, AdamW, clip_factor, clip_grad_norm, constant, step_decay, warmup_cosine

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


def test_schedules_at_their_corners():
    rate = warmup_cosine(1.0, 0.1, 10, 100)
    assert (rate(0), rate(9), rate(10)) == (0.1, 1.0, 1.0)
    assert abs(rate(55) - 0.55) < 1e-12
    assert rate(100) == rate(10**6) == pytest.approx(0.1)
    assert constant(0.3)(5) == 0.3
    assert warmup_cosine(1.0, 0.1, 0, 1)(0) == 1.0
    with pytest.raises(UserError, match="warm-up"):
        warmup_cosine(1.0, 0.1, 11, 10)


@pytest.mark.parametrize(("make", "words"), [(lambda: SGD([], 1, nesterov=True), "momentum"),
                                             (lambda: SGD([], 1, momentum=1.0), "momentum"),
                                             (lambda: Adam([], 1, betas=(0.9, 1.0)), "betas")])  # fmt: skip
def test_impossible_settings_are_refused(make, words):
    with pytest.raises(UserError, match=words):
        make()
