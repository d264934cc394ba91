"""The benchmark: its operation counts, and one small race from start to table."""

import argparse
import json

import pytest

from experiments import benchmark
from experiments.benchmarks.workers import Case, numpy_model, numpy_optimizer
from experiments.configuration.compose import composed

TINY = Case(
    {"vocab_size": 65, "block_size": 16, "n_layer": 1, "n_head": 2, "n_embd": 16}, batch_size=4, n_tokens=40
)


def test_operations_of_the_reference_model():
    """42 and 62 billion per step; 6 per weight and token, as usual, and attention."""
    assert benchmark.train_operations(benchmark.cases()["reference, V=69"]) == pytest.approx(42.1e9, rel=0.01)
    assert benchmark.train_operations(benchmark.cases()["reference, V=6551"]) == pytest.approx(
        62.5e9, rel=0.01
    )
    c = TINY.config
    weights = 12 * c.n_layer * c.n_embd**2 + c.n_embd * c.vocab_size
    attention = 12 * c.n_layer * c.block_size * c.n_embd
    assert benchmark.train_operations(TINY) == 4 * 16 * (6 * weights + attention)


def test_the_default_recipe_and_nanogpts_are_timed_as_they_are_configured():
    small, nanogpt = (benchmark.cases()[name] for name in ("small, V=65", "nanogpt, V=65"))
    default = composed("tokenizer=char")
    assert small.config.positions == default.model.positions
    assert small.optimizer["kind"] == default.optimizer.kind
    assert small.optimizer["lr"] == default.optimizer.lr
    assert (nanogpt.optimizer["kind"], nanogpt.config.positions) == ("adamw", "learned")
    optimizer = numpy_optimizer(small, numpy_model(small))
    assert optimizer.flops() > 0
    products = 3 * benchmark.forward_operations(small)
    assert benchmark.train_operations(small) == products + optimizer.flops()


@pytest.mark.parametrize("name", ["train", "generate", "memory"])
def test_a_small_race(name, monkeypatch, capsys, tmp_path):
    monkeypatch.setattr(benchmark, "cases", lambda: {"tiny": TINY})
    rows = benchmark.BENCHMARKS[name](argparse.Namespace(against="none", rounds=1))
    benchmark.show(name, rows)
    assert "tiny" in capsys.readouterr().out
    assert {"case", "implementation", "median_ms", "ratio_to_torch", "share_of_floor"} <= rows[0].keys()
    assert all(row["median_ms"] > 0 and row["peak_mb"] > 10 for row in rows)
    json.dumps(rows)


@pytest.mark.parametrize(
    ("arguments", "fault"),
    [(["--rounds", "0"], "at least 1"), (["--json", "no/such/folder/x.json"], "does not exist")],
)
def test_what_cannot_be_timed_or_written_is_refused_before_any_work(arguments, fault, monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["benchmark.py", "train", *arguments])
    with pytest.raises(SystemExit) as stop:
        benchmark.main()
    assert stop.value.code == 2
    assert fault in capsys.readouterr().err


def test_losses_that_differ_stop_the_race():
    def measured(*losses):
        return benchmark.Measured([1.0], list(losses), 1.0)

    benchmark.check_losses("tiny", {"numpy train": measured(4.0, 3.9), "torch train": measured(4.0, 3.9001)})
    with pytest.raises(SystemExit, match="not the same work"):
        benchmark.check_losses("tiny", {"numpy train": measured(4.0, 3.9), "torch train": measured(4.0, 3.8)})
