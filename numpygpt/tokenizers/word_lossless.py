"""Words without loss: what `WordTokenizer` drops is told by further tokens, but only where a reader would be wrong.

A text is words in lower case and what stands between them: a *separator* such as `, ` or `.` with two newlines,
one token if it is frequent. What a reader expects is not said:

* between two words stands one space;
* a word is spelled as it mostly is (`Romeo`, `I`, `the`), with a capital behind separators that mostly have one
  behind them. Marks say otherwise: capital, all capitals, no capital.

Words outside of the vocabulary are spelled, with tokens for a first character and for those that follow; unknown
characters, and unknown separators, in bytes. The ids together tell every text; no id does by itself.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, count
from typing import Any

import numpy as np
import regex

from numpygpt.errors import UserError
from numpygpt.tokenizers.base import Tokenizer, checked_int
from numpygpt.tokenizers.bpe.merging import learn_merges
from numpygpt.tokenizers.case import capitalised, lower, upper
from numpygpt.tokenizers.pretokenize import Cache, Splitter
from numpygpt.tokenizers.unicode import check_text, training_chunks

# A piece is a separator and the word behind it; a word ends wherever another character follows.
PIECES = Splitter(r"[^\w]*+[\w]++|[^\w]++", r"(?<=[\w])(?=[^\w])")
WORD_START = regex.compile(r"[\w]")
CASES = regex.compile("C?s+|C+(?=Cs)|C+")  # C: a capital, s: any other character
SPACE, NOTHING = " ", ""  # between words: what is expected, where it must be said all the same; and no space
MOST_PIECES, PIECE_FREQ = 2000, 10
LONGEST = 16  # characters of a separator that is one token
# How a word may be spelled: as it mostly is, so with a capital; and as the three marks say.
USUAL, EXPECTED, CAPITAL, UPPER, SMALL = range(5)
MARKS = {CAPITAL: "<capital>", UPPER: "<upper>", SMALL: "<small>"}
LEARNED = ("separators", "capitalising", "words", "alphabet")
SILENT, SEPARATOR, WORD, CONTINUATION = range(4)  # what an id is; specials and marks are silent


class LosslessWordTokenizer(Tokenizer):
    """Words that occur at least `min_freq` times, whatever their case, the most frequent first and among equals by
    code points, cut off where `vocab_size` is reached; and separators and characters that occur as often.

    Ids in order: specials, marks, separators, words, characters to begin a word, to continue one, bytes.
    """

    kind = "word-lossless"
    meets_unknown = False
    losses = ""

    def __init__(
        self, *, min_freq: int = 2, vocab_size: int | None = None, specials: Sequence[str] | None = None
    ):
        super().__init__(specials=specials)
        self.min_freq = checked_int("min_freq", min_freq, 1)
        self.wanted_vocab_size = vocab_size
        if vocab_size is not None:
            self.wanted_vocab_size = checked_int("vocab_size", vocab_size, len(self.specials) + 261)

    # ------------------------------------------------------------------ training

    def train(self, text: str | Iterable[str]) -> None:
        pieces = [(*_parts(piece), n) for piece, n in PIECES.count(training_chunks(text)).items()]
        separators: Counter[str] = Counter()
        capitals: Counter[str] = Counter()  # behind a separator: words with a capital less those without
        words: Counter[str] = Counter()
        characters: Counter[str] = Counter()
        for separator, word, n in pieces:
            key, first = lower(word), word[:1]
            separators[separator] += n
            capitals[separator] += n * ((first != lower(first)) - (first != upper(first)))
            words[key] += n
            for character in key:
                characters[character] += n
        del words[""]
        known = [s for s in self._frequent(separators) if s not in (SPACE, NOTHING) and len(s) <= LONGEST]
        capitalising = [s for s in known if capitals[s] > 0]
        alphabet = "".join(sorted(self._frequent(characters)))
        chosen = self._frequent(words)[: self._room_for_words(2 + len(known) + 2 * len(alphabet))]
        spellings: dict[str, Counter[str]] = {key: Counter() for key in chosen}
        for separator, word, n in pieces:
            key = lower(word)
            if key in spellings and not (separator in capitalising and word == capitalised(key)):
                spellings[key][word] += n
        rare = Counter({self._spelled(alphabet, key): n for key, n in words.items() if key not in spellings and set(key) <= set(alphabet)})
        merges = learn_merges(rare, 2 * len(alphabet), MOST_PIECES, PIECE_FREQ)
        usual = [min(((-n, word) for word, n in spellings[key].items()), default=(0, key))[1] for key in chosen]
        self._set([SPACE, NOTHING, *known], capitalising, usual, alphabet, merges)

    def _frequent(self, counts: Counter[str]) -> list[str]:
        return sorted((x for x, n in counts.items() if n >= self.min_freq), key=lambda x: (-counts[x], x))

    def _room_for_words(self, others: int) -> int | None:
        if self.wanted_vocab_size is None:
            return None
        needed = len(self.specials) + len(MARKS) + others + 256
        if needed > self.wanted_vocab_size:
            raise UserError(
                f"vocab_size={self.wanted_vocab_size} is too small: marks, separators, characters and bytes take "
                f"{needed}: raise it, or raise min_freq"
            )
        return self.wanted_vocab_size - needed

    def _set(self, separators: list[str], capitalising: list[str], words: list[str], alphabet: str, merges: list[str]) -> None:
        """Derive everything from what was learned; `words` as they are usually spelled."""
        self._parts_learned = dict(zip(LEARNED, (separators, capitalising, words, alphabet), strict=True))
        self._longest = max(map(len, separators))
        ids = count(len(self.specials) + len(MARKS))
        self._id_of_separator = {s: next(ids) for s in separators}
        self._id_of_word = {lower(word): next(ids) for word in words}
        self._first_piece = next(ids)
        pieces = [*alphabet, *alphabet]
        begins = [True] * len(alphabet) + [False] * len(alphabet)
        for left, right in merges:
            pieces.append(pieces[ord(left)] + pieces[ord(right)])
            begins.append(begins[ord(left)])
        self._first_byte = self._first_piece + len(pieces)
        self._merges = merges
        self._alphabet = alphabet
        self._capitalising = {self._id_of_separator[s] for s in capitalising}
        texts = [*separators, *words, *pieces]
        self._forms = [("",) * 5] * (len(self.specials) + len(MARKS)) + [_forms(text) for text in texts]
        bytes_ = [bytes([byte]) for byte in range(256)]
        self._told = [[form.encode() for form in forms] for forms in self._forms] + [[b] * 5 for b in bytes_]
        self._roles = [SILENT] * (len(self.specials) + len(MARKS)) + [SEPARATOR] * len(separators)
        self._roles += [WORD] * len(words) + [WORD if b else CONTINUATION for b in begins] + [CONTINUATION] * 256
        self._set_vocabulary([b"" for _ in MARKS] + [text.encode() for text in texts] + bytes_)
        self._ids_of_piece = Cache(self._encode_piece)

    # ------------------------------------------------------------------ encoding

    def encode(self, text: str) -> np.ndarray:
        self._require_trained()
        pieces = PIECES.split(check_text(text))
        first = self._encode_piece(pieces[0], first=True) if pieces else []
        rest = map(self._ids_of_piece.__getitem__, pieces[1:])
        return np.fromiter(chain(first, chain.from_iterable(rest)), np.int32)

    def _encode_piece(self, piece: str, first: bool = False) -> list[int]:
        """The ids of a separator and the word behind it, which follow another word or are the text's first."""
        separator, word = _parts(piece)
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
            for end in range(min(start + self._longest, len(text)), start, -1):
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
            ids, forms = [id], self._forms[id]
        elif set(key) <= set(self._alphabet):
            symbols = self._spelled(self._alphabet, key)
            for symbol, pair in enumerate(self._merges, 2 * len(self._alphabet)):
                symbols = symbols.replace(pair, chr(symbol))
            ids, forms = [self._first_piece + ord(s) for s in symbols], _forms(key)
        else:  # case is in the bytes
            return [id for c in word for id in self._bytes(c)]
        if word == forms[EXPECTED if after_capitalising else USUAL]:
            return ids
        for mark in MARKS:
            if word == forms[mark]:
                return [len(self.specials) + mark - CAPITAL, *ids]
        first, *rest = _case_runs(word)
        ids = self._spell_word(first, after_capitalising)
        for part in rest:
            ids += [self._id_of_separator[NOTHING], *self._spell_word(part)]
        return ids

    @staticmethod
    def _spelled(alphabet: str, key: str) -> str:
        return "".join(chr(alphabet.index(c) + len(alphabet) * (at > 0)) for at, c in enumerate(key))

    def _bytes(self, character: str) -> list[int]:
        return [self._first_byte + byte for byte in character.encode()]

    # ------------------------------------------------------------------ and back

    def stretches(self, ids: Iterable[int] | np.ndarray) -> list[bytes]:
        """As in the contract: marks stand for nothing, words for the space before them, too."""
        return list(self._told_by(self._checked_ids(ids).tolist()))

    def _told_by(self, ids: Iterable[int]) -> Iterator[bytes]:
        follows_word, form, form_inside = False, USUAL, USUAL  # of the word that comes; inside the word before
        for id in ids:
            role, told = self._roles[id], self._told[id]
            if role == WORD:
                yield b" " + told[form] if follows_word else told[form]
                form, form_inside = USUAL, UPPER if form == UPPER else USUAL
            elif role == CONTINUATION:
                yield told[form_inside]
                form = USUAL
            else:
                yield told[USUAL]
                if role == SEPARATOR:
                    form, form_inside = EXPECTED if id in self._capitalising else USUAL, USUAL
                elif id >= len(self.specials):
                    form = CAPITAL + id - len(self.specials)
            follows_word = role in (WORD, CONTINUATION) or (follows_word and role == SILENT)

    def decode(self, ids: Iterable[int] | np.ndarray) -> str:
        checked = self._checked_ids(ids).tolist()
        told = (self._printed[id] if id < len(self.specials) else s for id, s in zip(checked, self._told_by(checked), strict=True))
        return b"".join(told).decode("utf-8", errors="replace")

    def spans(self, text: str) -> tuple[np.ndarray, np.ndarray]:
        ids = self.encode(text)
        return ids, np.cumsum(np.fromiter(map(len, self._told_by(ids.tolist())), np.int64))

    def token(self, id: int) -> str:
        """The id for a reader: characters with an ellipsis where the word goes on; marks, and no space, by name."""
        own, n_silent = super().token(id), len(self.specials) + len(MARKS)
        if id < n_silent:
            return [*self.specials, *MARKS.values()][id]
        if id in self._id_of_first.values():
            return own + "\N{HORIZONTAL ELLIPSIS}"
        return own and "\N{HORIZONTAL ELLIPSIS}" * (self._roles[id] == CONTINUATION) + own or "<no space>"

    # ------------------------------------------------------------------ files

    def _options(self) -> dict[str, Any]:
        return {"min_freq": self.min_freq, "vocab_size": self.wanted_vocab_size}

    def _learned(self) -> dict[str, Any]:
        return self._parts_learned

    def _restore(self, learned: dict[str, Any]) -> None:
        self._set(*(learned[name] for name in LEARNED))


def _parts(piece: str) -> tuple[str, str]:
    """A piece as separator and word; either may be empty."""
    at = match.start() if (match := WORD_START.search(piece)) else len(piece)
    return piece[:at], piece[at:]


def _forms(word: str) -> tuple[str, ...]:
    """A word in each of the forms above."""
    key = lower(word)
    return word, capitalised(word), capitalised(key), upper(key), key


def _case_runs(word: str) -> list[str]:
    """A word of mixed case cut into parts that are each small, capitalised or all capitals: `get`, `HTML`, `Page`."""
    mask = "".join("s" if c == lower(c) else "C" for c in word)
    return [word[match.start() : match.end()] for match in CASES.finditer(mask)]
