"""The race to a loss: who races is judged alike, and both engines train by the same recipe."""

import numpy as np
import pytest

from experiments import benchmark
from experiments.benchmarks import loss_race, table, workers
from experiments.configuration.build import build_model, build_optimizer, build_schedule
from experiments.configuration.compose import composed

TINY = (
    "model.n_layer=1",
    "model.n_embd=16",
    "model.n_head=2",
    "model.block_size=16",
    "optimizer.warmup_ratio=0.1",
)


@pytest.mark.parametrize("overrides", loss_race.RECIPES.values(), ids=loss_race.RECIPES)
@pytest.mark.parametrize("own_muon", [False, True])
def test_both_engines_train_by_the_same_recipe(overrides, own_muon, rng, monkeypatch):
    torch = pytest.importorskip("torch", reason="compares with PyTorch, which is not installed")
    if own_muon and not hasattr(torch.optim, "Muon"):
        pytest.skip("this PyTorch has no Muon")
    from experiments.benchmarks import torch_training

    for module in (workers, torch_training):
        monkeypatch.setattr(module, "THREADS", 1)
    config = composed(*overrides, *TINY)
    models = [build_model(config.model, 1, 30, 1.0) for _ in range(2)]
    start = {name: array.copy() for name, array in models[0].state_dict().items()}
    mine, yours = (build_optimizer(config.optimizer, model) for model in models)
    ours = workers.NumpyTraining(models[0], mine, 0.5)
    theirs = torch_training.TorchTraining(models[1], yours, 0.5, own_muon=own_muon)
    schedule = build_schedule(config.optimizer, 8)
    try:
        for step in range(8):
            x, y = rng.integers(0, 30, (2, 4, 16))
            losses = ours.gradients(x, y), float(theirs.gradients(x, y))
            assert losses[0] == pytest.approx(losses[1], rel=2e-3 if own_muon else 1e-4)
            ours.step(schedule(step))
            theirs.step(schedule(step))
    finally:
        ours.engine.__exit__()
    weights = theirs.weights()
    for name, array in ours.weights().items():
        moved = np.abs(array - start[name]).max()
        assert moved > 0
        np.testing.assert_allclose(
            array, weights[name], rtol=0, atol=(0.2 if own_muon else 0.02) * moved, err_msg=name
        )


@pytest.fixture
def tiny_race(tmp_path, monkeypatch):
    """A race of two tiny recipes over a small text, that is over at the first look."""
    text = tmp_path / "text.txt"
    text.write_text("The cat sat on the mat. Nobody sat there: only a bat!\n" * 40)
    data = ("data=file", f"data.path={text}")
    monkeypatch.setattr(
        loss_race,
        "RECIPES",
        {
            loss_race.NANOGPT: ("experiment=nanogpt_cpu", *data, "budget.iters=10", *TINY),
            loss_race.OURS: ("tokenizer=char", *data, *TINY),
        },
    )
    monkeypatch.setattr(loss_race, "TARGET", 9.0)
    return monkeypatch


def test_a_tiny_race(tiny_race, capsys):
    rows = loss_race.race(1, 20, with_torch=False)
    table.show("race", rows)
    assert [row["implementation"] for row in rows] == ["numpy"]
    assert rows[0]["updates"] == 16  # the first look, at 80 % of the schedule
    assert rows[0]["seconds"] == rows[0]["seconds_by_seed"][0] > 0
    assert 1 < rows[0]["nats"] < 9
    assert rows[0]["ratio_to_torch"] is None
    assert "our recipe" in capsys.readouterr().out


def racer(recipe, engine, seed, seconds, nats):
    made = loss_race.Racer.__new__(loss_race.Racer)
    made.entry = loss_race.Entry(recipe, (), engine, seed, 100)
    made.seconds, made.nats, made.done = seconds, nats, 90
    return made


def test_times_are_relative_to_the_faster_of_pytorchs_and_only_of_those_that_arrived():
    ours, theirs = loss_race.OURS, loss_race.NANOGPT
    rows = loss_race.rows(
        [
            racer(theirs, "torch", 1, 80.0, 1.89),
            racer(theirs, "torch compiled", 1, 100.0, 1.9),
            racer(ours, "numpy", 1, 20.0, 1.9),
            racer(ours, "torch", 1, 10.0, 1.9),
            racer(theirs, "torch", 2, 80.0, 1.89),
            racer(theirs, "torch compiled", 2, 80.0, 1.9),
            racer(ours, "numpy", 2, 12.0, 1.8),
            racer(ours, "torch", 2, 10.0, 1.901),
        ]
    )
    assert [row["ratio_to_torch"] for row in rows] == [1.0, 90 / 80, 16 / 80, None]
    assert [row["reached"] for row in rows] == ["2 of 2", "2 of 2", "2 of 2", "1 of 2"]
    assert rows[3]["seconds"] is None
    assert rows[3]["seconds_by_seed"] == [10.0, None]


@pytest.mark.parametrize("option", ["--seeds", "--updates"])
def test_a_race_of_nothing_is_refused(option, capsys):
    assert benchmark.main(["race", option, "0"]) == 2
    assert option in capsys.readouterr().err


def test_a_race_without_its_text_is_refused(tiny_race, capsys, tmp_path):
    missing = ("data=file", f"data.path={tmp_path / 'nothing.txt'}")
    tiny_race.setattr(loss_race, "RECIPES", {name: (*r, *missing) for name, r in loss_race.RECIPES.items()})
    assert benchmark.main(["race", "--against", "none"]) == 2
    assert "nothing.txt" in capsys.readouterr().err
