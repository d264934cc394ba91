"""Right answers to the exercises of docs/BACKPROP.md pass, wrong ones do not, and blanks say so."""

import runpy
import sys
from pathlib import Path

import backprop
import checking
import numpy as np
import pytest

EXERCISES = Path(__file__).parents[2] / "examples" / "exercises"


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


def attention(dout, cache):
    q, k, v, p = cache
    scale = 1 / np.sqrt(q.shape[1])
    dp = dout @ v.T
    dscores = p * (dp - (p * dp).sum(axis=1, keepdims=True))
    return dscores @ k * scale, dscores.T @ q * scale, p.T @ dout


ANSWERS = {
    "twice": used_twice,
    "broadcast": broadcasting,
    "rms_norm": rms_norm,
    "attention": attention,
}


def judged(monkeypatch, name, answer):
    monkeypatch.setattr(backprop, f"{name}_backward", answer)
    return getattr(backprop, f"check_{name}")()


@pytest.mark.parametrize("name", ANSWERS)
def test_a_right_answer_passes_and_each_gradient_counts(name, monkeypatch):
    n_gradients = []

    def right(dout, cache):
        gradients = ANSWERS[name](dout, cache)
        n_gradients.append(len(gradients))
        return gradients

    assert judged(monkeypatch, name, right) == []
    for i in range(n_gradients[0]):

        def one_off(dout, cache, i=i):
            gradients = list(ANSWERS[name](dout, cache))
            gradients[i] = gradients[i] * 1.001
            return tuple(gradients)

        (sentence,) = judged(monkeypatch, name, one_off)
        assert "is off by 0.001 of its norm" in sentence


def test_mistakes_of_form_are_named(monkeypatch):
    (sentence,) = judged(monkeypatch, "broadcast", lambda dout, cache: dout)
    assert "returns 1 gradients; it should return 3: x, scale, shift" in sentence
    sentences = judged(monkeypatch, "broadcast", lambda dout, cache: (dout, dout, dout))
    assert any("dscale has shape (2, 3, 4); it must have its array's, (4,)" in s for s in sentences)


def differences(backward):
    """An answer to exercise 5: a test worth its name."""
    from numpygpt.nn import functional as F

    rng = np.random.default_rng(0)
    arrays = [rng.normal(size=size) for size in ((3, 5), 5, 5)]
    weights = rng.normal(size=(3, 5))
    found = backward(weights, F.layer_norm(*arrays)[1])
    return not any(
        checking._judge("", gradient, checking.central_differences(
            lambda: float((F.layer_norm(*arrays)[0] * weights).sum()), array, 1e-6))
        for gradient, array in zip(found, arrays, strict=True)
    )  # fmt: skip


def test_a_strong_test_passes_exercise_5_and_weak_ones_do_not(monkeypatch):
    monkeypatch.setattr(backprop, "is_right", differences)
    assert backprop.check_is_right() == []
    monkeypatch.setattr(backprop, "is_right", lambda backward: True)
    assert len(backprop.check_is_right()) == len(backprop.FAULTS)
    monkeypatch.setattr(backprop, "is_right", lambda backward: False)
    assert backprop.check_is_right() == ["the right backward is refused"]


NUMBERS = {"backprop": range(1, 6), "metrics": range(1, 3), "optimizers": range(1, 3), "tokens": range(7, 8)}


@pytest.mark.parametrize(
    ("name", "number"), [(name, n) for name, numbers in NUMBERS.items() for n in numbers]
)
def test_every_exercise_starts_out_blank_and_says_so(name, number, capsys, monkeypatch):
    monkeypatch.setattr(sys, "argv", [f"{name}.py", str(number)])
    with pytest.raises(SystemExit) as stop:
        runpy.run_path(str(EXERCISES / f"{name}.py"), run_name="__main__")
    assert stop.value.code == 2
    assert "Nothing here yet" in capsys.readouterr().out


def test_the_numbers_are_those_of_the_essays_and_no_file_is_without():
    assert {path.stem for path in EXERCISES.glob("*.py")} == {"checking", *NUMBERS}
    essays = "".join(
        path.read_text(encoding="utf-8") for path in (EXERCISES.parents[1] / "docs").glob("*.md")
    )
    for name, numbers in NUMBERS.items():
        told = [f"python examples/exercises/{name}.py {number}" in essays for number in range(10)]
        assert told == [number in numbers for number in range(10)]


@pytest.mark.parametrize(
    ("number", "wrong", "status", "said"),
    [
        ("2", ["da is off"], 1, "Not yet: da is off.\n"),
        ("2", [], 0, "Right.\n"),
        ("3", [], 2, "Which exercise? Type its number behind the command: 1, 2.\n"),
    ],
)
def test_an_answer_is_judged_in_words_and_by_the_exit_status(
    number, wrong, status, said, capsys, monkeypatch
):
    monkeypatch.setattr(sys, "argv", ["backprop.py", number])
    with pytest.raises(SystemExit) as stop:
        checking.report(lambda: ["another exercise"], lambda: wrong)
    assert stop.value.code == status
    assert capsys.readouterr().out == said
