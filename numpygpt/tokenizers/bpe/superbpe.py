"""SuperBPE (Liu et al. 2025, arXiv:2503.13423): byte-level BPE whose last merges run across words.

The first merges, up to the size at which a vocabulary is to pass over, are learned within the pieces of a pattern,
as those of bpe-bytelevel; the others on the text as it then stands, whatever its pieces, but within a line. A text
is encoded by all merges in their order: the pattern has done its part when the first merges are learned. As
everywhere, a token's text determines its id (bpe.py), and no merge crosses a group of digits.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from math import isqrt
from typing import Any

import numpy as np

from numpygpt.tokenizers.base import checked_share
from numpygpt.tokenizers.bpe.bpe import REPLAY_RATIO
from numpygpt.tokenizers.bpe.bytelevel import ALPHABET, ByteLevelBPETokenizer
from numpygpt.tokenizers.bpe.merging import learn_merges
from numpygpt.tokenizers.pretokenize import Cache, splitter
from numpygpt.tokenizers.unicode import code_points, training_chunks

AT_ONCE = 1 << 20  # symbols that are cut at a time


class SuperBPETokenizer(ByteLevelBPETokenizer):
    """Byte-level BPE, within pieces up to `transition` of the vocabulary, then across them, but for newlines.

    options     as of `BPETokenizer`
    transition  the share of `vocab_size` that is learned within pieces: the paper's best models have 0.9, the
                shortest texts come of less

    Training holds the whole text.
    """

    kind = "superbpe"

    def __init__(self, *, transition: float = 0.9, **options: Any):
        super().__init__(**options)
        self.transition = checked_share("transition", transition)
        least = self._first_id + self.least_alphabet
        options["vocab_size"] = max(round(self.transition * self.wanted_vocab_size), least)
        self._within = ByteLevelBPETokenizer(**options)
        self.splitter = splitter("none", self.digits or (3 if self.pattern in ("gpt4", "gpt4o") else None))

    def train(self, text: str | Iterable[str]) -> None:
        text = "".join(training_chunks(text))
        self._within.train(text)
        self._set_merges(ALPHABET, self._within._merges)
        newline = self._spell("\n")  # it is part of no merge across pieces, so it keeps pieces apart
        symbols = newline.join(map(self._symbols_of_piece.__getitem__, self.splitter.split(text)))
        self._set_merges(ALPHABET, self._within._merges + self._learn_across(symbols))

    def _learn_across(self, symbols: str) -> list[str]:
        """The merges of a text within its lines, given what is left of it after the merges within pieces.

        The text is cut where two neighbours stand that are rarer than the last merge will be: nothing will ever run
        across. How frequent that merge will be is guessed, and the guess is right if all merges were found;
        otherwise a lower one is tried.
        """
        room = self.wanted_vocab_size - self._within.wanted_vocab_size
        if room == 0:
            return []
        is_whole = np.array([own is not None and b"\n" not in own for own in self._vocabulary])
        is_whole = is_whole[code_points(symbols)]
        pairs, counts = np.unique(_pairs(symbols)[is_whole[:-1] & is_whole[1:]], return_counts=True)
        least = self.min_freq
        if len(counts) > room:
            least = max(least, int(np.partition(counts, -room)[-room]) // 2)
        while True:
            phrases = Counter(_cut(symbols, pairs[counts >= least]))
            merges = learn_merges(phrases, self.vocab_size, room, least)
            if len(merges) == room or least <= self.min_freq:
                return merges
            least = max(self.min_freq, least // 2)

    def _set_merges(self, alphabet: str, merges: list[str]) -> None:
        super()._set_merges(alphabet, merges)
        n = self._within.wanted_vocab_size - self._first_id - len(alphabet)
        within, across = merges[:n], merges[n:]
        self._within._set_merges(alphabet, within)
        self._across = across
        self._neighbouring_bytes = _joined(within, self._views)
        spelled: dict[str, str] = {}
        for id, pair in enumerate(across, start=self._within.vocab_size):
            spelled[chr(id)] = "".join(spelled.get(symbol, symbol) for symbol in pair)
        self._neighbours = _joined(across, spelled)
        self._longest_phrase = isqrt(REPLAY_RATIO * len(across))
        self._symbols_of_stretch = Cache(self._within._encode_view)
        self._symbols_of_phrase = Cache(self._encode_phrase)

    def _encode_piece(self, piece: str) -> str:
        """All merges within pieces come before all others, so both are cut and cached by themselves."""
        stretches = _cut(self._view(piece), self._neighbouring_bytes)
        symbols = "".join(map(self._symbols_of_stretch.__getitem__, stretches))
        return "".join(map(self._symbols_of_phrase.__getitem__, _cut(symbols, self._neighbours)))

    def _encode_phrase(self, symbols: str) -> str:
        if len(symbols) <= self._longest_phrase:
            return self._merge_neighbours([self._views[symbol] for symbol in symbols])
        for id, pair in enumerate(self._across, start=self._within.vocab_size):
            symbols = symbols.replace(pair, chr(id))
        return symbols

    def _options(self) -> dict[str, Any]:
        return {**super()._options(), "transition": self.transition}


def _pairs(symbols: str) -> np.ndarray:
    """The ids of each two neighbours as one number, int64 (len(symbols) - 1,)."""
    ids = code_points(symbols).astype(np.int64)
    return ids[:-1] << 32 | ids[1:]


def _joined(merges: list[str], texts: dict[str, str]) -> np.ndarray:
    """The neighbours at the seams of merges, sorted numbers of `_pairs`, given what symbols are made of."""
    seams = [(texts.get(left, left)[-1], texts.get(right, right)[0]) for left, right in map(tuple, merges)]
    return np.array(sorted({ord(a) << 32 | ord(b) for a, b in seams}), np.int64)


def _cut(symbols: str, neighbours: np.ndarray) -> Iterator[str]:
    """The stretches of `symbols` in which each two neighbours are among `neighbours`, sorted numbers of `_pairs`.

    Tokens that are made of such neighbours alone lie within the stretches: they are encoded one by one, and are
    short and often the same, however long a line is.
    """
    start = 0
    for block in range(0, len(symbols), AT_ONCE):
        pairs = _pairs(symbols[block : block + AT_ONCE + 1])
        known = np.append(neighbours, -1)[np.searchsorted(neighbours, pairs)] == pairs
        for end in (np.flatnonzero(~known) + (block + 1)).tolist():
            yield symbols[start:end]
            start = end
    if start < len(symbols):
        yield symbols[start:]
