"""Case apart from letters, and the two tokenizers that tell it by marks."""

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from numpygpt.errors import UserError
from numpygpt.tokenizers import create
from numpygpt.tokenizers.case import lower, marked, pairs, parts_by_case, unmarked, upper
from numpygpt.tokenizers.pretokenize import PATTERNS
from numpygpt.tokenizers.word_lossless import _spelled

TEXTS = st.text(st.characters(exclude_categories=["Cs"])) | st.text(
    st.sampled_from("aBÉé\u017fßİǅΣς\u2160ⓐ'l L\u0301☃\n")
)


def test_each_of_two_letters_is_the_others_and_takes_as_many_bytes():
    small = set(pairs().values())
    assert len(small) == len(pairs()) > 1300
    assert not small & set(pairs())
    assert all(len(a.encode()) == len(b.encode()) for a, b in pairs().items())
    assert not set("ßſςİǅ\u212a") & (small | set(pairs()))


@given(text=TEXTS)
@example(text="ABc ABC'LLabc AÉ🄰 O\u2160\u2161")
def test_marked_text_comes_back(text):
    view = marked(text)
    assert view.translate({0xDCFE: None, 0xDCFF: None}) == lower(text)
    assert unmarked(view.encode("utf-8", "surrogateescape")) == text.encode()
    assert unmarked(marked(text, runs=False).encode("utf-8", "surrogateescape")) == text.encode()
    assert lower(upper(lower(text))) == lower(text)
    assert "".join(parts_by_case(text)) == text


@pytest.mark.parametrize("pattern", PATTERNS)
@pytest.mark.parametrize("kind", ["bpe", "bpe-bytefallback", "bpe-bytelevel", "superbpe"])
def test_marks_hold_under_every_pattern(kind, pattern, train_small):
    tokenizer = train_small(f"{kind} marks", pattern=pattern)

    @given(text=TEXTS)
    @example(text="I'LLabc helloWORLDあ AB☃cd ABÉCD")
    @settings(max_examples=40)
    def check(text):
        ids = tokenizer.encode(text)
        told = [
            text if id == tokenizer.unk_id else s for id, s in zip(ids, tokenizer.stretches(ids), strict=True)
        ]
        assert tokenizer.unk_id in ids or b"".join(told) == text.encode()
        assert tokenizer.unk_id in ids or tokenizer.decode(ids) == text

    check()


def test_what_stands_behind_an_unknown_character_keeps_its_case(train_small):
    tokenizer = train_small("bpe marks")
    assert tokenizer.decode(tokenizer.encode("AB☃cd ABÆCD")) == "AB<unk>cd AB<unk>CD"


def test_marks_are_merged_with_words_and_shown():
    tokenizer = create("bpe", vocab_size=40, case="marks")
    tokenizer.train("the King and the KING and the King of the kings " * 9)
    shown = [tokenizer.token(id) for id in tokenizer.encode(" the King KING")]
    assert "⇧" in "".join(shown)
    assert "⇪" in "".join(shown)
    assert tokenizer.token_bytes(tokenizer.encode("A")[0]) == b""
    with pytest.raises(UserError, match="case must be one of kept, marks"):
        create("bpe", case="lower")


PLAY = "All:\nRomeo comes. He, Romeo, and I and Romeo: we come.\n\nAll:\nROMEO comes, he and I come.\n\n" * 9
EXPECTED = {
    "All:\nRomeo comes. He": ["<capital>", "all", ":\n", "Romeo", "comes", ". ", "he"],
    "he and Romeo and I": ["he", "and", "Romeo", "and", "I"],
    "and ROMEO come": ["and", "<upper>", "Romeo", "come"],
    "he romeo": ["he", "<small>", "Romeo"],
    "he  come": ["he", " ", " ", "come"],
    "he come": ["he", "come"],
    "heRomeo": ["he", "<no space>", "Romeo"],
    "come.\n\ncome": ["come", ".\n\n", "<small>", "come"],
    "and é": ["and", " ", "<0xC3>", "<0xA9>"],
    "he ☃he": ["he", " ", "<0xE2>", "<0x98>", "<0x83>", "<no space>", "he"],
}


@pytest.mark.parametrize("text", EXPECTED)
def test_only_the_unexpected_is_told(text):
    tokenizer = create("word-lossless", min_freq=5)
    tokenizer.train(PLAY)
    ids = tokenizer.encode(text)
    assert [tokenizer.token(id) for id in ids] == EXPECTED[text]
    assert tokenizer.decode(ids) == text


def test_rare_words_are_spelled_in_pieces_whatever_their_case():
    tokenizer = create("word-lossless", min_freq=5)
    tokenizer.train(PLAY + " ".join(f"un{a}{b}ing" for a in "abcmo" for b in "lrehn"))
    small, capital, all_capitals = (tokenizer.encode(f"he {w}") for w in ("unmaring", "Unmaring", "UNMARING"))
    assert [tokenizer.token(id) for id in small[[1, -1]]] == ["un..", "..ing"]
    assert (capital[-len(small) + 1 :] == small[1:]).all()
    assert (all_capitals[2:] == small[1:]).all()


def test_a_limit_leaves_room_for_pieces():
    text = PLAY + " ".join(f"un{a}{b}ing" for a in "abcmo" for b in "lrehn")
    tokenizer = create("word-lossless", min_freq=1, vocab_size=360)
    tokenizer.train(text)
    assert tokenizer.vocab_size <= 360
    assert tokenizer.decode(tokenizer.encode(text)) == text
    with pytest.raises(UserError, match="larger"):
        create("word-lossless", min_freq=1, vocab_size=270).train(text)


def test_code_with_many_separators_keeps_to_a_small_size():
    """More different separators than there are entries: the frequent ones are taken, the others spelled."""
    code = "".join(f"self.name{'(' * (i % 17)}{')' * (i % 13)}{'=' * (i % 11)} value;\n" for i in range(2500))
    tokenizer = create("word-lossless", min_freq=1, vocab_size=320)
    tokenizer.train(code)
    assert tokenizer.vocab_size <= 320
    assert tokenizer.decode(tokenizer.encode(code)) == code


def test_pieces_are_those_of_the_merges_one_after_the_other():
    tokenizer = create("word-lossless", min_freq=2)
    tokenizer.train(PLAY + " ".join(f"un{a}{b}ing{a}" for a in "abcmo" for b in "lrehn"))
    for word in ("unmaringo", "unalunal", "ingingun", "oblingb"):
        symbols = _spelled(word, tokenizer._alphabet)
        for pair, symbol in tokenizer._merges.items():
            symbols = symbols.replace(pair, symbol)
        expected = [tokenizer._first_piece + ord(symbol) for symbol in symbols]
        assert tokenizer._spell_word(word) == expected


def test_spans_are_of_the_source(train_small):
    tokenizer = train_small("word-lossless")
    ids, ends = tokenizer.spans("The cat SAT é")
    assert np.diff(ends, prepend=0)[[tokenizer.token(id).startswith("<u") for id in ids]].sum() == 0
    assert ends[-1] == 14
