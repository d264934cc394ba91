"""Right answers to the exercises of docs/OPTIMIZERS.md pass, wrong ones do not."""

import numpy as np
import optimizers


def test_rmsprop(monkeypatch):
    def update(eps_inside):
        def change(self, p, g, state, decay, lr):
            (square,) = state
            square *= 0.9
            square += 0.1 * g * g
            root = np.sqrt(square + 1e-8) if eps_inside else np.sqrt(square) + 1e-8
            p -= lr * g / root

        return change

    monkeypatch.setattr(optimizers.RMSProp, "update", update(eps_inside=False))
    assert optimizers.check_rmsprop() == []
    monkeypatch.setattr(optimizers.RMSProp, "update", update(eps_inside=True))
    assert "parameter 0 after step 1" in optimizers.check_rmsprop()[0]


def test_root_decay(monkeypatch):
    def root_decay(power):
        def make(lr, warmup, cooldown, total):
            def rate(step):
                up = min(1.0, (step + 1) / warmup) if warmup else 1.0
                gone = min(1.0, max(0.0, 1 - (total - step) / cooldown))
                return lr * min(up, 1 - gone**power)

            return rate

        return make

    monkeypatch.setattr(optimizers, "root_decay", root_decay(0.5))
    assert optimizers.check_root_decay() == []
    monkeypatch.setattr(optimizers, "root_decay", root_decay(1))
    assert "the rate at step 21 is 0.75" in optimizers.check_root_decay()[0]


def test_lion(monkeypatch):
    def update(order):
        def change(self, p, g, state, decay, lr):
            (mean,) = state
            if order == "mean first":
                mean += 0.01 * (g - mean)
            direction = np.sign(0.9 * mean + 0.1 * g)
            if decay:
                direction += 0.1 * p
            p -= lr * direction
            if order == "mean last":
                mean += 0.01 * (g - mean)

        return change

    monkeypatch.setattr(optimizers.Lion, "update", update("mean last"))
    assert optimizers.check_lion() == []
    for wrong in ("mean first", "never"):
        monkeypatch.setattr(optimizers.Lion, "update", update(wrong))
        assert "after step 3" in optimizers.check_lion()[0]


def test_who_was_it(monkeypatch):
    right = dict(zip("ABCDE", ("Adam", "momentum", "AdamW", "SGD", "SGD with decay"), strict=True))
    monkeypatch.setattr(optimizers, "ANSWER", right)
    assert len(optimizers.TRACKS) == 5
    assert optimizers.check_answer() == []
    monkeypatch.setattr(optimizers, "ANSWER", right | {"A": "AdamW", "C": "Adam"})
    assert [sentence[:5] for sentence in optimizers.check_answer()] == ["A is ", "C is "]
    monkeypatch.setattr(optimizers, "ANSWER", right | {"A": "Adm"})
    assert optimizers.check_answer() == ["'Adm' is none of SGD, SGD with decay, momentum, Adam, AdamW"]
