"""Measures of generated text, and the same measures of real text to hold them against."""

import re
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from numpygpt.measures.bits.mixing import Ints, UInts, join, mix
from numpygpt.tokenizers.unicode import PROSE_WORDS, code_points

NGRAMS = (3, 4, 5)
LEAST_COPIED = 20  # characters: shorter stretches in common are chance, and are not marked as copied
BETWEEN = "\U0010ffff"  # samples, when they are looked through together: no character, so in no training text
# Possessive, and a name begins with no blank: or a line of blanks would take the square of its length.
_HEADING = re.compile(r"(?:\A|\n[^\S\n]*+\n)[^\S\n]*+([^\s:][^\n:]{0,59}?)[^\S\n]*+:[^\S\n]*+(?=\n|\Z)")
# Several samples taken together, by the keys of result.json, which docs/METRICS.md defines. Shares are of
# occurrences, between 0 and 1; None: there was nothing to judge. Words are compared without regard to case.
Measures = dict[str, float | int | None]


def chars_in_500_tokens(samples: Sequence[str], n_tokens: int) -> float:
    """Characters that 500 generated tokens come to, from samples of `n_tokens` tokens each."""
    return 500 * sum(map(len, samples)) / (n_tokens * len(samples))


class Reference:
    """What generated text is held against: the words, speakers and n-grams of a corpus, gathered once."""

    def __init__(self, train_text: str, val_text: str) -> None:
        self.val_text = val_text
        train = _Words(train_text)
        self._words = set(train.words)
        self._speakers = set(headings(train_text))
        self._grams = {n: np.unique(train.grams(n)) for n in NGRAMS}
        self._held_out = {n: np.unique(_Words(val_text).grams(n)) for n in NGRAMS}
        self._windows = _Windows(train_text)

    def measure(self, samples: Sequence[str], n_chars: int | None = None) -> Measures:
        """The samples of one run, taken together; with `n_chars` the first so many characters of each."""
        return self._measure([sample[:n_chars] for sample in samples], self._held_out)

    def highlights(self, sample: str) -> dict[str, Any]:
        """What `measure` counts in one sample: an entry of samples.json, but for its text.

        n_words, and marks, each from a character to before another: words that the training text does not have
        ("foreign"), headings of speakers that it has ("speaker") and has not ("stranger"), and all that lies in
        stretches of LEAST_COPIED characters and more that stand in it ("copied").
        """
        words = list(PROSE_WORDS.finditer(sample))
        named: dict[bool, list[tuple[int, int]]] = {True: [], False: []}
        for heading in _HEADING.finditer(sample):
            named[_plain(heading[1]) in self._speakers].append(heading.span(1))
        marks = {
            "foreign": [word.span() for word in words if word[0].lower() not in self._words],
            "speaker": named[True],
            "stranger": named[False] if self._speakers else [],
            "copied": self._windows.shared(sample),
        }
        return {"n_words": len(words), "marks": marks}

    def human(self, n_chars: int, n_samples: int = 3) -> Measures:
        """The same of real text: passages of the validation text, spread over it, each after a blank line.

        What counts as held out is then the rest of the validation text, so that no passage is found in itself.
        With a text too short for so many passages there are fewer, at least one.
        """
        text, rest, passages, at = self.val_text, [], [], 0
        n_samples = max(1, min(n_samples, 3 * len(text) // (4 * max(n_chars, 1))))
        for start in (number * len(text) // n_samples for number in range(n_samples)):
            blank = text.find("\n\n", start, start + len(text) // (4 * n_samples))
            start = blank + 2 if start and blank >= 0 else start
            rest.append(text[at:start])
            at = start + n_chars
            passages.append(text[start:at])
        rest.append(text[at:])
        held_out = {n: np.unique(np.concatenate([_Words(piece).grams(n) for piece in rest])) for n in NGRAMS}
        return self._measure(passages, held_out)

    def _measure(self, samples: list[str], held_out: dict[int, UInts]) -> Measures:
        texts = [_Words(sample) for sample in samples]
        found = [heading for sample in samples for heading in headings(sample)]
        grams = {n: np.concatenate([text.grams(n) for text in texts]) for n in range(1, NGRAMS[-1] + 1)}
        return {
            "n_samples": len(samples),
            "chars_per_sample": sum(map(len, samples)) / len(samples),
            "word_share": _share([word in self._words for text in texts for word in text.words]),
            "n_headings": len(found),
            "speaker_share": _share([heading in self._speakers for heading in found if self._speakers]),
            **{f"ngram{n}_train": _share(_in(grams[n], self._grams[n])) for n in NGRAMS},
            **{f"ngram{n}_heldout": _share(_in(grams[n], held_out[n])) for n in NGRAMS},
            "longest_copied_chars": len(self._windows.longest_shared(BETWEEN.join(samples))),
            **{f"distinct_{n}": _distinct(grams[n]) for n in (1, 2, 3)},
        }


class _Words:
    """The words of a text in lower case, and its word n-grams as hashes (good within one process)."""

    def __init__(self, text: str) -> None:
        self.words = [word.lower() for word in PROSE_WORDS.findall(text)]
        self._hashes = np.array([hash(word) for word in self.words], np.int64).astype(np.uint64)

    def grams(self, n: int) -> UInts:
        """Of each run of n words: (words - n + 1,), or none."""
        grams = mix(self._hashes)
        for more in range(1, n):
            grams = join(grams[:-1], self._hashes[more:])
        return grams


class _Windows:
    """Hashes of all windows of any length of a text: differences of the prefix sums of a polynomial."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._tables: dict[int, UInts] = {}
        base = 0xD6E8FEB86659FD93
        powers = np.cumprod(np.full(len(text), base, np.uint64))
        # Dividing by the power at a window's start makes its hash the same wherever it stands.
        self._inverses = np.cumprod(np.full(len(text), pow(base, -1, 1 << 64), np.uint64))
        self._sums = np.zeros(len(text) + 1, np.uint64)
        np.cumsum(mix(code_points(text).astype(np.uint64)) * powers, out=self._sums[1:])

    def hashes(self, starts: Ints, length: int) -> UInts:
        """Of the windows of `length` characters at `starts`, (k,) each."""
        sums = self._sums[starts + length] - self._sums[starts]
        return (sums * self._inverses[starts]).astype(np.uint64, copy=False)

    def longest_shared(self, other: str) -> str:
        """The longest stretch of `other` that also stands in the text, the first of them if there are several.

        If a stretch of some length does, so does one of every lesser length: so it is found by bisection. Where no
        window of some length matched no longer one can, and the text is not looked at again there.
        """
        theirs, places = _Windows(other), np.arange(len(self.text))
        best, at, most = 0, 0, len(other)
        length = min(16, most)
        while best < most:
            wanted = theirs.hashes(np.arange(len(other) - length + 1), length)
            fitting = places[places + length <= len(self.text)]
            found = self.hashes(fitting, length)
            matching = _in(found, np.unique(wanted))
            if matching.any():
                best, places = length, fitting[matching]
                at = int(np.argmax(_in(wanted, np.unique(found[matching]))))
            else:
                most = length - 1
            length = min(max(2 * best, 1), (best + most + 1) // 2)
        return other[at : at + best]

    def _table(self, length: int) -> UInts:
        """The hashes of all windows of a length, sorted: made once."""
        if length not in self._tables:
            starts = np.arange(max(0, len(self.text) - length + 1))
            self._tables[length] = np.unique(self.hashes(starts, length))
        return self._tables[length]

    def shared(self, other: str, length: int = LEAST_COPIED) -> list[tuple[int, int]]:
        """The stretches of `other` that its windows of `length` cover, those that also stand in the text."""
        wanted = _Windows(other).hashes(np.arange(max(0, len(other) - length + 1)), length)
        stretches: list[tuple[int, int]] = []
        for start in np.flatnonzero(_in(wanted, self._table(length))).tolist():
            first = stretches.pop()[0] if stretches and start < stretches[-1][1] else start
            stretches.append((first, start + length))
        return stretches


def _in(values: UInts, table: UInts) -> npt.NDArray[np.bool_]:
    """Which values are in a sorted table."""
    if not len(table):
        return np.zeros(len(values), bool)
    return table[np.minimum(np.searchsorted(table, values), len(table) - 1)] == values


def _share(hits: Sequence[bool] | npt.NDArray[np.bool_]) -> float | None:
    return float(np.mean(hits)) if len(hits) else None


def _distinct(grams: UInts) -> float | None:
    return len(np.unique(grams)) / len(grams) if len(grams) else None


def headings(text: str) -> list[str]:
    """Speaker headings: what stands before a colon that ends the text's first line or a line after an empty one.

    In lower case, spaces evened out.
    """
    return [_plain(match) for match in _HEADING.findall(text)]


def _plain(heading: str) -> str:
    return " ".join(heading.lower().split())
