"""Stretches of source as sequences of symbols, each with its contexts on the levels of the residual coder."""

from collections.abc import Hashable, Iterator, Sequence
from itertools import chain

import numpy as np
import numpy.typing as npt

from numpygpt.measures.bits.kneser_ney import contexts_of
from numpygpt.measures.bits.mixing import END, NO_CONTEXT, START, Ints, UInts, join, mix
from numpygpt.measures.bits.source import Stretch
from numpygpt.tokenizers.unicode import code_points

ORDER = 6
N_POINTER_LEVELS = 3
BASE = 0xD6E8FEB86659FD93  # of the hashes of prefixes, polynomials modulo 2**64


class Sequences:
    """Strings laid end to end, each as START, its characters, END: m symbols in all.

    symbols: code points, START or END, (m,).   first, last: where each string's START and END stand, (k,).
    owner: the number of the string that each symbol belongs to, (m,).   place: its distance from START, (m,).
    """

    def __init__(self, strings: Sequence[str]) -> None:
        lengths = np.array([len(x) + 2 for x in strings], np.int64)
        self.last = np.cumsum(lengths) - 1
        self.first = self.last - lengths + 1
        self.symbols = code_points("".join(f" {x} " for x in strings)).astype(np.int64)
        self.symbols[self.first], self.symbols[self.last] = START, END
        self.owner = np.repeat(np.arange(len(strings)), lengths)
        self.place = np.arange(len(self.symbols)) - self.first[self.owner]

    @property
    def history(self) -> Ints:
        """For `KneserNey`: START is context and is not predicted."""
        return np.where(self.place == 0, -1, self.place)


class Events:
    """The m symbols of k stretches, and what their contexts are made of.

    before: the source, with the character before each stretch in the place of its START, (m,).   pointed: what the
    pointer points at, (m,).   prefixes: hashes of what stands before each symbol, START included, (m,).
    tokens: the stretches' tokens, (k,); preceding: the source characters before them, (k,); points: those with a
    text of their own, (k,).
    """

    def __init__(self, stretches: Sequence[Stretch], own: Sequence[str | None]) -> None:
        """`own`: the text of each stretch's token, None if it has none and is spelled without pointer."""
        spelled = [x for _, x, _ in stretches]
        self.sequences = Sequences(spelled)
        self.prefixes = _prefixes(self.sequences)
        self.tokens = np.array([z for z, _, _ in stretches], np.int64)
        self.preceding = code_points("".join(c for _, _, c in stretches)).astype(np.int64)
        self.before = self.sequences.symbols.copy()
        self.before[self.sequences.first] = self.preceding
        self.pointed = np.fromiter(chain.from_iterable(map(_pointed, own, spelled)), np.int64)
        self.points = np.array([text is not None for text in own], bool)

    def pointing(self) -> Iterator[UInts]:
        """Contexts of the three levels of the pointer, then of the token, then of it and the character before."""
        s = self.sequences
        points = self.points[s.owner]

        def where(place: int, hashed: UInts) -> UInts:
            return np.where(points & (s.place >= place), hashed, NO_CONTEXT)

        hashed = join(np.ones(len(s.symbols), np.uint64), self.pointed)
        yield where(1, hashed)
        hashed = join(hashed, np.roll(self.before, 1))
        yield where(1, hashed)
        yield where(2, join(hashed, np.roll(self.before, 2)))
        hashed = join(self.prefixes, self.tokens[s.owner])
        yield where(1, hashed)
        yield where(1, join(hashed, self.preceding[s.owner]))

    def contexts(self) -> Iterator[UInts]:
        """Of all levels, lowest first, (m,) each. At START those of spelling are NO_CONTEXT."""
        s = self.sequences
        return chain(contexts_of(s.symbols, s.history, ORDER), self.pointing())


def _pointed(own: str | None, x: str) -> list[int]:
    """What the pointer into the token's own text points at, at START, each character of x, and END: len(x) + 2.

    It points at END after the text's last character. It moves on when the source has the character it points at,
    or has it after lower-casing.
    """
    if own is None:
        return [END] * (len(x) + 2)
    ahead, at, pointed = [*map(ord, own), END], 0, [END]
    for character in x:
        pointed.append(ahead[at])
        at = _moved(own, at, character)
    return [*pointed, ahead[at]]


def _moved(own: str, at: int, character: str) -> int:
    """Where the pointer points after a character of the source, if it pointed at place `at` of the own text."""
    for form in (character, character.lower()):
        if own.startswith(form, at):
            return at + len(form)
    return at


class Reading:
    """A stretch of token z after source character c, read one character at a time, each at the same cost.

    key: all that the next symbol depends on. After more than `longest` characters no level knows the prefix.
    """

    def __init__(self, z: int, c: str, own: str | None, longest: int) -> None:
        self._after, self._own, self._longest = (z, c), own, longest
        self._recent, self._length, self._at = "", 0, 0
        self._power = np.array([BASE], np.uint64)
        self._prefix = _mixed([START]) * self._power

    def read(self, character: str) -> None:
        self._recent = (self._recent + character)[-ORDER:]
        if self._own is not None:
            self._at = _moved(self._own, self._at, character)
            self._length += 1
            self._power = self._power * np.uint64(BASE)
            self._prefix = self._prefix + _mixed([ord(character)]) * self._power

    @property
    def key(self) -> Hashable:
        if self._own is None:
            return self._recent
        prefix = int(self._prefix[0]) if self._length <= self._longest else None
        return self._after, self._recent, self._at, prefix

    def contexts(self) -> list[np.uint64]:
        """Those that `Events` has at END of what was read."""
        z, c = self._after
        events = Events([(z, self._recent, c)], [self._own])
        events.pointed[:] = ord(self._own[self._at]) if self._own and self._at < len(self._own) else END
        events.prefixes[:] = self._prefix
        return [context[-1] for context in events.contexts()]


def _prefixes(s: Sequences) -> UInts:
    """Hash of the symbols of the same string that stand before each symbol: a polynomial in an odd base."""
    powers = np.cumprod(np.full(int(s.place.max(initial=0)) + 1, BASE, np.uint64))
    terms = _mixed(s.symbols) * powers[s.place]
    sums = np.cumsum(terms) - terms
    return sums - sums[s.first][s.owner]


def _mixed(symbols: npt.ArrayLike) -> UInts:
    return mix(np.asarray(symbols, np.uint64) + np.uint64(1))
