"""The benchmark: its operation counts, and one small race from start to table."""

import json

import pytest

from experiments import benchmark
from experiments.benchmarks import speed, tokenizer_race
from experiments.benchmarks.workers import Case
from experiments.configuration.compose import composed
from numpygpt.data import resolve

TINY_MODEL = (
    "model=reference",
    "model.block_size=16",
    "model.n_layer=1",
    "model.n_head=2",
    "model.n_embd=16",
)
TINY = Case((*TINY_MODEL, "optimizer=adamw", "train.batch_size=4"), 65, n_tokens=40)


def test_operations_of_the_reference_model():
    """42 and 62 billion per step; 6 per weight and token, as usual, and attention."""
    assert speed.train_operations(speed.cases()["reference, V=69"]) == pytest.approx(42.1e9, rel=0.01)
    assert speed.train_operations(speed.cases()["reference, V=6551"]) == pytest.approx(62.5e9, rel=0.01)
    c = TINY.shape
    weights = 12 * c.n_layer * c.n_embd**2 + c.n_embd * c.vocab_size
    attention = 12 * c.n_layer * c.block_size * c.n_embd
    assert speed.train_operations(TINY) == 4 * 16 * (6 * weights + attention)


def test_the_default_recipe_and_nanogpts_are_timed_as_they_are_configured():
    small, nanogpt = (speed.cases()[name] for name in ("small, V=65", "nanogpt, V=65"))
    default = composed("tokenizer=char")
    assert small.shape.positions == default.model.positions
    assert type(small.optimizer()).__name__.lower() == default.optimizer.kind
    assert small.optimizer().lr == default.optimizer.lr
    assert (type(nanogpt.optimizer()).__name__, nanogpt.shape.positions) == ("AdamW", "learned")
    assert small.optimizer().flops() > 0
    products = 3 * speed.forward_operations(small)
    assert speed.train_operations(small) == products + small.optimizer().flops()


@pytest.mark.parametrize("name", ["train", "generate", "memory"])
def test_a_small_race(name, monkeypatch, capsys, tmp_path):
    monkeypatch.setattr(speed, "cases", lambda: {"tiny": TINY})
    path = tmp_path / "rows.json"
    assert benchmark.main([name, "--against", "none", "--rounds", "1", "--json", str(path)]) == 0
    rows = json.loads(path.read_text())
    assert "tiny" in capsys.readouterr().out
    assert {"case", "implementation", "median_ms", "ratio_to_torch", "share_of_floor"} <= rows[0].keys()
    assert all(row["median_ms"] > 0 and row["peak_mb"] > 10 for row in rows)


@pytest.mark.parametrize(
    ("arguments", "fault"),
    [
        (["--rounds", "0"], "--rounds=0 is not possible"),
        (["--json", "no/such/folder/x.json"], "does not exist"),
    ],
)
def test_what_cannot_be_timed_or_written_is_refused_before_any_work(arguments, fault, capsys):
    assert benchmark.main(["train", *arguments]) == 2
    assert fault in capsys.readouterr().err


def test_losses_that_differ_stop_the_race():
    def measured(*losses):
        return speed.Timings([1.0], list(losses), 1.0)

    speed.check_losses("tiny", {"numpy train": measured(4.0, 3.9), "torch train": measured(4.0, 3.9001)})
    with pytest.raises(SystemExit, match="not the same work"):
        speed.check_losses("tiny", {"numpy train": measured(4.0, 3.9), "torch train": measured(4.0, 3.8)})


# --- The race of tokenizers: its rows are what the benchmark prints, and all encoders give the same ids ---


TEXT = "The cat sat on the mat. Nobody sat there: only a bat!\n" * 30


def test_rows_and_ratios(tmp_path, monkeypatch):
    (tmp_path / "text.txt").write_text(TEXT)
    monkeypatch.setattr(tokenizer_race, "default_corpus", lambda: resolve("file", tmp_path / "text.txt"))
    monkeypatch.setattr(tokenizer_race, "VOCAB_SIZE", 300)
    has_tiktoken = tokenizer_race.is_installed("tiktoken")
    monkeypatch.setattr(tokenizer_race, "is_installed", lambda name: name == "tiktoken" and has_tiktoken)
    rows = tokenizer_race.race(1)
    assert {row["case"] for row in rows} == {
        "train to 300",
        *(
            f"encode, {moment}, {what}"
            for moment in ("first call", "warm")
            for what in ("same ids", "others")
        ),
    }
    for row in rows:
        assert row["chars_per_second"] * row["median_ms"] / 1e3 == pytest.approx(len(TEXT))
        assert (row["ratio"] is None) == (row["against"] is None)
    ours, *peers = [row for row in rows if row["case"] == "encode, warm, same ids"]
    assert ours["implementation"] == "ours"
    for peer in peers:
        assert peer["ratio"] == 1
        assert abs(ours["ratio"] - peer["median_ms"] / ours["median_ms"]) < 1e-9
