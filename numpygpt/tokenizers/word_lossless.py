"""Words without loss: what `WordTokenizer` drops is told by further tokens, but only where a reader would be wrong.

A text is words in lower case and what stands between them: a *separator* such as `, ` or `.` with two newlines,
one token if it is frequent. What a reader expects is not said:

* between two words stands one space;
* a word is spelled as it mostly is (`Romeo`, `I`, `the`), with a capital behind separators that mostly have one
  behind them. Marks say otherwise: capital, all capitals, no capital.

Words outside of the vocabulary are spelled in pieces, a first one and those that follow: characters, and merges of
them as of BPE, but learned from the rare words alone. Unknown characters come in bytes. The ids together tell every
text; no id does by itself.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import chain, pairwise
from typing import Any

import numpy as np
import regex

from numpygpt.errors import UserError
from numpygpt.tokenizers.base import Tokenizer, checked_int
from numpygpt.tokenizers.bpe.merging import MAX_SYMBOLS, learn_merges
from numpygpt.tokenizers.case import capitalised, lower, parts_by_case, upper
from numpygpt.tokenizers.pretokenize import Cache, Splitter, count_characters
from numpygpt.tokenizers.unicode import check_text, training_chunks

# What is encoded at a time: a separator and the word behind it. A word ends wherever another character follows.
UNITS = Splitter(r"[^\w]*+[\w]++|[^\w]++", r"(?<=[\w])(?=[^\w])")
PARTS: Any = regex.compile(r"([^\w]*+)([\w]*+)")  # either may be empty
SPACE, NOTHING = " ", ""  # between words: what is expected, where it must be said all the same; and no space
LONGEST = 16  # characters of a separator that is one token
# How a word may be spelled: as it mostly is, so with a capital; and as the three marks say.
USUAL, EXPECTED, CAPITAL, UPPER, SMALL = range(5)
MARKS = {CAPITAL: "<capital>", UPPER: "<upper>", SMALL: "<small>"}
SILENT, SEPARATOR, WORD, CONTINUATION = range(4)  # what an id is; specials and marks are silent
LEARNED = ("separators", "capitalising", "words", "alphabet", "merges")


class LosslessWordTokenizer(Tokenizer):
    """Words, whatever their case, separators and characters that occur at least `min_freq` times, the most frequent
    first and among equals by code points; merges twice as frequent in the other words. If `vocab_size` is a limit,
    separators and words together take at most three quarters of what characters and bytes leave.

    Ids in order: specials, marks, separators, words, characters to begin a word, to continue one, merges, bytes.
    """

    kind = "word-lossless"
    meets_unknown = False
    losses = ""

    def __init__(
        self, *, min_freq: int = 10, vocab_size: int | None = None, specials: Sequence[str] | None = None
    ):
        super().__init__(specials=specials)
        self.min_freq = checked_int("min_freq", min_freq, 1)
        self._n_silent = len(self.specials) + len(MARKS)
        least = self._n_silent + 258
        self.wanted_vocab_size = None if vocab_size is None else checked_int("vocab_size", vocab_size, least)

    def train(self, text: str | Iterable[str]) -> None:
        units = [(*PARTS.match(unit).groups(), n) for unit, n in UNITS.count(training_chunks(text)).items()]
        separators: Counter[str] = Counter()
        capitals: Counter[str] = Counter()  # behind a separator: words with a capital less those without
        words: Counter[str] = Counter()
        for separator, word, n in units:
            separators[separator] += n
            capitals[separator] += n * ((word[:1] != lower(word[:1])) - (word[:1] != upper(word[:1])))
            words[lower(word)] += n
        del words[""]
        alphabet = "".join(sorted(self._frequent(count_characters(words))))
        separators |= count_characters(separators)  # each sign alone, too
        separators = Counter({s: n for s, n in separators.items() if len(s) <= LONGEST})
        del separators[SPACE], separators[NOTHING]
        room = (self.wanted_vocab_size or MAX_SYMBOLS) - self._n_silent - 2 * len(alphabet) - 258
        if room < 0:
            raise UserError(f"vocab_size must be {-room} larger with these characters, or min_freq be larger")
        whole = self._frequent(separators | words)[: 3 * room // 4]
        known, chosen = [x for x in whole if x in separators], [x for x in whole if x in words]
        capitalising = [s for s in known if capitals[s] > 0]
        spellings: dict[str, Counter[str]] = {word: Counter({word: 0}) for word in chosen}
        for separator, word, n in units:
            is_expected = capitals[separator] > 0 and word == capitalised(lower(word))
            if lower(word) in spellings and not is_expected:
                spellings[lower(word)][word] += n
        usual = [min((-n, word) for word, n in spellings[key].items())[1] for key in chosen]
        rest = ((_spelled(word, alphabet), n) for word, n in words.items() if word not in spellings)
        rare = {symbols: n for symbols, n in rest if symbols is not None}
        merges = learn_merges(rare, 2 * len(alphabet), room - len(whole), 2 * self.min_freq)
        self._set([SPACE, NOTHING, *known], capitalising, usual, alphabet, [[*map(ord, m)] for m in merges])

    def _frequent(self, counts: Counter[str]) -> list[str]:
        return sorted((x for x, n in counts.items() if n >= self.min_freq), key=lambda x: (-counts[x], x))

    def _set(self, *learned: Any) -> None:
        """Derive everything from what was learned: words as they are usually spelled, merges as symbols."""
        self._kept = dict(zip(LEARNED, learned, strict=True))
        separators, capitalising, self._words, self._alphabet, merges = learned
        pieces = [*self._alphabet, *self._alphabet]
        roles = [WORD] * len(self._alphabet) + [CONTINUATION] * len(self._alphabet)
        self._merges: dict[str, str] = {}
        for left, right in merges:
            self._merges[chr(left) + chr(right)] = chr(len(pieces))
            pieces.append(pieces[left] + pieces[right])
            roles.append(roles[left])
        self._first_word = self._n_silent + len(separators)
        self._first_piece = self._first_word + len(self._words)
        self._first_byte = self._first_piece + len(pieces)
        self._id_of_separator = {s: id for id, s in enumerate(separators, self._n_silent)}
        self._id_of_word = {lower(word): id for id, word in enumerate(self._words, self._first_word)}
        self._capitalising = {self._id_of_separator[s] for s in capitalising}
        self._roles = [SILENT] * self._n_silent + [SEPARATOR] * len(separators) + [WORD] * len(self._words)
        self._roles += [*roles, *([CONTINUATION] * 256)]
        self._told = [[b""] * 5] * self._n_silent  # in each form
        self._told += [[form.encode() for form in _forms(s)] for s in (*separators, *self._words, *pieces)]
        self._told += [[bytes([byte])] * 5 for byte in range(256)]
        self._set_vocabulary(told[USUAL] for told in self._told[len(self.specials) :])
        self._ids_of_unit = Cache(self._encode_unit)

    def encode(self, text: str) -> np.ndarray:
        self._require_trained()
        units = UNITS.split(check_text(text))
        first = self._encode_unit(units[0], first=True) if units else []
        rest = map(self._ids_of_unit.__getitem__, units[1:])
        return np.fromiter(chain(first, chain.from_iterable(rest)), np.int32)

    def _encode_unit(self, unit: str, first: bool = False) -> list[int]:
        """The ids of a separator and the word behind it, which follow another word or are the text's first."""
        separator, word = PARTS.match(unit).groups()
        ids = self._spell_separator(separator)
        spelled = self._spell_word(word, bool(ids) and ids[-1] in self._capitalising) if word else []
        begins = bool(spelled) and self._roles[spelled[0]] != CONTINUATION
        if begins and separator == SPACE and not first:
            return spelled
        if begins and ids and ids[-1] >= self._first_byte:  # bytes, behind which a space would be expected
            ids.append(self._id_of_separator[NOTHING])
        return ids + spelled

    def _spell_separator(self, text: str) -> list[int]:
        """Known separators, from left to right the longest, and in bytes the characters that begin none."""
        ids, start = [], 0
        while start < len(text):
            for end in range(min(start + LONGEST, len(text)), start, -1):
                if (id := self._id_of_separator.get(text[start:end])) is not None:
                    ids.append(id)
                    break
            else:  # `end` is that of one character
                ids += self._bytes(text[start])
            start = end
        return ids

    def _spell_word(self, word: str, after_capitalising: bool = False) -> list[int]:
        key = lower(word)
        if (id := self._id_of_word.get(key)) is not None:
            ids, forms = [id], _forms(self._words[id - self._first_word])
        elif (symbols := _spelled(key, self._alphabet)) is not None:
            while pairs := self._merges.keys() & set(map("".join, pairwise(symbols))):
                first = min(pairs, key=self._merges.__getitem__)  # the pair that was merged first in training
                symbols = symbols.replace(first, self._merges[first])
            ids, forms = [self._first_piece + ord(symbol) for symbol in symbols], _forms(key)
        else:
            return self._bytes(word)  # as it is: marks do not change bytes
        if word == forms[EXPECTED if after_capitalising else USUAL]:
            return ids
        for mark in MARKS:
            if word == forms[mark]:
                return [len(self.specials) + mark - CAPITAL, *ids]
        first, *rest = parts_by_case(word)
        ids = self._spell_word(first, after_capitalising)
        for part in rest:
            ids += [self._id_of_separator[NOTHING], *self._spell_word(part)]
        return ids

    def _bytes(self, text: str) -> list[int]:
        return [self._first_byte + byte for byte in text.encode()]

    def stretches(self, ids: Iterable[int] | np.ndarray) -> list[bytes]:
        """As in the contract: marks stand for nothing, words for the space before them, too."""
        out, follows_word = [], False
        form, inside = USUAL, USUAL  # of the next word, and within the last one
        for id in self._checked_ids(ids).tolist():
            role, told = self._roles[id], self._told[id]
            if role == WORD:
                out.append(b" " + told[form] if follows_word else told[form])
                form, inside = USUAL, UPPER if form == UPPER else USUAL
            elif role == CONTINUATION:
                out.append(told[inside])
                form = USUAL
            else:
                out.append(told[USUAL])
                if role == SEPARATOR:
                    form, inside = EXPECTED if id in self._capitalising else USUAL, USUAL
                elif id >= len(self.specials):
                    form = CAPITAL + id - len(self.specials)
            follows_word = role > SEPARATOR or (follows_word and role == SILENT)
        return out

    def decode(self, ids: Iterable[int] | np.ndarray) -> str:
        checked = self._checked_ids(ids).tolist()
        told = zip(checked, self.stretches(checked), strict=True)
        return self._as_text(b"".join(self._printed[id] if id < len(self.specials) else s for id, s in told))

    def spans(self, text: str) -> tuple[np.ndarray, np.ndarray]:
        ids = self.encode(text)
        return ids, np.cumsum(np.fromiter(map(len, self.stretches(ids)), np.int64))

    def token(self, id: int) -> str:
        """The id for a reader: marks by name, pieces of words with dots where the word goes on, bytes as <0x0A>."""
        own = super().token(id)
        if id < self._n_silent:
            return [*self.specials, *MARKS.values()][id]
        if id >= self._first_byte:
            return f"<0x{id - self._first_byte:02X}>"
        begins, ends = self._roles[id] != CONTINUATION, id < self._first_piece
        return ".." * (not begins) + own + ".." * (not ends and begins) or "<no space>"

    def _options(self) -> dict[str, Any]:
        return {"min_freq": self.min_freq, "vocab_size": self.wanted_vocab_size}

    def _learned(self) -> dict[str, Any]:
        return self._kept

    def _restore(self, learned: dict[str, Any]) -> None:
        self._set(*(learned[name] for name in LEARNED))


def _forms(word: str) -> tuple[str, ...]:
    """A word in each of the forms above."""
    key = lower(word)
    return word, capitalised(word), capitalised(key), upper(key), key


def _spelled(word: str, alphabet: str) -> str | None:
    """A word in symbols, as `merging` has them: of characters to begin with, then of those that follow."""
    places = list(map(alphabet.find, word))
    return None if -1 in places else "".join(chr(p + len(alphabet) * (at > 0)) for at, p in enumerate(places))
