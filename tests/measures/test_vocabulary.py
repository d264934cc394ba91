import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from numpygpt.measures.bits.source import Source
from numpygpt.measures.text import edits
from numpygpt.measures.text.edits import edit_distance, edit_rate
from numpygpt.measures.text.vocabulary import (
    renyi_efficiency,
    text_measures,
    tokenizer_measures,
    unigram_gap,
    unreachable_tokens,
)
from numpygpt.tokenizers import create
from numpygpt.tokenizers.char import CharTokenizer
from numpygpt.tokenizers.word import WordTokenizer


@pytest.mark.parametrize(
    ("text", "efficiency"),
    [
        ("pick @@ed pick @@l @@ed pick @@les", 0.82651),
        ("pick @@e @@d pick @@l @@e @@d pick @@l @@e @@s", 0.92048),
    ],
)
def test_renyi_efficiency_of_the_published_examples(text, efficiency):
    _, counts = np.unique(text.split(), return_counts=True)
    assert renyi_efficiency(counts) == pytest.approx(efficiency, abs=1e-5)


def test_renyi_efficiency_counts_the_whole_vocabulary():
    assert renyi_efficiency([5, 5, 5, 5]) == pytest.approx(1)
    assert renyi_efficiency([5, 5, 0, 0]) == pytest.approx(0.5)
    assert renyi_efficiency([7, 0]) == renyi_efficiency([0, 0]) == renyi_efficiency([3]) == 0


def plain_distance(a: str, b: str) -> int:
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        diagonal, row[0] = row[0], i
        for j, y in enumerate(b, 1):
            diagonal, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, diagonal + (x != y))
    return row[-1]


@given(st.text("abé", max_size=12), st.text("abé", max_size=12))
def test_edit_distance_agrees_with_the_table(a, b):
    assert edit_distance(a, b) == plain_distance(a, b)


def test_edit_rate():
    assert edit_rate("a\nbc\n", "a\nbd\n") == 1 / 5
    assert edit_rate("abc", "abc") == 0
    assert edit_rate("a b", "a\nb") == 1 / 3  # lines do not match: compared as a whole
    assert edit_rate("x", "") == 1


def test_edit_rate_of_long_lines_is_that_of_what_there_is_time_for(monkeypatch):
    monkeypatch.setattr(edits, "MAX_CHARS", 10)
    assert edit_rate("b" * 40, "a" * 20 + "b" * 20) == 1  # of a line its beginning
    assert edit_rate("\n".join(["a" * 8] * 50), "\n".join(["a" * 7 + "b"] * 50)) == 1 / 8  # one line fits
    assert edit_rate("aaa\nbb", "aaa\nbc") == 1 / 6  # a text with room to spare is compared whole


def test_a_unigram_that_has_seen_nothing_has_no_gap():
    none = np.zeros(0, np.int64)
    assert np.isnan(unigram_gap(none, np.array([1, 2]), np.array([0, 1]), 3))


def test_a_unigram_finds_the_passage_of_frequent_tokens_easier():
    seen, frequent, rare = np.array([0] * 7 + [1]), np.array([0, 0]), np.array([1, 1])
    assert unigram_gap(seen, frequent, rare, 2) == pytest.approx(np.log(8 / 2))
    assert unigram_gap(seen, rare, rare, 2) == 0


def test_word_tokenizer():
    train = "the cat sat. the cat ran. the dog sat."
    tokenizer = WordTokenizer()  # knows: the cat sat .
    tokenizer.train(train)
    text = "the Cat sees the dog."
    source = Source(text, *tokenizer.spans(text))
    measures = text_measures(tokenizer, source)
    assert len(source.ids) == 6
    assert measures["chars_per_token"] == 21 / 6
    assert measures["fertility"] == 6 / 5
    assert measures["words_kept_whole"] == 3 / 5
    assert measures["unknown_rate_tokens"] == 2 / 6
    assert measures["unknown_rate_chars"] == len(" sees dog") / 21
    assert not measures["round_trip"]
    assert 0 < measures["char_edit_rate"] < 1
    all_of_them = tokenizer_measures(tokenizer, tokenizer.encode(train), len(train), source)
    assert all_of_them["rare_tokens"] == tokenizer.vocab_size == 5  # none occurs five times
    assert all_of_them["chars_per_token"] == len(train) / 12
    assert all_of_them["chars_per_token_val"] == 21 / 6
    assert all_of_them["unreachable_tokens"] == 0


def test_char_tokenizer_on_text_that_it_does_not_know():
    tokenizer = CharTokenizer()
    tokenizer.train("abc é")
    measures = text_measures(tokenizer, Source("aé 日本", *tokenizer.spans("aé 日本")))
    assert measures["unknown_rate_tokens"] == measures["unknown_rate_chars"] == 2 / 5
    assert measures["words_kept_whole"] == 0
    assert text_measures(tokenizer, Source("a é", *tokenizer.spans("a é")))["words_kept_whole"] == 1
    assert text_measures(tokenizer, Source("a é", *tokenizer.spans("a é")))["round_trip"]
    empty = text_measures(tokenizer, Source("", *tokenizer.spans("")))
    assert empty["round_trip"] is True
    assert empty["fertility"] == 0


@pytest.mark.parametrize("text", ["हिन्दी में है", "ไม่ ที่ นี่", "كِتَابٌ جَدِيدٌ", "e\u0301te\u0301 a\u0300"])
def test_no_word_of_several_characters_is_whole_under_char(text):
    tokenizer = CharTokenizer()
    tokenizer.train(text)
    assert text_measures(tokenizer, Source(text, *tokenizer.spans(text)))["words_kept_whole"] == 0
    whole = WordTokenizer(min_freq=1)
    whole.train(text)
    assert text_measures(whole, Source(text, *whole.spans(text)))["words_kept_whole"] == 1


class Stub:
    """Three ids, of which the tokenizer never uses the longest."""

    vocab_size = 4
    own = (None, b"a", b"aa", b"\xe9")

    def token_bytes(self, id):
        return self.own[id]

    def encode(self, text):
        return np.ones(len(text), np.int32)


def test_unreachable_tokens():
    assert unreachable_tokens(Stub()) == [2]


def test_tokens_that_training_never_showed():
    tokenizer = CharTokenizer()
    tokenizer.train("abcd")
    val = Source("abdd", *tokenizer.spans("abdd"))
    measures = tokenizer_measures(tokenizer, tokenizer.encode("abc" * 5), 15, val)
    assert (measures["unseen_tokens"], measures["unseen_rate"]) == (1, 0.5)
    assert measures["rare_tokens"] == 2  # <unk> and d
    assert measures["vocab_used"] == measures["vocab_used_train"] == 3 / 5


def test_the_health_of_a_vocabulary():
    """The merges are ab, then that with the space, then all of it; é and 日 are bytes."""
    tokenizer = create("superbpe", vocab_size=259, transition=1.0)
    train = " abc" * 20
    tokenizer.train(train)
    text = "abc é日é\n"
    measures = tokenizer_measures(
        tokenizer, tokenizer.encode(train), len(train), Source(text, *tokenizer.spans(text))
    )
    assert measures["merge_residues"] == 2
    assert measures["split_chars"] == 3 / len(text)
