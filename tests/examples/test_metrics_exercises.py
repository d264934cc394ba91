"""Right answers to the exercises of docs/METRICS.md pass, wrong ones are told what is wrong."""

import importlib
import math
import re
import sys
from pathlib import Path

import numpy as np
import pytest
from making import records
from scipy.special import stdtrit

from analysis.inference.pairs import Outcome

EXERCISES = Path(__file__).parents[2] / "examples" / "exercises"
sys.path.insert(0, str(EXERCISES))


def exercise(number):
    return importlib.import_module(f"metrics_{number}")


def judged(monkeypatch, number, name, answer):
    """What the exercise's check says of an answer."""
    module = exercise(number)
    monkeypatch.setattr(module, name, answer)
    return module.check()


# --- 1: the exchange ---


def exchange(nats, n_tokens, n_bytes, residual):
    return (nats / math.log(2) * n_tokens + residual) / n_bytes


def test_the_exchange(monkeypatch):
    assert len(exercise(1).runs()) >= 20
    assert judged(monkeypatch, 1, "bits_per_byte", exchange) == []


@pytest.mark.parametrize(
    ("wrong", "hint"),
    [
        (lambda nats, n, size, rest: (nats * n + rest) / size, "a nat is"),
        (lambda nats, n, size, rest: nats * n / size, "a nat is"),
        (lambda nats, n, size, rest: nats / math.log(2), "needs 2.*not"),
        (lambda nats, n, size, rest: exchange(nats, n, size, 0) * 1.001, "needs .*not"),
    ],
)
def test_a_wrong_exchange(monkeypatch, wrong, hint):
    (sentence,) = judged(monkeypatch, 1, "bits_per_byte", wrong)
    assert re.search(hint, sentence)


def test_an_exchange_without_the_residual_is_told_so(monkeypatch):
    without = lambda nats, n, size, rest: exchange(nats, n, size, 0)  # noqa: E731
    module = exercise(1)
    lossy = [run for run in module.runs() if run["tokenizer"] == "word"]
    monkeypatch.setattr(module, "runs", lambda: lossy)
    (sentence,) = judged(monkeypatch, 1, "bits_per_byte", without)
    assert sentence.endswith("that is without the residual")


# --- 2: floor and ceiling ---


def floors_and_ceilings(a, b):
    return "a" if a.ceiling < b.floor else "b" if b.ceiling < a.floor else "depends"


def test_floor_and_ceiling(monkeypatch):
    assert judged(monkeypatch, 2, "verdict", floors_and_ceilings) == []


@pytest.mark.parametrize(
    "wrong",
    [
        lambda a, b: "a" if a.ceiling < b.ceiling else "b",
        lambda a, b: "a" if a.floor < b.floor else "b",
        lambda a, b: "a" if a.floor + a.ceiling < b.floor + b.ceiling else "b",
        lambda a, b: "depends",
        lambda a, b: (
            "a"
            if a.floor < b.floor and a.ceiling < b.ceiling
            else "b"
            if b.ceiling < a.ceiling
            else "depends"
        ),
    ],
)
def test_every_shorter_rule_fails(monkeypatch, wrong):
    assert judged(monkeypatch, 2, "verdict", wrong)


def test_the_rule_is_that_of_the_report():
    kept = records.study("quick-text").comparison
    sides = {c.label: exercise(2).Side(c.floors.mean(), c.totals.mean()) for c in kept.scores}
    assert len(kept.conclusion.verdicts) >= 3
    for found in kept.conclusion.verdicts:
        if found.outcome is Outcome.BETTER and "char" not in (found.a, found.b):  # char loses next to nothing
            assert floors_and_ceilings(sides[found.a], sides[found.b]) == "a"


# --- 3: the doubt of the seeds ---


def seeds_answer(ddof=1, t=True, factor=None):
    def interval(a, b):
        ea, eb = a.var(ddof=ddof) / len(a), b.var(ddof=ddof) / len(b)
        df = (ea + eb) ** 2 / (ea**2 / (len(a) - 1) + eb**2 / (len(b) - 1))
        reach = factor if factor is not None else stdtrit(df, 0.975)
        return a.mean() - b.mean(), reach * math.sqrt(ea + eb)

    return interval


def test_the_doubt_of_the_seeds(monkeypatch):
    assert judged(monkeypatch, 3, "interval", seeds_answer()) == []


@pytest.mark.parametrize(
    ("wrong", "hint"),
    [
        (seeds_answer(ddof=0), "divided by n - 1"),
        (seeds_answer(factor=1.96), "t reaches further"),
        (seeds_answer(factor=1.0), "one standard error"),
        (lambda a, b: (b.mean() - a.mean(), 1.0), "the difference of 5 and 5 seeds is 0"),
    ],
)
def test_a_wrong_doubt_of_the_seeds(monkeypatch, wrong, hint):
    (sentence,) = judged(monkeypatch, 3, "interval", wrong)
    assert hint in sentence


# --- 4: the doubt of the text ---


def adjacent(a, b, size):
    value = (a - b).sum() / size.sum()
    left = a - b - value * size
    return value, np.corrcoef(left[1:], left[:-1])[0, 1]


def of_bits(a, b, size):
    return adjacent(a, b, size)[0], np.corrcoef((a - b)[1:], (a - b)[:-1])[0, 1]


def test_the_doubt_of_the_text(monkeypatch):
    assert judged(monkeypatch, 4, "neighbours", adjacent) == []


@pytest.mark.parametrize(
    ("wrong", "hint"),
    [
        (lambda a, b, size: (((a - b) / size).mean(), 0.5), "a short one counts like a long one"),
        (of_bits, "the one of bits"),
        (lambda *x: (adjacent(*x)[0], 1.0), "the correlation is 1.0"),
    ],
)
def test_a_wrong_doubt_of_the_text(monkeypatch, wrong, hint):
    (sentence,) = judged(monkeypatch, 4, "neighbours", wrong)
    assert hint in sentence


# --- 5: the cheat ---


def cheat(vocab_size=1):
    class Cheat(exercise(5).Cheat):
        def train(self, text):
            self.vocab_size = vocab_size

        def spans(self, text):
            ends = [match.end() for match in re.finditer(r"\S+\s*|\s+", text)]
            return [0] * len(ends), ends

    return Cheat


def test_the_cheat_has_no_loss_and_pays_all_the_same(monkeypatch, capsys):
    module = exercise(5)
    monkeypatch.setattr(module, "TRAIN_CHARS", 20_000)
    monkeypatch.setattr(module, "VAL_CHARS", 2_000)
    assert judged(monkeypatch, 5, "Cheat", cheat()) == []
    said = capsys.readouterr().out
    tokens, residual, total = map(
        float, re.search(r"tokens (\S+), residual (\S+), together (\S+)\.$", said).groups()
    )
    assert tokens == 0
    assert residual == total > 2

    (sentence,) = judged(monkeypatch, 5, "Cheat", cheat(vocab_size=2))
    assert "the loss is 0.693 nats per token" in sentence

    wordless = type("Cheat", (cheat(),), {"train": lambda self, text: setattr(self, "vocab_size", "one")})
    (sentence,) = judged(monkeypatch, 5, "Cheat", wordless)
    assert "cheat:Cheat" in sentence
