"""BPE against the published algorithm, written here in its plainest form."""

import os
import subprocess
import sys
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from numpygpt.errors import UserError
from numpygpt.tokenizers import KINDS, create, from_dict
from numpygpt.tokenizers.bpe import bpe
from numpygpt.tokenizers.pretokenize import PATTERNS

FEW_LETTERS = st.text(st.sampled_from("aab bc\n"), min_size=1, max_size=120)


def merge_word(word, pair):
    """The word, a tuple of texts, with every occurrence of `pair` joined, from left to right."""
    out, i = [], 0
    while i < len(word):
        if word[i : i + 2] == pair:
            out.append(word[i] + word[i + 1])
            i += 2
        else:
            out.append(word[i])
            i += 1
    return tuple(out)


def naive_merges(pieces, n_merges, min_freq=2):
    """Algorithm 1 of Sennrich et al.: count all pairs anew, merge the most frequent, repeat.

    Between equally frequent pairs the smaller ids win: first the characters by code point, then the merges.
    """
    words = Counter(tuple(piece) for piece in pieces)
    id_of = {character: id for id, character in enumerate(sorted({c for word in words for c in word}))}
    merges = []
    while len(merges) < n_merges:
        pairs = Counter()
        for word, count in words.items():
            for i in range(len(word) - 1):
                pairs[word[i : i + 2]] += count
        if not pairs:
            break
        best = min(pairs, key=lambda pair: (-pairs[pair], id_of[pair[0]], id_of[pair[1]]))
        if pairs[best] < min_freq:
            break
        words = Counter({merge_word(word, best): count for word, count in words.items()})
        merges.append(list(best))
        id_of[best[0] + best[1]] = len(id_of)
    return merges


def naive_encode(piece, merges):
    word = tuple(piece)
    for pair in merges:
        word = merge_word(word, tuple(pair))
    return word


def tokens(tokenizer, text):
    return [tokenizer.token(id) for id in tokenizer.encode(text)]


@given(
    text=FEW_LETTERS,
    pattern=st.sampled_from(list(PATTERNS)),
    n=st.integers(0, 40),
    min_freq=st.integers(1, 3),
)
@settings(max_examples=150)
def test_merges_are_the_published_ones(text, pattern, n, min_freq):
    tokenizer = create("bpe", vocab_size=1 + len(set(text)) + n, pattern=pattern, min_freq=min_freq)
    tokenizer.train(text)
    assert tokenizer.to_dict()["merges"] == naive_merges(PATTERNS[pattern].split(text), n, min_freq)


def test_merges_on_shakespeare(shakespeare):
    text, pattern = shakespeare[:4_000], PATTERNS["gpt2"]
    tokenizer = create("bpe", vocab_size=1 + len(set(text)) + 120, pattern="gpt2")
    tokenizer.train(text)
    merges = naive_merges(pattern.split(text), 120)
    assert tokenizer.to_dict()["merges"] == merges
    other = shakespeare[50_000:52_000]
    expected = [token for piece in pattern.split(other) for token in naive_encode(piece, merges)]
    known = {tokenizer.token(id) for id in range(tokenizer.vocab_size)}
    assert tokens(tokenizer, other) == [token if token in known else "<unk>" for token in expected]


@given(text=FEW_LETTERS, other=FEW_LETTERS)
@settings(max_examples=100)
def test_all_ways_to_encode_agree(text, other):
    """Replaying merges, joining the lowest pair, looking up whole pieces: one result."""
    tokenizer = create("bpe", vocab_size=60, min_freq=1, pattern="none")
    tokenizer.train("ab c\n" + text)
    merges = tokenizer.to_dict()["merges"]
    expected = list(naive_encode(other, merges))
    replayed = tokenizer._replay_merges(other)
    assert [tokenizer.token(ord(symbol)) for symbol in replayed] == expected
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bpe, "REPLAY_RATIO", 10**9)
        assert tokens(tokenizer, other) == expected


@pytest.mark.parametrize("kind", ["bpe", "bpe-bytelevel"])
def test_every_token_is_the_encoding_of_its_text(shakespeare, kind):
    tokenizer = create(kind, vocab_size=1500)
    tokenizer.train(shakespeare[:200_000])
    for symbol, view in tokenizer._views.items():
        assert tokenizer._replay_merges(view) == symbol


def test_known_example():
    """The example of Wikipedia's article on byte-pair encoding, with our tie rule."""
    tokenizer = create("bpe", vocab_size=8, pattern="none", specials=("<unk>",))
    tokenizer.train("aaabdaaabac")
    assert tokenizer.to_dict()["merges"] == [["a", "a"], ["a", "b"], ["aa", "ab"]]
    assert tokens(tokenizer, "aaabdaaabac") == ["aaab", "d", "aaab", "a", "c"]


def test_ids_are_ordered():
    tokenizer = create("bpe", vocab_size=100)
    tokenizer.train("ba ba ba")
    assert [tokenizer.token(id) for id in range(tokenizer.vocab_size)] == [
        "<unk>",
        " ",
        "a",
        "b",
        "ba",
        " ba",
    ]


