"""Superwords against the plainest form of the method, and what they may not run across."""

from collections import Counter
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_bpe import merge_word

from numpygpt.tokenizers import create, from_dict
from numpygpt.tokenizers.bpe import superbpe
from numpygpt.tokenizers.bpe.bytelevel import PRINTABLE
from numpygpt.tokenizers.pretokenize import PATTERNS, splitter

TEXTS = st.text(st.sampled_from("aab bc\n1,é"), min_size=1, max_size=150)


def spelled(piece):
    return tuple(PRINTABLE[byte] for byte in piece.encode())


def naive_merges(pieces, wide_pieces, n_within, n_across, min_freq):
    """All pairs counted anew for each merge: first within `pieces`, then within the lines of `wide_pieces`."""
    id_of = {shown: id for id, shown in enumerate(sorted(PRINTABLE.values()))}
    merges = []
    for texts, limit, barred in ((pieces, n_within, "none"), (wide_pieces, n_across, PRINTABLE[ord("\n")])):
        words = [spelled(piece) for piece in texts]
        for pair in merges:
            words = [merge_word(word, pair) for word in words]
        for _ in range(limit):
            pairs = Counter(pair for word in words for pair in pairwise(word) if barred not in "".join(pair))
            best = min(pairs, key=lambda p: (-pairs[p], id_of[p[0]], id_of[p[1]]), default=None)
            if best is None or pairs[best] < min_freq:
                break
            words = [merge_word(word, best) for word in words]
            merges.append(best)
            id_of["".join(best)] = len(id_of)
    return merges


def naive_encode(piece, merges):
    word = spelled(piece)
    for pair in merges:
        word = merge_word(word, pair)
    return word


@given(
    text=TEXTS,
    other=TEXTS,
    pattern=st.sampled_from(list(PATTERNS)),
    digits=st.sampled_from([None, 1, 2]),
    within=st.integers(0, 30),
    across=st.integers(0, 30),
    min_freq=st.integers(1, 3),
)
@settings(max_examples=100)
def test_merges_and_ids_are_those_of_the_plain_method(text, other, pattern, digits, within, across, min_freq):
    size = 256 + within + across
    options = {"pattern": pattern, "digits": digits, "min_freq": min_freq}
    tokenizer = create("superbpe", vocab_size=size, transition=(256 + within) / size, **options)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(superbpe, "AT_ONCE", 7)
        tokenizer.train(text)
        wide = splitter("none", digits or (3 if pattern.startswith("gpt4") else None))
        pieces = splitter(pattern, digits).split(text)
        merges = naive_merges(pieces, wide.split(text), within, across, min_freq)
        assert [tuple(merge) for merge in tokenizer.to_dict()["merges"]] == merges
        expected = [shown for piece in wide.split(other) for shown in naive_encode(piece, merges)]
        for same in (tokenizer, from_dict(tokenizer.to_dict())):
            ids = same.encode(other)
            assert ["".join(map(PRINTABLE.__getitem__, same.token_bytes(id))) for id in ids] == expected
            assert same.decode(ids) == other
            same._longest_phrase = 1  # long phrases have the merges replayed
            assert same.encode(other).tolist() == ids.tolist()


@pytest.fixture(scope="module")
def text(shakespeare):
    return shakespeare[:60_000]


@pytest.fixture(scope="module")
def trained(text):
    """By `transition`."""
    found = {}
    for transition in (1.0, 0.75):
        found[transition] = create("superbpe", vocab_size=1000, transition=transition)
        found[transition].train(text)
    return found


def test_with_no_room_across_it_is_byte_level_bpe(text, trained):
    plain = create("bpe-bytelevel", vocab_size=1000)
    plain.train(text)
    assert trained[1.0].to_dict()["merges"] == plain.to_dict()["merges"]


def test_superwords_stay_in_their_line_and_shorten_the_text(text, trained):
    sizes = [len(trained[transition].encode(text)) for transition in (1.0, 0.75)]
    assert sizes[1] < 0.98 * sizes[0]
    across = [trained[0.75].token_bytes(id) for id in range(750, 1000)]
    assert not any(b"\n" in own for own in across)
    assert sum(len(PATTERNS["gpt2"].split(own.decode())) > 1 for own in across) > 60


def test_every_token_is_the_encoding_of_its_text(trained):
    for tokenizer in trained.values():
        for id in range(tokenizer.vocab_size):
            text = tokenizer.token_bytes(id).decode(errors="ignore")
            assert not text or tokenizer.encode(text).tolist() == [id]


def test_no_superword_holds_a_part_of_a_number():
    tokenizer = create("superbpe", vocab_size=300, transition=0.9, digits=2)
    tokenizer.train("in 1234 of 123, in 5 of 1234\n" * 20)
    shown = [tokenizer.token(id) for id in tokenizer.encode("in 1234 of 123, in 123")]
    assert shown == ["in ", "12", "34", " of ", "12", "3", ", in ", "12", "3"]
