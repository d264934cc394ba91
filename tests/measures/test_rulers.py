import numpy as np
import pytest

from numpygpt.measures.rulers import as_result, compressors, kneser_ney_bits, rulers


def test_published_figures(shakespeare):
    found = {
        row.name: row.bits_per_byte for row in compressors(shakespeare[:1_003_854], shakespeare[1_003_854:])
    }
    assert found == pytest.approx({"gzip -9": 3.096, "bz2": 2.398, "xz -9e": 2.518}, rel=0.01)


def test_rows_say_what_they_can_see():
    train, val = "the cat sat on the mat. " * 200, "the mat sat on the cat. "
    rows = rulers(train, val)
    assert [row.name for row in rows] == [
        "gzip -9",
        "bz2",
        "xz -9e",
        *(f"Kneser-Ney, order {n}" for n in range(1, 7)),
    ]
    assert all(row.history and np.isfinite(row.bits_per_byte) for row in rows)
    assert rows[-1].bits_per_byte < rows[3].bits_per_byte
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