def test_vocabulary_smaller_than_the_alphabet():
    with pytest.raises(UserError, match=r"vocab_size=4 is too small: 4 characters, 1 specials .* at least 5"):
        create("bpe", vocab_size=4).train("abcd")
    with pytest.raises(UserError, match=r"vocab_size=258 is too small"):
        create("bpe-bytefallback", vocab_size=258).train("abcd")


def test_a_failed_training_changes_nothing(train_small, small_text):
    tokenizer = train_small("bpe")
    before = tokenizer.fingerprint()
    with pytest.raises(UserError):
        tokenizer.train("".join(map(chr, range(1000))))
    assert tokenizer.fingerprint() == before


def test_the_cache_is_bounded(train_small, small_text, monkeypatch):
    monkeypatch.setattr("numpygpt.tokenizers.pretokenize.CACHED", 5)
    tokenizer = from_dict(train_small("bpe").to_dict())
    np.testing.assert_array_equal(tokenizer.encode(small_text), train_small("bpe").encode(small_text))
    assert len(tokenizer._symbols_of_piece) <= 5


def test_many_ids_including_those_that_are_surrogates_as_characters():
    """Ids are kept as characters: those from U+D800 to U+DFFF must be ids like all others."""
    alphabet = "".join(chr(c) for c in range(0x20000, 0x20000 + 0xE100))
    tokenizer = create("bpe", vocab_size=0xE200)
    tokenizer.train(alphabet + (alphabet[-2:] + " ") * 5)
    ids = tokenizer.encode(alphabet)
    assert len(ids) == len(alphabet) - 1
    assert tokenizer.decode(ids) == alphabet
    np.testing.assert_array_equal(from_dict(tokenizer.to_dict()).encode(alphabet), ids)


def test_fallback_spells_the_rare_as_bytes():
    tokenizer = create("bpe-bytefallback", vocab_size=300, character_coverage=0.9)
    tokenizer.train("abababab cdcdcd é" * 10 + "xz")
    assert "x" not in tokenizer.to_dict()["alphabet"]
    assert tokens(tokenizer, "abx") == ["ab", "<0x78>"]
    assert tokens(tokenizer, "é世") == ["<0xC3>", "<0xA9>", "<0xE4>", "<0xB8>", "<0x96>"]
    # A byte token stands between a and b: no merge spans it.
    assert tokens(tokenizer, "axb") == ["a", "<0x78>", "b"]


def test_fallback_coverage_counts_occurrences():
    text = "a" * 50 + "b" * 30 + "d" * 10 + "c" * 10
    for coverage, alphabet in [
        (0.5, "a"),
        (0.51, "ab"),
        (0.8, "ab"),
        (0.81, "abc"),
        (0.9, "abc"),
        (1.0, "abcd"),
    ]:
        tokenizer = create("bpe-bytefallback", vocab_size=300, character_coverage=coverage)
        tokenizer.train(text)
        assert tokenizer.to_dict()["alphabet"] == alphabet, coverage


def test_fallback_trains_some_byte_tokens_on_shakespeare(shakespeare):
    tokenizer = create("bpe-bytefallback", vocab_size=2048)
    text = shakespeare[:300_000]
    tokenizer.train(text)
    ids = tokenizer.encode(text)
    assert 0 < np.mean(ids < 256) < 0.005
    assert tokenizer.decode(ids) == text


def test_invalid_bytes_decode_to_the_replacement_character():
    for kind in ("byte", "bpe-bytefallback"):
        tokenizer = create(kind)
        tokenizer.train("ab" * 10)
        a = tokenizer.encode("a").tolist()
        assert tokenizer.decode([0xC3, *a]) == "\ufffda"
        assert tokenizer.decode([0xFF, 0xC3, 0xA9, 0x80]) == "\ufffdé\ufffd"


SCRIPT = """
from numpygpt.tokenizers import KINDS, create
from pathlib import Path
import sys
text = Path(sys.argv[1]).read_text(encoding="utf-8")
for kind in KINDS:
    tokenizer = create(kind, **({"vocab_size": 700} if "bpe" in kind or kind == "unigram" else {}))
    tokenizer.train(text)
    print(kind, tokenizer.fingerprint())
"""


def test_hash_seeds_leave_no_trace(tmp_path, small_text):
    path = tmp_path / "text.txt"
    path.write_text(small_text * 2 + "".join(map(chr, range(33, 400))), encoding="utf-8")
    outputs = set()
    for seed in ("0", "4242"):
        environment = {**os.environ, "PYTHONHASHSEED": seed}
        result = subprocess.run(
            [sys.executable, "-c", SCRIPT, str(path)],
            env=environment,
            capture_output=True,
            text=True,
            check=True,
        )
        outputs.add(result.stdout)
    assert len(outputs) == 1
    assert outputs.pop().count("\n") == len(KINDS)


def test_training_on_a_stream_gives_the_same_file(shakespeare):
    text = shakespeare[:200_000]
    one, two = create("bpe", vocab_size=500), create("bpe", vocab_size=500)
    one.train(text)
    two.train(text[i : i + 9_999] for i in range(0, len(text), 9_999))
    assert one.fingerprint() == two.fingerprint()
