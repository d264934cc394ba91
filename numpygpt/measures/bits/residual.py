"""The residual coder: what a tokenizer throws away, in bits.

A tokenizer that drops case or spaces, or that says `<unk>`, gives its model an easier text to predict. The coder
charges for the rest. Given a token z and the source character c before it, it spells the stretch of source x that
the token stands for, one character at a time, and then END:

    bits(x | z, c) = - sum_j log2 q(x_j | z, c, x_1 ... x_{j-1}) - log2 q(END | z, c, x)

so that tokens and residual together are a code from which the text can be read back. Tokens whose stretch always
is their own text cost nothing. q starts uniform over all Unicode scalars and END, and mixes upward (`mixing.Level`)
through levels 1 to 4 of docs/METRICS.md, `bits_per_byte_residual`: spelling, a pointer into z's own text (three
levels), z, and z after c. `<unk>`, other specials, and what follows the last token (the tail) have level 1 alone.
"""

import sys
from collections import Counter
from collections.abc import Hashable, Iterable, Iterator, Sequence
from contextlib import suppress
from typing import Self

import numpy as np
import numpy.typing as npt

from numpygpt.measures.bits.arithmetic import Decoder, Encoder, quantise
from numpygpt.measures.bits.kneser_ney import KneserNey
from numpygpt.measures.bits.mixing import END, N_SCALARS, START, Floats, Level, distinct
from numpygpt.measures.bits.source import TAIL, Source, Stretch
from numpygpt.measures.bits.spelling import N_POINTER_LEVELS, ORDER, Events, Reading, Sequences
from numpygpt.tokenizers.base import Tokenizer

_SURROGATES = range(0xD800, 0xE000)  # code points that are no scalars
_KNOWN = 1 << 21  # frequencies kept while coding: 16 MB
_MOST = 1 << 19  # distinct stretches counted: 1.4 GiB while their levels are made
_UNIFORM = 1 / (N_SCALARS + 1)


