import bz2

import numpy as np
import pytest

from numpygpt.measures.baselines import (
    BZ2_BLOCK,
    as_result,
    as_scores,
    baselines,
    bz2_history,
    compressors,
    kneser_ney,
    kneser_ney_bits,
)
from numpygpt.measures.bits.scores import block_edges


@pytest.fixture(scope="module")
def of_shakespeare(shakespeare):
    return {row.key: row for row in compressors(shakespeare[:1_003_854], shakespeare[1_003_854:])}


def test_published_figures(of_shakespeare):
    found = {key: row.bits_per_byte for key, row in of_shakespeare.items() if key != "ppmd_6"}
    assert found == pytest.approx({"gzip": 3.096, "bz2": 2.398, "xz": 2.518}, rel=0.01)


def test_published_figure_of_ppmd(of_shakespeare):
    pytest.importorskip("pyppmd")
    assert of_shakespeare["ppmd_6"].bits_per_byte == pytest.approx(2.026, abs=5e-4)
    assert of_shakespeare["ppmd_6"].history == "all of the training text"


def test_without_pyppmd_there_is_no_such_row(monkeypatch):
    monkeypatch.setattr("numpygpt.measures.baselines.find_spec", lambda name: None)
    assert [row.key for row in compressors("abc" * 99, "abc")] == ["gzip", "bz2", "xz"]


def test_bz2_sees_what_lies_in_its_last_block(monkeypatch):
    monkeypatch.setattr("numpygpt.measures.baselines._COMPRESSORS", {"bz2": ("bz2", bz2.compress)})
    monkeypatch.setattr("numpygpt.measures.baselines.find_spec", lambda name: None)
    (row,) = compressors("abcdefgh" * 120_000, "abc")
    assert row.history == "the last 59 KiB of training text"  # of 960,000 bytes, blocks of 900,000 - 19


def test_bz2_fills_its_blocks_after_shortening_runs():
    assert bz2_history(b"a" * 2_000_000 + b"bc") == 2_000_002  # 39,218 bytes in its block
    assert bz2_history(b"aaaaaaaaaabcd" * 200_000) == 2_600_000 - 1_462_471  # 8 of 13 bytes
    assert bz2_history(b"aab" * 300_000) == 900_000 - BZ2_BLOCK
    assert bz2_history(b"") == 0


def test_bits_per_block_are_those_of_the_best_order():
    train, val = "the cat sät on the mat. \n" * 400, "the mat sät on the cat. \n" * 700
    rows = kneser_ney(train, val, 4, n_discounts=3)
    best = min(rows, key=lambda row: row.bits_per_byte)
    (found,) = as_scores(rows).items()
    edges = block_edges(val.encode())
    assert found[0] == best.key
    assert len(found[1]) == len(edges) - 1 > 2
    assert sum(found[1]) == pytest.approx(best.bits_per_byte * len(val.encode()))
    first = val.encode()[: edges[1]].decode()
    assert found[1][0] == pytest.approx(kneser_ney_bits(train, first, 4, 3)[int(best.key[-1]) - 1].sum())


def test_rows_say_what_they_can_see():
    train, val = "the cat sat on the mat. " * 200, "the mat sat on the cat. "
    rows = baselines(train, val)
    assert [row.name for row in rows if row.key != "ppmd_6"] == [
        "gzip -9",
        "bz2",
        "xz -9e",
        *(f"Kneser-Ney, order {n}" for n in range(1, 7)),
        *(f"modified Kneser-Ney, order {n}" for n in range(1, 8)),
    ]
    assert all(row.history and np.isfinite(row.bits_per_byte) for row in rows)
    assert rows[-1].bits_per_byte < rows[-7].bits_per_byte
    assert as_result(rows)["xz"] == {
        "label": "xz -9e",
        "bits_per_byte": rows[2].bits_per_byte,
        "history": "all of the training text",
    }


def test_history_is_carried_over_from_training():
    bits = kneser_ney_bits("abcdefgh" * 20 + "abcd", "efghabcd", 6)
    assert bits.shape == (6, 8)
    assert bits[5, 0] < 0.1


def test_characters_that_training_never_saw_are_charged():
    bits = kneser_ney_bits("abcabc" * 50, "ab日c", 3)
    assert np.isfinite(bits).all()
    assert (bits[:, 2] > 20).all()
