"""Levels: the one building block of the Kneser-Ney baselines and of the residual coder.

A model of the next symbol given a context is built upward from a uniform base. Each level looks at one more
piece of context and takes the form

    P(symbol | context) = share(context, symbol) + rest(context) * P_lower(symbol)

where the shares of a context and its rest sum to one, so that every level of a proper distribution is a proper
distribution. A context that was never seen is skipped: P = P_lower. Kneser-Ney and Witten-Bell differ only in how
they make shares and rests out of counts.

Symbols are Unicode code points, END and START. Contexts are 64-bit hashes. If two contexts ever shared a hash
(for a million of them the chance is about one in ten million) their counts would be pooled; the distribution would
still sum to one, and encoder and decoder would still agree.
"""

from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt

UInts = npt.NDArray[np.uint64]
Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

END = 0x110000  # the symbol after the last character of a stretch
START = 0x110001  # stands before the first character of a stretch: context only, never predicted
SYMBOL_BITS = 21
N_SCALARS = 0x110000 - 0x800  # Unicode scalar values: all code points but the surrogates, 1,112,064 of them
NO_CONTEXT = np.uint64(0)  # marks a position that has too little history for a level, and skips it


def mix(values: UInts) -> UInts:
    """Scatter 64-bit integers over all 64 bits, one to one (the finaliser of SplitMix64; Steele et al. 2014)."""
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return values ^ (values >> np.uint64(31))


def join(contexts: UInts, values: npt.NDArray[np.integer]) -> UInts:
    """Hash of each context with one more value added to it; order matters. Shapes broadcast."""
    odd, more = np.uint64(0xD1342543DE82EF95), values.astype(np.uint64) + np.uint64(1)
    return mix(contexts * odd + more * np.uint64(0x9E3779B97F4A7C15))


@dataclass(frozen=True)
class Level:
    """Shares and rests of all contexts of one kind.

    contexts: hashes, sorted, (c,) uint64.      rest: what each leaves to the level below, (c,) float64.
    keys: row of the context << 21 | symbol, sorted, (e,) int64.      share: of each key, (e,) float64.
    """

    contexts: UInts
    keys: Ints
    share: Floats
    rest: Floats

    @classmethod
    def kneser_ney(cls, contexts: UInts, symbols: Ints, counts: Ints, n_discounts: int = 1) -> Self:
        """Absolute discounting: share = (count - d) / N, and rest is what the discounts of a context take, over N.

        Each (context, symbol) is given once, with its count; N is the sum of the counts of a context. `n_discounts`
        is 1 or 3, as in `_discounts`: one for all pairs, or one for those counted once, twice, and oftener.
        """
        rows, keys, counts, total, _ = _arrange(contexts, symbols, counts)
        discounts, kind = _discounts(counts, n_discounts), np.minimum(counts, n_discounts) - 1
        row = keys >> SYMBOL_BITS
        taken = sum(d * np.bincount(row[kind == k], minlength=len(rows)) for k, d in enumerate(discounts))
        return cls(rows, keys, (counts - discounts[kind]) / total[row], taken / total)

    @classmethod
    def witten_bell(cls, contexts: UInts, symbols: Ints, counts: Ints) -> Self:
        """P = (count + T * P_lower) / (N + T) (Witten & Bell 1991, method C); arguments as in `kneser_ney`."""
        rows, keys, counts, total, types = _arrange(contexts, symbols, counts)
        return cls(rows, keys, counts / (total + types)[keys >> SYMBOL_BITS], types / (total + types))

    def raise_(self, lower: Floats, contexts: UInts, symbols: Ints) -> Floats:
        """P(symbol | context) of n events, from their probability one level below; all (n,)."""
        if not len(self.contexts):
            return lower
        row = _find(self.contexts, contexts)
        seen = self.contexts[row] == contexts
        key = row << SYMBOL_BITS | symbols
        entry = _find(self.keys, key)
        share = np.where(self.keys[entry] == key, self.share[entry], 0.0)
        return np.where(seen, share + self.rest[row] * lower, lower)

    def spread(self, lower: Floats, context: np.uint64, alphabet: Ints) -> Floats:
        """The whole distribution of one context, from the one below it.

        lower: (A + 1,), probability of each symbol of the sorted `alphabet` (A,), and, last, that of each single
        symbol outside it. Every symbol of this level must be in the alphabet.
        """
        row = int(self.contexts.searchsorted(context))
        if row == len(self.contexts) or self.contexts[row] != context:
            return lower
        first = int(self.keys.searchsorted(row << SYMBOL_BITS))
        last = int(self.keys.searchsorted((row + 1) << SYMBOL_BITS))
        symbols = self.keys[first:last] & ((1 << SYMBOL_BITS) - 1)
        result = lower * self.rest[row]
        result[alphabet.searchsorted(symbols)] += self.share[first:last]
        return result


def distinct(contexts: UInts, symbols: Ints, weights: Ints | None = None) -> tuple[Ints, Ints]:
    """Index of some event of each distinct (context, symbol), and their number or summed weights.

    Events in NO_CONTEXT are left out. One sort of hashes, whatever the alphabet.
    """
    valid = np.flatnonzero(contexts != NO_CONTEXT)
    hashed = join(contexts[valid], symbols[valid])
    order = np.argsort(hashed)
    hashed, order = hashed[order], valid[order]
    starts = np.flatnonzero(np.concatenate([[True], hashed[1:] != hashed[:-1]])[: len(hashed)])
    if weights is None:
        return order[starts], np.diff(starts, append=len(order))
    return order[starts], np.add.reduceat(weights[order], starts) if len(starts) else starts


def _discounts(counts: Ints, n_discounts: int) -> Floats:
    """What is taken off a count of 1, ..., `n_discounts` (and of higher ones as off the last).

    With Y = n1 / (n1 + 2 n2) and n_c pairs counted c times, d_c = c - (c + 1) Y n_{c+1} / n_c (Chen & Goodman 1999,
    equation 26); d_1 is Y (Ney, Essen & Kneser 1994). Where n_c = 0 the formula gives nothing, and with a d_c of
    zero unseen symbols would be impossible: then Y stands for it, and for Y one half.
    """
    n = np.bincount(np.minimum(counts, 5), minlength=6)
    y = n[1] / (n[1] + 2 * n[2]) if n[1] else 0.5
    if n_discounts == 1:
        return np.array([y])
    d = [c - (c + 1) * y * n[c + 1] / n[c] if n[c] else 0.0 for c in range(1, n_discounts + 1)]
    return np.array([x if x > 0 else y for x in d])


def _arrange(contexts: UInts, symbols: Ints, counts: Ints) -> tuple[UInts, Ints, Ints, Floats, Ints]:
    """Contexts sorted (c,), keys sorted (e,), counts in the order of the keys, and N and T of each context."""
    rows, row = np.unique(contexts, return_inverse=True)
    keys = row.astype(np.int64) << SYMBOL_BITS | symbols
    order = np.argsort(keys)
    total = np.bincount(row, counts, len(rows)).astype(np.float64)
    return rows, keys[order], counts[order], total, np.bincount(row, minlength=len(rows)).astype(np.int64)


def _find(table: npt.NDArray, wanted: npt.NDArray) -> npt.NDArray[np.intp]:
    """Where each wanted value is in the sorted table if it is there at all; always a valid index."""
    return np.minimum(np.searchsorted(table, wanted), len(table) - 1)
