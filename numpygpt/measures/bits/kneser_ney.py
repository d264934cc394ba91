"""Interpolated Kneser-Ney models of characters, with one discount per order or three (modified Kneser-Ney).

Kneser & Ney 1995, "Improved backing-off for m-gram language modeling", in the interpolated form of Chen & Goodman
1999, section 2.8 (modified: section 3). The model of order n counts n-grams at its top level; below, the count of
an n-gram is the number of distinct symbols that were seen before it. An n-gram at the very start of a sequence has
nothing before it and is counted as often as it occurs.
"""

from collections.abc import Iterator

import numpy as np

from numpygpt.measures.bits.mixing import NO_CONTEXT, Floats, Ints, Level, UInts, distinct, join


class KneserNey:
    """Models of all orders 1 to `order` at once: they share every level but their top.

    top[k - 1], below[k - 1]: level of n-grams of length k, by occurrence and by distinct left neighbours.
    """

    def __init__(self, symbols: Ints, history: Ints, order: int, base: float, n_discounts: int = 1) -> None:
        """Count the n-grams of symbols (n,); `n_discounts` per order, 1 or 3, as in `Level.kneser_ney`.

        history (n,): how many of the symbols before each one belong to its own sequence, negative for a symbol
        that is only context and never predicted.   base: probability of each symbol below the lowest level.
        """
        self.base = base
        self.top: list[Level] = []
        self.below: list[Level] = []
        shorter = np.zeros(0, np.uint64)
        for k, contexts in enumerate(contexts_of(symbols, history, order)):
            grams, counts = distinct(contexts, symbols)
            self.top.append(Level.kneser_ney(contexts[grams], symbols[grams], counts, n_discounts))
            if k:
                # Each distinct n-gram lengthens a shorter one to the left; at a sequence's start nothing can.
                events = np.concatenate([grams, np.flatnonzero(history == k - 1)])
                some, counts = distinct(shorter[events], symbols[events])
                some = events[some]
                self.below.append(Level.kneser_ney(shorter[some], symbols[some], counts, n_discounts))
            shorter = contexts

    def probabilities(self, symbols: Ints, history: Ints) -> Floats:
        """P(symbol | the symbols before it) under each order: (order, n). `history` as in training."""
        lower = np.full(len(symbols), self.base)
        rows: list[Floats] = []
        for k, contexts in enumerate(contexts_of(symbols, history, len(self.top))):
            rows.append(self.top[k].raise_(lower, contexts, symbols))
            if k < len(self.below):
                lower = self.below[k].raise_(lower, contexts, symbols)
        return np.stack(rows)


def contexts_of(symbols: Ints, history: Ints, longest: int) -> Iterator[UInts]:
    """Hashes of the 0, 1, ..., longest - 1 symbols before each symbol; NO_CONTEXT where there are not as many."""
    hashed = np.ones(len(symbols), np.uint64)
    for length in range(longest):
        if length:
            hashed[length:] = join(hashed[length:], symbols[:-length])
        yield np.where(history >= length, hashed, NO_CONTEXT)
