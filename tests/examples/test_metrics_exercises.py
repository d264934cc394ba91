"""Right answers to the exercises of docs/METRICS.md pass, wrong ones are told what is wrong."""

import math
import re

import metrics
import pytest


def judged(monkeypatch, name, answer):
    """What the check of an exercise says of an answer."""
    monkeypatch.setattr(metrics, name, answer)
    return getattr(metrics, f"check_{name.lower()}")()


# --- 1: the exchange ---


def exchange(nats, n_tokens, n_bytes, residual):
    return (nats / math.log(2) * n_tokens + residual) / n_bytes


def test_the_exchange(monkeypatch):
    assert len(metrics.runs()) >= 20
    assert judged(monkeypatch, "bits_per_byte", exchange) == []


@pytest.mark.parametrize(
    ("wrong", "hint"),
    [
        (lambda nats, n, size, rest: (nats * n + rest) / size, "a nat is"),
        (lambda nats, n, size, rest: nats * n / size, "a nat is"),
        (lambda nats, n, size, rest: nats / math.log(2), "bits per token"),
        (lambda nats, n, size, rest: exchange(nats, n, size, 0) * 1.001, "needs is .*, and should be"),
    ],
)
def test_a_wrong_exchange(monkeypatch, wrong, hint):
    (sentence,) = judged(monkeypatch, "bits_per_byte", wrong)
    assert re.search(hint, sentence)


def test_an_exchange_without_the_residual_is_told_so(monkeypatch):
    without = lambda nats, n, size, rest: exchange(nats, n, size, 0)  # noqa: E731
    lossy = [run for run in metrics.runs() if run["tokenizer"] == "word"]
    monkeypatch.setattr(metrics, "runs", lambda: lossy)
    (sentence,) = judged(monkeypatch, "bits_per_byte", without)
    assert sentence.endswith("that is without the residual")


# --- 2: the cheat ---


def cheat(vocab_size=1):
    class Cheat(metrics.Cheat):
        def train(self, text):
            self.vocab_size = vocab_size

        def spans(self, text):
            ends = [match.end() for match in re.finditer(r"\S+\s*|\s+", text)]
            return [0] * len(ends), ends

    return Cheat


def test_the_cheat_has_no_loss_and_pays_all_the_same(monkeypatch, capsys):
    monkeypatch.setattr(metrics, "TRAIN_CHARS", 20_000)
    monkeypatch.setattr(metrics, "VAL_CHARS", 2_000)
    assert judged(monkeypatch, "Cheat", cheat()) == []
    said = capsys.readouterr().out
    tokens, residual, total = map(
        float, re.search(r"tokens (\S+), residual (\S+), together (\S+)\.$", said).groups()
    )
    assert tokens == 0
    assert residual == total > 2

    (sentence,) = judged(monkeypatch, "Cheat", cheat(vocab_size=2))
    assert "the loss is 0.693 nats per token" in sentence

    wordless = type("Cheat", (cheat(),), {"train": lambda self, text: setattr(self, "vocab_size", "one")})
    (sentence,) = judged(monkeypatch, "Cheat", wordless)
    assert "cheat:Cheat" in sentence
