"""The race to a loss: who races is judged alike, and both engines train by the same recipe."""

import numpy as np
import pytest

from benchmarks import loss_race, update_race
from benchmarks.loss_race import Racer
from benchmarks.update_race import Case
from experiments.configuration.build import build_schedule

TINY = (
    "model.n_layer=1",
    "model.n_embd=16",
    "model.n_head=2",
    "model.block_size=16",
    "optimizer.warmup_ratio=0.1",
)


@pytest.mark.parametrize("overrides", loss_race.RECIPES.values(), ids=loss_race.RECIPES)
def test_both_engines_train_by_the_same_recipe(overrides, rng, monkeypatch):
    pytest.importorskip("torch", reason="compares with PyTorch, which is not installed")
    from benchmarks import torch_training

    for module in (update_race, torch_training):
        monkeypatch.setattr(module, "THREADS", 1)
    case = Case((*overrides, *TINY, "optimizer.grad_clip=0.5"), 30)
    config, start = case.config, case.model().state_dict()
    ours, theirs = (
        update_race.training(update_race.NUMPY, case),
        update_race.training(update_race.TORCH, case),
    )
    schedule = build_schedule(config.optimizer, 8)
    try:
        for step in range(8):
            x, y = rng.integers(0, 30, (2, 4, 16))
            losses = ours.gradients(x, y), float(theirs.gradients(x, y))
            assert losses[0] == pytest.approx(losses[1], rel=1e-4)
            ours.step(schedule(step))
            theirs.step(schedule(step))
    finally:
        ours.engine.__exit__()
    weights = theirs.weights()
    for name, array in ours.weights().items():
        moved = np.abs(array - start[name]).max()
        assert moved > 0
        np.testing.assert_allclose(array, weights[name], rtol=0, atol=0.02 * moved, err_msg=name)


def test_a_tiny_race(tmp_path, monkeypatch, capsys):
    """Over a small text, that is over at the first look."""
    text = tmp_path / "text.txt"
    text.write_text("The cat sat on the mat. Nobody sat there: only a bat!\n" * 40)
    ours = ("tokenizer=char", "data=file", f"data.path={text}", "budget=iters", "budget.iters=20", *TINY)
    monkeypatch.setattr(loss_race, "TARGET", 9.0)
    (row,) = loss_race.race((), 1, {loss_race.OURS: ours})
    assert row["by"] == "numpy"
    assert row["updates"] == 16  # the first look, at 80 % of the schedule
    assert row["seconds"] == row["seconds_by_seed"][0] > 0
    assert 1 < row["nats"] < 9
    assert row["ratio_to_torch"] is None
    assert "nats after 16 updates" in capsys.readouterr().err


def racer(recipe, by, seconds, nats):
    return Racer(recipe, by, 100, ask=None, done=90, seconds=seconds, nats=nats)


def test_times_are_relative_to_the_faster_of_pytorchs_and_only_of_those_that_arrived():
    ours, theirs = loss_race.OURS, loss_race.NANOGPT
    rows = loss_race.rows(
        [
            racer(theirs, update_race.TORCH, 80.0, 1.89),
            racer(theirs, update_race.COMPILED, 100.0, 1.9),
            racer(ours, update_race.NUMPY, 20.0, 1.9),
            racer(ours, update_race.TORCH, 10.0, 1.9),
            racer(theirs, update_race.TORCH, 80.0, 1.89),
            racer(theirs, update_race.COMPILED, 80.0, 1.9),
            racer(ours, update_race.NUMPY, 12.0, 1.8),
            racer(ours, update_race.TORCH, 10.0, 1.901),
        ]
    )
    assert [row["ratio_to_torch"] for row in rows] == [1.0, 90 / 80, 16 / 80, None]
    assert [row["reached"] for row in rows] == ["2 of 2", "2 of 2", "2 of 2", "1 of 2"]
    assert rows[3]["seconds"] is None
    assert rows[3]["seconds_by_seed"] == [10.0, None]
