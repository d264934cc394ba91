"""Unigram models: expectations and cuts beside all cuts written out, EM, and SentencePiece's pieces."""

import io
import math
import re
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from numpygpt.errors import UserError
from numpygpt.tokenizers import create
from numpygpt.tokenizers.pretokenize import splitter
from numpygpt.tokenizers.unigram.lattice import Lattice, learn_pieces, log_shares

WORDS = st.dictionaries(st.text("abc", min_size=1, max_size=7), st.integers(1, 5), min_size=1, max_size=4)


def cuts(word, pieces):
    """All ways to cut a word into pieces, each a list."""
    if not word:
        return [[]]
    ends = (end for end in range(1, len(word) + 1) if word[:end] in pieces)
    return [[word[:end], *rest] for end in ends for rest in cuts(word[end:], pieces)]


def total(cut, score_of):
    return sum(map(score_of.__getitem__, cut))


def log_likelihood(words, score_of):
    return sum(
        count * math.log(sum(math.exp(total(cut, score_of)) for cut in cuts(word, score_of)))
        for word, count in words.items()
    )


def random_scores(lattice, seed):
    return log_shares(np.random.default_rng(seed).random(len(lattice.pieces)))


def test_every_frequent_substring_is_a_piece():
    lattice = Lattice({"abab": 1, "xbab": 1, "q": 3})
    assert lattice.pieces == ["a", "b", "q", "x", "ab", "ba", "bab"]
    assert Lattice({"a" * 40: 1}).pieces == ["a" * n for n in range(1, 17)]


@given(words=WORDS, seed=st.integers(0, 99))
@settings(max_examples=50)
def test_expectations_are_those_of_all_cuts(words, seed):
    lattice = Lattice(words)
    scores = random_scores(lattice, seed)
    score_of = dict(zip(lattice.pieces, scores, strict=True))
    likelihood, counts, losses = lattice.expect(scores)
    assert likelihood == pytest.approx(log_likelihood(words, score_of))
    expected = Counter()
    for word, count in words.items():
        ways = cuts(word, score_of)
        weights = np.exp([total(cut, score_of) for cut in ways])
        for cut, weight in zip(ways, weights / weights.sum(), strict=True):
            for piece in cut:
                expected[piece] += count * weight
    assert counts == pytest.approx([expected[piece] for piece in lattice.pieces])
    for piece, loss in zip(lattice.pieces, losses, strict=True):
        twice = any(word.find(piece) != word.rfind(piece) for word in words)
        if len(piece) > 1 and not twice:
            rest = {other: score for other, score in score_of.items() if other != piece}
            assert loss == pytest.approx(likelihood - log_likelihood(words, rest))


@given(words=WORDS, seed=st.integers(0, 99))
@settings(max_examples=50)
def test_em_never_makes_the_words_less_likely(words, seed):
    lattice = Lattice(words)
    scores = random_scores(lattice, seed)
    before = -math.inf
    for _ in range(6):
        likelihood, counts, _ = lattice.expect(scores)
        assert likelihood >= before - 1e-6
        before, scores = likelihood, log_shares(counts)


@given(words=WORDS, size=st.integers(3, 12))
@settings(max_examples=50)
def test_pruning_leaves_the_characters_and_as_many_as_there_is_room_for(words, size):
    found = learn_pieces(words, size)
    characters = set("".join(words))
    assert characters <= found.keys()
    assert len(found) == min(size, len(Lattice(words).pieces))
    assert list(found.values()) == sorted(found.values(), reverse=True)
    assert sum(map(math.exp, found.values())) == pytest.approx(1, abs=1e-6)


@pytest.fixture(scope="module")
def trained(shakespeare):
    tokenizer = create("unigram", vocab_size=700)
    tokenizer.train(shakespeare[:100_000])
    return tokenizer


@given(text=st.text("tehar \u4f60", max_size=12))
def test_the_most_probable_cut_is_taken(trained, text):
    learned = trained.to_dict()
    score_of = dict(zip(learned["pieces"], learned["scores"], strict=True))
    ids = iter(trained.encode(text).tolist())
    for stretch in splitter("gpt2").split(text):
        for known in re.findall("\u4f60|[^\u4f60]+", stretch):
            if known == "\u4f60":
                assert [trained.token(next(ids)) for _ in range(3)] == ["<0xE4>", "<0xBD>", "<0xA0>"]
                continue
            best = max(total(cut, score_of) for cut in cuts(known, score_of))
            found = []
            while len("".join(found)) < len(known):
                found.append(trained.token(next(ids)))
            assert "".join(found) == known
            assert total(found, score_of) == pytest.approx(best)


def test_a_vocabulary_that_is_too_small_for_the_characters():
    with pytest.raises(UserError, match="5 characters take at least 261: raise it, or lower"):
        create("unigram", vocab_size=258).train("a bcd")


def test_the_text_is_at_least_as_likely_as_by_sentencepieces_pieces(shakespeare):
    """Each with the probabilities that it has learned, scaled to sum to 1, over all cuts of the same words."""
    sentencepiece = pytest.importorskip("sentencepiece")
    text, written = shakespeare[:200_000], io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(text.split("\n")), model_writer=written, model_type="unigram", vocab_size=1000,
        character_coverage=1, byte_fallback=True, normalization_rule_name="identity", add_dummy_prefix=False,
        remove_extra_whitespaces=False, hard_vocab_limit=False, num_threads=1, minloglevel=2,
    )  # fmt: skip
    theirs = sentencepiece.SentencePieceProcessor(model_proto=written.getvalue())
    pieces = [id for id in range(theirs.vocab_size()) if not (theirs.is_byte(id) or theirs.is_control(id))]
    score_of = {theirs.id_to_piece(id).replace("\u2581", " "): theirs.get_score(id) for id in pieces if id}
    words = splitter("gpt2").count([text.replace("\n", "")])
    ours = learn_pieces(words, len(score_of))
    lattice = Lattice(words)
    found = []
    for own in (ours, score_of):
        scores = np.array([own.get(piece, -math.inf) for piece in lattice.pieces])
        scores -= np.logaddexp.reduce(scores)
        with np.errstate(invalid="ignore"):
            found.append(lattice.expect(scores)[0])
    assert score_of.keys() <= {*lattice.pieces}
    assert found[0] > found[1]