class ResidualCoder:
    """Made by `fit`. A lossless tokenizer's has no levels: there is nothing to charge.

    exact: as the tokenizer says, bool (V,).
    alphabet: the symbols that the levels know, END among them, sorted, int64 (A,).
    """

    def __init__(self, tokenizer: Tokenizer) -> None:
        self.tokenizer = tokenizer
        self._own_bytes = [tokenizer.token_bytes(id) for id in range(tokenizer.vocab_size)]
        self.exact = np.asarray(tokenizer.exact, bool)
        self.lossless = bool(tokenizer.lossless)
        self.levels: tuple[Level, ...] = ()
        self.alphabet = np.array([END], np.int64)
        self._longest = 0  # characters of a stretch that was counted
        self._known: dict[Hashable, npt.NDArray[np.int64]] = {}

    @classmethod
    def fit(cls, tokenizer: Tokenizer, train_text: str) -> Self:
        """Fit on the training text alone."""
        return cls.fit_pieces(tokenizer, [Source(train_text, *tokenizer.spans(train_text))])

    @classmethod
    def fit_pieces(cls, tokenizer: Tokenizer, pieces: Iterable[Source]) -> Self:
        """Fit on a training text that comes in pieces, of which one at a time is looked at.

        Each begins where the one before it ends, with that one's last character as its `before`; only the last one
        has a tail. Whenever more than 524,288 distinct (z, x, c) have been counted, the rarer half is forgotten, so
        that memory does not grow with the text (lossy counting, after Manku & Motwani 2002).
        """
        coder = cls(tokenizer)
        if coder.lossless:
            return coder
        occurrences: Counter[Stretch] = Counter()
        spelled: set[str] = set()
        for source in pieces:
            exact = coder.exact[source.ids]
            occurrences.update(source.stretches(np.flatnonzero(~exact)))
            if len(occurrences) > _MOST:
                occurrences = Counter(dict(occurrences.most_common(_MOST // 2)))
            spelled |= coder._texts(np.unique(source.ids[exact]).tolist())
            if source.tail:
                spelled.add(source.tail)
        spelled |= {x for _, x, _ in occurrences}
        coder._longest = max((len(x) for _, x, _ in occurrences), default=0)
        coder.alphabet = np.array([*sorted(map(ord, set().union(*spelled))), END], np.int64)
        speller = Sequences(sorted(spelled))
        spelling = KneserNey(speller.symbols, speller.history, ORDER, _UNIFORM)
        coder.levels = (*spelling.below, spelling.top[-1], *coder._pointers(occurrences))
        return coder

    def _texts(self, ids: Sequence[int]) -> set[str]:
        """The stretches of exact ids: their own texts, but for those that are only a part of a character."""
        texts = set()
        for id in ids:
            with suppress(UnicodeDecodeError):
                texts.add((self._own_bytes[id] or b"").decode())
        return texts - {""}

    def _pointers(self, occurrences: Counter[Stretch]) -> Iterator[Level]:
        """Levels 2 to 4, from the occurrences of each (z, x, c)."""
        events = self._events(list(occurrences))
        symbols = events.sequences.symbols
        times = np.array(list(occurrences.values()), np.int64)[events.sequences.owner]
        for number, contexts in enumerate(events.pointing()):
            weights = None if number < N_POINTER_LEVELS else times
            some, counts = distinct(contexts, symbols, weights)
            yield Level.witten_bell(contexts[some], symbols[some], counts)

    def _events(self, stretches: Sequence[Stretch]) -> Events:
        return Events(stretches, [self._own(z) for z, _, _ in stretches])

    def _own(self, z: int) -> str | None:
        """The text that the pointer points into."""
        own = None if z == TAIL else self._own_bytes[z]
        return None if own is None else own.decode("utf-8", "replace")

    def charges(self, z: int) -> bool:
        """Whether token z (or TAIL) may cost anything."""
        return not (self.lossless if z == TAIL else self.exact[z])

    def bits(self, source: Source) -> tuple[Floats, float]:
        """Bits of the stretch of each token of a text or of a piece of one, float64 (n,), and of the tail.

        AssertionError: an exact token's stretch is not what the ids tell.
        """
        source.check(self.tokenizer.stretches(source.ids), self.exact)
        bits = np.zeros(len(source.ids))
        if self.lossless:
            assert not source.tail, "a lossless tokenizer left a tail"
            return bits, 0.0
        charged = np.flatnonzero(~self.exact[source.ids])
        numbers: dict[Stretch, int] = {}
        stretches = (*source.stretches(charged), source.tail_stretch)
        which = [numbers.setdefault(stretch, len(numbers)) for stretch in stretches]
        costs = self.stretch_bits(list(numbers))[which]
        bits[charged] = costs[:-1]
        return bits, float(costs[-1])

    def stretch_bits(self, stretches: Sequence[Stretch]) -> Floats:
        """-log2 q of whole stretches, END included, of tokens that are not exact: float64 (k,)."""
        events = self._events(stretches)
        symbols = events.sequences.symbols
        p = np.full(len(symbols), _UNIFORM)
        for level, contexts in zip(self.levels, events.contexts(), strict=True):
            p = level.raise_(p, contexts, symbols)
        p[symbols == START] = 1.0
        return np.bincount(events.sequences.owner, -np.log2(p), len(stretches)).astype(np.float64)

    def reading(self, z: int, c: str) -> Reading:
        """The stretch of token z after source character c, of which nothing was read yet."""
        return Reading(z, c, self._own(z), self._longest)

    def distribution(self, reading: Reading) -> Floats:
        """q of the next symbol, (A + 1,): of each symbol of `alphabet`, then of all other scalars together."""
        p = np.full(len(self.alphabet) + 1, _UNIFORM)
        for level, context in zip(self.levels, reading.contexts(), strict=True):
            p = level.spread(p, context, self.alphabet)
        p[-1] *= N_SCALARS + 1 - len(self.alphabet)
        return p

    def _frequencies(self, reading: Reading) -> npt.NDArray[np.int64]:
        """The distribution in integers; the latest are kept, for texts repeat themselves."""
        key = reading.key
        if key not in self._known:
            if len(self._known) * len(self.alphabet) >= _KNOWN:
                self._known.clear()
            self._known[key] = quantise(self.distribution(reading))
        return self._known[key]

    def encode(self, encoder: Encoder, z: int, x: str, c: str) -> None:
        """Write the stretch x of token z (or TAIL) after source character c; nothing where nothing is charged.

        A character outside the alphabet is an escape and then one of all scalars alike, which costs at most
        log2(1 + A / 1,112,064) bits more than q says.
        """
        if not self.charges(z):
            return
        reading = self.reading(z, c)
        for symbol in [*map(ord, x), END]:
            frequencies = self._frequencies(reading)
            index = int(np.searchsorted(self.alphabet, symbol))
            if index < len(self.alphabet) and self.alphabet[index] == symbol:
                encoder.encode(index, frequencies)
            else:
                encoder.encode(len(self.alphabet), frequencies)
                scalar = symbol - len(_SURROGATES) * (symbol >= _SURROGATES.start)  # its number among them
                encoder.encode_range(scalar, 1, N_SCALARS)
            if symbol != END:
                reading.read(chr(symbol))

    def decode(self, decoder: Decoder, z: int, c: str, longest: int = sys.maxsize) -> str:
        """Read back the stretch that `encode` wrote for token z (or TAIL); empty where nothing is charged.

        ValueError: it has more than `longest` characters, as damaged data may seem to.
        """
        x: list[str] = []
        reading = self.reading(z, c)
        while self.charges(z):
            if len(x) > longest:
                raise ValueError(f"a stretch of source has more than {longest} characters: damaged data")
            index = decoder.decode(self._frequencies(reading))
            if index == len(self.alphabet):
                scalar = decoder.target(N_SCALARS)
                decoder.consume(scalar, 1, N_SCALARS)
                x.append(chr(scalar + len(_SURROGATES) * (scalar >= _SURROGATES.start)))
            elif self.alphabet[index] == END:
                break
            else:
                x.append(chr(int(self.alphabet[index])))
            reading.read(x[-1])
        return "".join(x)
