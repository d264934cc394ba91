"""Learning the pieces of a unigram language model (Kudo 2018, arXiv:1804.10959, section 3.2).

A cut of a word into pieces is as probable as all its pieces together; a word, as all its cuts. Begin with all
frequent substrings as pieces. Repeat: make the text more probable by EM, and drop the pieces that it needs least.

All words take a step at once. A node stands before, between or behind the characters of a word; an edge is an
occurrence of a piece, from node to node; a cut is a path. Nodes are in the order of their *column*, how many
characters of the word stand before them, and then of the words, longest first; edges, of the nodes where they end.
"""

from collections.abc import Iterator, Mapping
from itertools import pairwise

import numpy as np

LONGEST_PIECE = 16  # characters, as in SentencePiece
MIN_FREQ = 2  # occurrences that a piece of several characters needs
STEPS = 2  # of EM before each pruning, as in SentencePiece
STAYING = 0.75  # share of the pieces that survive it, as there
LEAST_COUNT = 1e-9  # a character that only ever occurs inside of other pieces can still be one
ALMOST_ONE = 1 - 2.0**-53


def learn_pieces(words: Mapping[str, int], size: int) -> dict[str, float]:
    """At most `size` pieces and the logarithms of their probabilities, the most probable first.

    words   how often each occurs; it takes one step per character of the longest
    size    at least as many as there are different characters: each is a piece, whatever it is worth
    """
    lattice = Lattice(words)
    scores = log_shares(np.bincount(lattice.piece, lattice.word_counts[lattice.word[lattice.start]]))
    while True:
        for _ in range(STEPS):
            _, counts, losses = lattice.expect(scores)
            scores = log_shares(counts)
        if len(scores) <= size:
            found = zip(lattice.pieces, scores.tolist(), strict=True)
            return dict(sorted(found, key=lambda item: (-item[1], item[0])))
        losses[[len(piece) == 1 for piece in lattice.pieces]] = np.inf
        surviving = max(size, int(STAYING * len(scores)))
        kept = np.sort(np.argsort(-losses, kind="stable")[:surviving])
        lattice.keep(kept)
        scores = scores[kept]


def log_shares(counts: np.ndarray) -> np.ndarray:
    """The logarithms of the probabilities that make pieces of these counts most likely (the M step)."""
    return np.log(np.maximum(counts, LEAST_COUNT) / counts.sum())


class Lattice:
    """Words, and the pieces that they can be cut into: at first all substrings that are frequent enough.

    pieces              their texts, the shorter first
    start, end, piece   of each edge: its nodes and the number of its piece, int64 (edges,)
    column, word        of each node, int64 (nodes,)
    word_counts, last   of each word: how often it occurs, float64, and the node behind it, int64 (words,)
    """

    def __init__(self, words: Mapping[str, int]):
        longest_first = sorted(words, key=lambda word: (-len(word), word))
        lengths = np.array(list(map(len, longest_first)))
        sizes = [np.count_nonzero(lengths >= column) for column in range(lengths[0] + 1)]
        self._columns = np.cumsum([0, *sizes])  # where each begins
        self.column = np.repeat(np.arange(len(sizes)), sizes)
        self.word = np.arange(len(self.column)) - self._columns[self.column]
        self.word_counts = np.array([words[word] for word in longest_first], np.float64)
        self.last = self._columns[lengths] + np.arange(len(words))
        self.pieces: list[str] = []
        edges = np.concatenate(list(self._grow_pieces(longest_first)), axis=1)
        self._set_edges(edges[:, np.argsort(edges[1], kind="stable")])

    def _grow_pieces(self, words: list[str]) -> Iterator[np.ndarray]:
        """The edges of frequent substrings, (3, edges) for each length: each is a frequent one and a character."""
        reaching = np.diff(self._columns).tolist()  # how many words have each column
        characters = (word[column] for column, n in enumerate(reaching[1:]) for word in words[:n])
        text = "".join(["\0" * len(words), *characters])  # before each node
        before = np.frombuffer(text.encode("utf-32-le"), "<u4")
        start, piece, texts = np.arange(len(before)), np.zeros(len(before), np.int64), [""]
        for length in range(1, LONGEST_PIECE + 1):
            inside = self.column[start] + length <= self.column[self.last[self.word[start]]]
            start, piece = start[inside], piece[inside]
            end = self._columns[self.column[start] + length] + self.word[start]
            keys, piece = np.unique(piece << 21 | before[end], return_inverse=True)  # 21 bits: a character
            frequent = np.bincount(piece, self.word_counts[self.word[start]]) >= min(length, MIN_FREQ)
            texts = [texts[key >> 21] + chr(key & (1 << 21) - 1) for key in keys[frequent].tolist()]
            kept = frequent[piece]
            start, piece = start[kept], (np.cumsum(frequent) - 1)[piece[kept]]
            yield np.stack([start, end[kept], piece + len(self.pieces)])
            self.pieces += texts

    def _set_edges(self, edges: np.ndarray) -> None:
        self.start, self.end, self.piece = edges
        into = np.bincount(self.end, minlength=len(self.column))
        self._first = np.cumsum(into) - into  # per node, of the edges that end there
        self._into = [slice(*ends) for ends in pairwise([*self._first[self._columns[1:-1]], len(self.end)])]

    def keep(self, kept: np.ndarray) -> None:
        """Drop all pieces but those of these numbers, int64, ascending, every single character among them."""
        number = np.full(len(self.pieces), -1)
        number[kept] = np.arange(len(kept))
        edges = np.stack([self.start, self.end, number[self.piece]])
        self._set_edges(edges[:, edges[2] >= 0])
        self.pieces = [self.pieces[i] for i in kept.tolist()]

    def expect(self, scores: np.ndarray) -> tuple[float, np.ndarray, np.ndarray]:
        """What pieces of these logarithmic probabilities, float64 (pieces,), make of the words (the E step).

        Returns the log-likelihood of the text; how often each piece is expected; and how much log-likelihood would
        be lost without it, all others as probable as before: float64 (pieces,).

        Expected counts are the derivatives of the log-likelihood by the scores: the backward pass is the forward
        pass derived (Eisner 2016, "Inside-outside and forward-backward algorithms are just backprop"). Without an
        edge of probability p its word is 1 - p times as probable; that a word may hold a piece twice is neglected.
        """
        start, end, score = self.start, self.end, scores[self.piece]
        alpha = np.zeros(len(self.column))  # per node, how probable what stands before it is, logarithmic
        for column, into in enumerate(self._into, start=1):
            nodes = slice(*self._columns[column : column + 2])
            ways = alpha[start[into]] + score[into]
            alpha[nodes] = np.logaddexp.reduceat(ways, self._first[nodes] - into.start)
        # The share of each edge in all that ends where it does.
        expected = np.exp(alpha[start] + score - alpha[end])
        mass = np.zeros(len(alpha))
        mass[self.last] = self.word_counts
        for into in reversed(self._into):
            expected[into] *= mass[end[into]]
            np.add.at(mass, start[into], expected[into])
        counts = self.word_counts[self.word[end]]
        losses = -counts * np.log1p(-np.minimum(expected / counts, ALMOST_ONE))
        likelihood = float(self.word_counts @ alpha[self.last])
        return likelihood, np.bincount(self.piece, expected), np.bincount(self.piece, losses)
