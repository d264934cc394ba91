"""The bits of a text taken apart: every way sums to the whole, and each part is what a plain loop finds."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from numpygpt.measures.bits.parts import BANDS, KINDS, byte_kinds, parts_of, spread, word_bands
from numpygpt.measures.bits.source import Source
from numpygpt.training.evaluation import context_tokens, windows

WAYS = {"byte_kind", "word_frequency", "window_place"}


@st.composite
def scored(draw):
    """A text, stretches that tile it up to a tail (some of them empty), and bits for each."""
    text = draw(st.text(st.sampled_from("aZé _9.\n\t\r中🙂"), max_size=60))
    covered = len(text[: draw(st.integers(0, len(text)))].encode())
    inside = draw(st.lists(st.integers(0, covered), max_size=20))
    ends = np.array(sorted([*inside, covered]) if covered else [], np.int64)
    bits = np.array(draw(st.lists(st.floats(0, 30), min_size=len(ends), max_size=len(ends))), float)
    return Source(text, np.zeros(len(ends), np.int64), ends), bits


@given(scored(), st.floats(0, 50))
def test_every_way_of_taking_a_text_apart_sums_to_the_whole(scored, tail):
    source, bits = scored
    if not source.data:
        return
    parts = parts_of(source, bits, tail, ["a Z 9 a"], context_tokens(len(bits), 8), 8)
    shares = parts.pop("share_of_bytes")
    assert parts.keys() == shares.keys() == WAYS
    for way, part in parts.items():
        whole = (bits.sum() + tail) / len(source.data)
        assert math.isclose(sum(part.values()), whole, rel_tol=1e-12, abs_tol=1e-12)
        assert math.isclose(sum(shares[way].values()), 1)
        assert part.keys() == shares[way].keys()


def test_a_token_s_bits_are_shared_evenly_by_its_bytes():
    source = Source("the cat!", np.arange(3), np.array([3, 3, 7]))
    of_byte = spread(source, np.array([6.0, 2.0, 4.0]), 5.0)
    assert of_byte.tolist() == [
        2,
        2,
        2,
        1 + 2,
        1,
        1,
        1,
        5,
    ]  # the empty stretch lies on the space; the tail is "!"


def test_kinds_of_bytes():
    text = "To be, a_b\r\nor 42é-x"
    found = [KINDS[k] for k in byte_kinds(text.encode())]
    letters = dict(zip(KINDS, "fiCdsnpb", strict=True))
    assert "".join(letters[kind] for kind in found) == "Cisfipsfpinnfisddbbpf"


def test_bands_of_words_count_them_in_training():
    training = ["cat " * 9, "dog " * 10, "the " * 1000, "a " * 123]
    text = "the é cat-dog a"
    bands = [BANDS[b] for b in word_bands(text, training)]
    assert bands[:3] == ["1,000 and more"] * 3
    assert bands[3] == "between words"
    assert bands[4:6] == ["never"] * 2  # é is two bytes
    assert bands[7:10] == ["1 to 9 times"] * 3
    assert bands[11:14] == ["10 to 99"] * 3
    assert bands[15] == "100 to 999"


@pytest.mark.parametrize(
    ("n_tokens", "block_size"), [(1, 8), (2, 8), (9, 8), (10, 8), (100, 8), (57, 5), (40, 1)]
)
def test_context_is_what_the_windows_show(n_tokens, block_size):
    seen = [0] * n_tokens
    for window in windows(n_tokens - 1, block_size):
        for position in range(window.start + window.first, window.stop):
            seen[position + 1] = position - window.start + 1
    assert context_tokens(n_tokens, block_size).tolist() == seen
