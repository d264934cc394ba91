"""The benchmarks: their operation counts, and every command from its processes to its table at a tiny size."""

import importlib.util
import json
import math
from functools import partial

import pytest

from benchmarks import __main__ as command
from benchmarks import suite, tokenizer_race, update_race
from benchmarks.processes import Timings, process
from benchmarks.update_race import CASES, Case, train_operations
from experiments.configuration.build import composed

SMALL = ("model.n_layer=1", "model.n_embd=16", "model.n_head=2", "model.block_size=16")
TINY = Case((*SMALL, "train.batch_size=2"), 65)
TEXT = "The cat sat on the mat. Nobody sat there: only a bat!\n" * 40
needs_torch = pytest.mark.skipif(importlib.util.find_spec("torch") is None, reason="PyTorch is not installed")


def figures(rows, *keys):
    """Those of all rows, which must be finite and above zero."""
    found = [row[key] for row in rows for key in keys]
    assert all(math.isfinite(value) and value > 0 for value in found)
    return found


# --- how much work there is ---


def test_operations_of_the_reference_model():
    """42 and 62 billion per step; 6 per weight and token, as usual, and attention."""
    assert train_operations(CASES["reference, V=69"]) == pytest.approx(42.1e9, rel=0.01)
    assert train_operations(CASES["reference, V=6551"]) == pytest.approx(62.5e9, rel=0.01)
    weights = 12 * 16**2 + 16 * 65
    products = 2 * 16 * (6 * weights + 12 * 16 * 16)
    muon = TINY.optimizer().flops()
    assert muon > 0
    assert train_operations(TINY) == products + muon


def test_recipes_are_timed_as_they_are_configured():
    default = composed("tokenizer=char")
    for name in ("default, char", "default, bpe"):
        assert CASES[name].config.model == default.model
        assert CASES[name].config.optimizer == default.optimizer
    classic = CASES["nanogpt, char"]
    assert (type(classic.optimizer()).__name__, classic.shape.positions) == ("AdamW", "learned")


# --- each command, small ---


@pytest.mark.parametrize("peers", [(), pytest.param((update_race.TORCH,), marks=needs_torch)])
def test_training(peers):
    rows = update_race.race(peers, 1, {"tiny": TINY})
    assert [row["by"] for row in rows] == ["numpy", *peers]
    figures(
        rows, "median_ms", "share_of_peak", "peak_mb", *["ratio_to_eager", "relative_memory"] * len(peers)
    )


def test_tokenizers(monkeypatch, tmp_path):
    (tmp_path / "text.txt").write_text(TEXT)
    monkeypatch.setattr(tokenizer_race, "TRAINED", tokenizer_race.SAME_IDS[:2])
    monkeypatch.setattr(tokenizer_race, "ENCODERS", (*tokenizer_race.SAME_IDS, "ours, char"))
    rows = tokenizer_race.race(1, str(tmp_path / "text.txt"), 280)
    assert {row["case"] for row in rows} == {"train to 280", "encode"}
    figures(rows, "median_ms", "chars_per_second", "peak_mb")
    for row in rows:
        assert row["chars_per_second"] * row["median_ms"] / 1e3 == pytest.approx(len(TEXT))


def test_the_rows_are_shown_and_written(monkeypatch, capsys, tmp_path):
    rows = [{"case": "tiny", "by": "numpy", "median_ms": 1.5, "ratio_to_eager": None}]
    monkeypatch.setitem(suite.BENCHMARKS, "train", lambda chosen: rows)
    assert command.main(["train", "--json", str(tmp_path / "rows.json")]) == 0
    shown = capsys.readouterr().out
    assert "tiny" in shown
    assert "1.5" in shown
    assert "eager" not in shown
    page = json.loads((tmp_path / "rows.json").read_text())
    assert page["rows"] == rows
    assert "medians, 2 threads each, in turns, " in page["measured"]


# --- what is refused, and what stops it ---


@pytest.mark.parametrize(
    ("arguments", "fault"),
    [
        (["--rounds", "0"], "--rounds=0 is not possible"),
        (["--seeds", "0"], "--seeds=0 is not possible"),
        (["--json", "no/such/folder/x.json"], "does not exist"),
    ],
)
def test_what_cannot_be_timed_or_written_is_refused_before_any_work(arguments, fault, capsys):
    assert command.main(["train", *arguments]) == 2
    assert fault in capsys.readouterr().err


def test_work_that_is_not_the_same_stops_the_race():
    def did(*results):
        return Timings([1.0], list(results), 1.0)

    update_race.check_losses("tiny", {"numpy": did(4.0, 3.9), "PyTorch": did(4.0, 3.9001)})
    with pytest.raises(SystemExit, match="not the same work"):
        update_race.check_losses("tiny", {"numpy": did(4.0, 3.9), "PyTorch": did(4.0, 3.8)})
    tokenizer_race.check_ids({tokenizer_race.OURS: did(7), "tiktoken": did(7), "ours, char": did(8)})
    with pytest.raises(SystemExit, match="not the same work"):
        tokenizer_race.check_ids({tokenizer_race.OURS: did(7), "tiktoken": did(8)})


def test_a_process_that_dies_stops_the_race(capfd):
    work = partial(tokenizer_race.train, tokenizer_race.OURS, "no/such/text.txt", 300)
    with process(work) as ask, pytest.raises(SystemExit, match="died"):
        ask(1)
