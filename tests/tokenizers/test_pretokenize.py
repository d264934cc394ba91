"""Pre-tokenisation: pieces tile every text, both engines agree, and a stream's chunks leave no trace."""

from collections import Counter

import pytest
import regex
from hypothesis import given
from hypothesis import strategies as st

from numpygpt.tokenizers.pretokenize import PATTERNS, Cache
from numpygpt.tokenizers.word import STRETCHES

SPLITTERS = {**PATTERNS, "word": STRETCHES}
TEXTS = st.text(st.sampled_from("abLT09'lsve.,! \t\n\r\x1c_é你\u0301\u3000\u017f'"), max_size=40)


@pytest.fixture(scope="module", params=SPLITTERS.values(), ids=SPLITTERS.keys())
def splitter(request):
    return request.param


@given(text=TEXTS)
def test_pieces_tile_the_text(splitter, text):
    pieces = splitter.split(text)
    assert "".join(pieces) == text
    assert all(pieces)


@given(text=st.text(st.characters(max_codepoint=127), max_size=40))
def test_both_engines_agree_on_ascii(splitter, text):
    if splitter.pieces is not None:
        assert splitter.split(text) == regex.findall(splitter.pieces, text)


@given(text=TEXTS, chunk=st.integers(1, 7))
def test_a_stream_is_counted_as_the_whole_text_is(splitter, text, chunk):
    chunks = (text[i : i + chunk] for i in range(0, len(text), chunk))
    assert splitter.count(chunks) == Counter(splitter.split(text))


def test_long_pieces_are_not_kept():
    kept = Cache(len)
    assert [kept[piece] for piece in ("a" * 1000, "a", "b" * 256)] == [1000, 1, 256]
    assert list(kept) == ["a", "b" * 256]


def test_published_examples():
    assert PATTERNS["gpt2"].split("Hello, it's  2023\n\nok") == [
        "Hello",
        ",",
        " it",
        "'s",
        " ",
        " 2023",
        "\n",
        "\n",
        "ok",
    ]
    assert PATTERNS["gpt4"].split("It'S 12345!\n\n x") == ["It", "'S", " ", "123", "45", "!\n\n", " x"]
    assert PATTERNS["whitespace"].split("a, b  c\n") == ["a,", " b", " ", " c", "\n"]
    assert PATTERNS["none"].split("a b") == ["a b"]
