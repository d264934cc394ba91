"""Where the bits of a text go: by kind of byte, by how frequent the word is in training, by place in the window.

Each byte of a token's stretch carries the same share of its bits and of the residual's. So every way of taking the
text apart sums to the whole, and the parts of two tokenizers can be subtracted.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from numpygpt.measures.bits.mixing import Floats, Ints
from numpygpt.measures.bits.source import Source
from numpygpt.tokenizers.unicode import WORDS

KINDS = (
    "first of a word", "inside a word", "capital", "digit", "space", "newline", "punctuation", "beyond ASCII"
)  # fmt: skip
BANDS = ("between words", "never", "1 to 9 times", "10 to 99", "100 to 999", "1,000 and more")
EIGHTHS = 8  # of the window


def parts_of(
    source: Source,
    bits: Floats,
    bits_tail: float,
    train_chunks: Iterable[str],
    context: Ints,
    block_size: int,
) -> dict[str, Any]:
    """Three ways to take the bits per byte of a text apart, each {part: bits over the bytes of the whole text}; and
    under `share_of_bytes` the same ways, {part: its share of the bytes}. Parts that do not occur are left out.

    bits: of each token with its residual, (n,).   bits_tail: of what follows the last token.
    train_chunks: the training text, for the frequency of words; a word that is cut between two is counted as two.
    context: how many tokens the model saw before each, (n,).
    """
    of_byte = spread(source, bits, bits_tail)
    eighth = np.minimum(context * EIGHTHS // block_size, EIGHTHS - 1)
    window = np.full(len(source.data), EIGHTHS - 1)  # of a tail, which no token stands for
    window[: len(source.data) - len(source.tail.encode())] = np.repeat(eighth, source.ends - source.starts)
    places = [f"{i} to {i + 1} eighths before" for i in range(EIGHTHS)]
    ways = {
        "byte_kind": (KINDS, byte_kinds(source.data)),
        "word_frequency": (BANDS, word_bands(source.text, train_chunks)),
        "window_place": (places, window),
    }
    shares = {way: _summed(names, number, np.ones_like(of_byte)) for way, (names, number) in ways.items()}
    return {way: _summed(*own, of_byte) for way, own in ways.items()} | {"share_of_bytes": shares}


def spread(source: Source, bits: Floats, bits_tail: float) -> Floats:
    """The bits of each byte, (B,): a token's in equal shares; those of an empty stretch, on the byte after it."""
    n_bytes, lengths = len(source.data), source.ends - source.starts
    of_byte = np.zeros(n_bytes)
    covered = int(lengths.sum())
    of_byte[:covered] = np.repeat(bits / np.maximum(lengths, 1), lengths)
    of_byte[covered:] = bits_tail / max(n_bytes - covered, 1)
    empty = lengths == 0
    if n_bytes:
        of_byte[-1] += bits_tail if covered == n_bytes else 0.0  # that there is no tail costs something, too
        np.add.at(of_byte, np.minimum(source.starts[empty], n_bytes - 1), bits[empty])
    return of_byte


def byte_kinds(data: bytes) -> Ints:
    """The number in KINDS of each byte, (B,). A capital is one wherever it stands; \\r counts as a newline."""
    x = np.frombuffer(data, np.uint8)
    small, capital, digit = ((a <= x) & (x <= b) for a, b in (b"az", b"AZ", b"09"))
    beyond = x > 0x7F
    of_word = small | capital | digit | beyond | (x == ord("_"))
    inside = np.concatenate([[False], of_word[:-1]])[: len(x)]
    newline, space = np.isin(x, list(b"\n\r")), np.isin(x, list(b" \t\v\f"))
    punctuation = ~(of_word | newline | space) | (x == ord("_"))
    kinds = [small & ~inside, small & inside, capital, digit, space, newline, punctuation, beyond]
    return np.stack(kinds).argmax(axis=0)


def word_bands(text: str, train_chunks: Iterable[str]) -> Ints:
    """The number in BANDS of each byte, (B,): of what is in a word, by how often the word occurs in training."""
    words = list(WORDS.finditer(text))
    wanted = {match[0] for match in words}
    count = Counter(word for chunk in train_chunks for word in WORDS.findall(chunk) if word in wanted)
    at_character = np.zeros(len(text), np.int64)
    for match in words:
        at_character[match.start() : match.end()] = 1 + min(len(str(n)) if (n := count[match[0]]) else 0, 4)
    data = np.frombuffer(text.encode(), np.uint8)
    return at_character[np.cumsum((data & 0xC0) != 0x80) - 1]


def _summed(names: Sequence[str], number: Ints, of_byte: Floats) -> dict[str, float]:
    """What the bytes of each part carry, over the bytes of the text."""
    n_bytes = max(len(number), 1)
    sums = np.bincount(number, of_byte, len(names)) / n_bytes
    there = np.bincount(number, minlength=len(names))
    return {name: total for name, total, n in zip(names, sums.tolist(), there.tolist(), strict=True) if n}
