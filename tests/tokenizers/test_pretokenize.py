"""Pre-tokenisation: pieces tile every text, both engines agree, and a stream's chunks leave no trace."""

from collections import Counter
from itertools import product

import pytest
import regex
from hypothesis import given
from hypothesis import strategies as st

from numpygpt.tokenizers.pretokenize import PATTERNS, Cache, splitter
from numpygpt.tokenizers.word import STRETCHES

SPLITTERS = {f"{name}-{n}": splitter(name, n) for name, n in product(PATTERNS, (None, 2))} | {
    "word": STRETCHES
}
TEXTS = st.text(st.sampled_from("abLT09'lsve.,! \t\n\r\x1c_é你\u0301\u3000\u017f'"), max_size=40)


@pytest.fixture(scope="module", params=SPLITTERS.values(), ids=SPLITTERS.keys())
def cutter(request):
    return request.param


@given(text=TEXTS)
def test_pieces_tile_the_text(cutter, text):
    pieces = cutter.split(text)
    assert "".join(pieces) == text
    assert all(pieces)


@given(text=st.text(st.characters(max_codepoint=127), max_size=40))
def test_both_engines_agree_on_ascii(cutter, text):
    if cutter.pieces is not None:
        assert cutter.split(text) == regex.findall(cutter.pieces, text)


@given(text=TEXTS, chunk=st.integers(1, 7))
def test_a_stream_is_counted_as_the_whole_text_is(cutter, text, chunk):
    chunks = (text[i : i + chunk] for i in range(0, len(text), chunk))
    assert cutter.count(chunks) == Counter(cutter.split(text))


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
    assert PATTERNS["gpt4o"].split("HTTPServer's CAFE\u0301S/\n/ 12345") == [
        "HTTPServer's",
        " CAFE\u0301",
        "S",
        "/\n/",
        " ",
        "123",
        "45",
    ]
    assert PATTERNS["whitespace"].split("a, b  c\n") == ["a,", " b", " ", " c", "\n"]
    assert PATTERNS["none"].split("a b") == ["a b"]


@pytest.mark.parametrize("pattern", PATTERNS)
@pytest.mark.parametrize("digits", [1, 2, 3])
def test_digits_come_in_groups_from_the_left(pattern, digits):
    pieces = splitter(pattern, digits).split("in 1234567é, x2 ٣٤٥٦ ")
    numbers = [piece for piece in pieces if any(map(str.isdecimal, piece))]
    runs = ("1234567", "2", "٣٤٥٦")
    assert numbers == [run[i : i + digits] for run in runs for i in range(0, len(run), digits)]


def test_three_digits_are_what_gpt4_takes():
    for pattern in ("gpt4", "gpt4o"):
        assert splitter(pattern, 3) == splitter(pattern)
