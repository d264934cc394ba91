"""Right answers to the exercises of docs/OPTIMIZERS.md pass, wrong ones do not."""

import importlib
import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[2] / "examples" / "exercises"))


def exercise(number):
    return importlib.import_module(f"optimizers_{number}")


def test_rmsprop(monkeypatch):
    module = exercise(1)

    def update(eps_inside):
        def change(self, p, g, state, decay, lr):
            (square,) = state
            square *= module.BETA
            square += (1 - module.BETA) * g * g
            root = np.sqrt(square + module.EPS) if eps_inside else np.sqrt(square) + module.EPS
            p -= lr * g / root

        return change

    monkeypatch.setattr(module.RMSProp, "update", update(eps_inside=False))
    assert module.check() == []
    monkeypatch.setattr(module.RMSProp, "update", update(eps_inside=True))
    assert "parameter 0 after step 1" in module.check()[0]


def test_root_decay(monkeypatch):
    module = exercise(2)

    def root_decay(power):
        def make(lr, warmup, cooldown, total):
            def rate(step):
                up = min(1.0, (step + 1) / warmup) if warmup else 1.0
                gone = min(1.0, max(0.0, 1 - (total - step) / cooldown))
                return lr * min(up, 1 - gone**power)

            return rate

        return make

    monkeypatch.setattr(module, "root_decay", root_decay(0.5))
    assert module.check() == []
    monkeypatch.setattr(module, "root_decay", root_decay(1))
    assert "the rate at step 21 is 0.75" in module.check()[0]


def test_lion(monkeypatch):
    module = exercise(3)

    def update(order):
        def change(self, p, g, state, decay, lr):
            (mean,) = state
            if order == "mean first":
                mean += (1 - module.BETA2) * (g - mean)
            direction = np.sign(module.BETA1 * mean + (1 - module.BETA1) * g)
            if decay:
                direction += module.DECAY * p
            p -= lr * direction
            if order == "mean last":
                mean += (1 - module.BETA2) * (g - mean)

        return change

    monkeypatch.setattr(module.Lion, "update", update("mean last"))
    assert module.check() == []
    for wrong in ("mean first", "never"):
        monkeypatch.setattr(module.Lion, "update", update(wrong))
        assert "after step 3" in module.check()[0]


def test_who_was_it(monkeypatch):
    module = exercise(4)
    right = dict(zip("ABCDE", ("Adam", "momentum", "AdamW", "SGD", "SGD with decay"), strict=True))
    monkeypatch.setattr(module, "ANSWER", right)
    assert len(module.table()) == 5
    assert module.check() == []
    monkeypatch.setattr(module, "ANSWER", right | {"A": "AdamW", "C": "Adam"})
    assert [sentence[:5] for sentence in module.check()] == ["A is ", "C is "]
    monkeypatch.setattr(module, "ANSWER", right | {"A": "Adm"})
    assert module.check() == ["'Adm' is none of SGD, SGD with decay, momentum, Adam, AdamW"]
