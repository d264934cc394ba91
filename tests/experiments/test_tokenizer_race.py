"""The race of tokenizers: its rows are what the benchmark prints, and all encoders give the same ids."""

import pytest

from experiments.benchmarks import tokenizer_race
from numpygpt.data import resolve

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
