"""Right answers to the exercises of docs/BACKPROP.md pass, wrong ones do not, and blanks say so."""

import importlib
import runpy
import sys
from pathlib import Path

import numpy as np
import pytest

EXERCISES = Path(__file__).parents[2] / "examples" / "exercises"
sys.path.insert(0, str(EXERCISES))


def used_twice(dout, cache):
    a, b = cache
    return dout * b + dout, dout * a


def broadcasting(dout, cache):
    x, scale, _ = cache
    return dout * scale, (dout * x).sum(axis=(0, 1)), dout.sum(axis=(0, 2))[:, None]


def rms_norm(dout, cache):
    xhat, r, gain = cache
    g = dout * gain
    return r * (g - xhat * (g * xhat).mean(axis=1, keepdims=True)), (dout * xhat).sum(axis=0)


def gate(dout, cache):
    a, b, s = cache
    return dout * b * (s + a * s * (1 - s)), dout * a * s


def attention(dout, cache):
    q, k, v, p = cache
    scale = 1 / np.sqrt(q.shape[1])
    dp = dout @ v.T
    dscores = p * (dp - (p * dp).sum(axis=1, keepdims=True))
    return dscores @ k * scale, dscores.T @ q * scale, p.T @ dout


ANSWERS = {1: used_twice, 2: broadcasting, 3: rms_norm, 4: gate, 5: attention}


def exercise(number):
    return importlib.import_module(f"backprop_{number}")


@pytest.mark.parametrize("number", ANSWERS)
def test_a_right_answer_passes_and_each_gradient_counts(number, monkeypatch):
    module, answer = exercise(number), ANSWERS[number]
    monkeypatch.setattr(module, "backward", answer)
    assert module.check() == []
    for i in range(len(answer(*blank(module)))):

        def one_off(dout, cache, i=i):
            gradients = list(answer(dout, cache))
            gradients[i] = gradients[i] * 1.001
            return tuple(gradients)

        monkeypatch.setattr(module, "backward", one_off)
        (sentence,) = module.check()
        assert "is off by 0.001 of its norm" in sentence


def blank(module):
    """A dout and a cache such as the exercise's own check makes."""
    seen = []

    def spy(dout, cache):
        seen.append((dout, cache))
        return dout

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "backward", spy)
        module.check()
    return seen[0]


def test_mistakes_of_form_are_named(monkeypatch):
    module = exercise(2)
    monkeypatch.setattr(module, "backward", lambda dout, cache: dout)
    assert "returns 1 gradients; it should return 3: x, scale, shift" in module.check()[0]
    monkeypatch.setattr(module, "backward", lambda dout, cache: (dout, dout, dout))
    assert any("dscale has shape (2, 3, 4); it must have its array's, (4,)" in s for s in module.check())


def differences(backward):
    """An answer to exercise 6: a test worth its name."""
    from numpygpt.nn import functional as F

    rng = np.random.default_rng(0)
    arrays = [rng.normal(size=size) for size in ((3, 5), 5, 5)]
    weights = rng.normal(size=(3, 5))
    found = backward(weights, F.layer_norm(*arrays)[1])
    checking = importlib.import_module("checking")
    return not any(
        checking._judge("", gradient, checking.central_differences(
            lambda: float((F.layer_norm(*arrays)[0] * weights).sum()), array, 1e-6))
        for gradient, array in zip(found, arrays, strict=True)
    )  # fmt: skip


def test_a_strong_test_passes_exercise_6_and_weak_ones_do_not(monkeypatch):
    module = exercise(6)
    monkeypatch.setattr(module, "is_right", differences)
    assert module.check() == []
    monkeypatch.setattr(module, "is_right", lambda backward: True)
    assert len(module.check()) == len(module.FAULTS)
    monkeypatch.setattr(module, "is_right", lambda backward: False)
    assert module.check() == ["the right backward is refused"]


@pytest.mark.parametrize("path", sorted(EXERCISES.glob("*_[0-9].py")), ids=lambda path: path.stem)
def test_every_exercise_starts_out_blank_and_says_so(path, capsys):
    with pytest.raises(SystemExit) as stop:
        runpy.run_path(str(path), run_name="__main__")
    assert stop.value.code == 2
    assert "Nothing here yet" in capsys.readouterr().out


def test_a_wrong_answer_is_told_and_its_exit_status_is_1(capsys):
    checking = importlib.import_module("checking")
    for wrong, status in ((["da is off"], 1), ([], 0)):
        with pytest.raises(SystemExit) as stop:
            checking.report(lambda wrong=wrong: wrong)
        assert stop.value.code == status
    assert capsys.readouterr().out == "Not yet: da is off.\nRight.\n"
