"""One update through the optimizer that run.py builds reaches every weight, with any number of workers."""

import numpy as np
import pytest

from experiments.configuration.build import build_optimizer
from experiments.configuration.schema import OptimizerConfig
from numpygpt.models import GPT, GPTConfig
from numpygpt.optim import Adam
from numpygpt.streams import generator
from numpygpt.training import Engine


def update_once(workers: int) -> tuple[np.ndarray, np.ndarray]:
    """The weights of nanoGPT's CPU shape before and after one update with decay."""
    shape = GPTConfig(66, 64, 4, 4, 128, "gelu", bias=False, head_bias=False, tied=True)
    model = GPT(shape, rng=generator(1, "init"))
    optimizer = build_optimizer(OptimizerConfig(kind="adamw", weight_decay=0.1), model)
    ids = generator(1, "data").integers(0, 66, (4, 65))
    before = model.flat.data.copy()
    with Engine(model, 2, workers) as engine:
        engine.gradients([(ids[:, :-1], ids[:, 1:])])
        engine.step(optimizer, 1e-2)
    return before, model.flat.data


def test_every_weight_moves_and_alike_with_two_workers():
    before, after = update_once(1)
    assert not np.any(before == after)
    np.testing.assert_array_equal(after, update_once(2)[1])


def test_an_optimizer_of_another_list_is_refused():
    model = GPT(GPTConfig(66, 8, 1, 1, 8), rng=generator(1, "init"))
    with Engine(model, 1, 1) as engine, pytest.raises(ValueError, match="flat"):
        engine.step(Adam(model.parameters(), 1e-3), 1e-3)
