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


def test_who_was_it(monkeypatch):
    right = dict(zip("ABCDE", ("Adam", "momentum", "AdamW", "SGD", "SGD with decay"), strict=True))
    monkeypatch.setattr(optimizers, "ANSWER", right)
    assert len(optimizers.TRACKS) == 5
    assert optimizers.check_answer() == []
    monkeypatch.setattr(optimizers, "ANSWER", right | {"A": "AdamW", "C": "Adam"})
    assert [sentence[:5] for sentence in optimizers.check_answer()] == ["A is ", "C is "]
    monkeypatch.setattr(optimizers, "ANSWER", right | {"A": "Adm"})
    assert optimizers.check_answer() == ["'Adm' is none of SGD, SGD with decay, momentum, Adam, AdamW"]
