"""Byte-pair encoding over characters: the training text's characters, and merges of what stands side by side.

Why a token's text determines its id: two occurrences of the same characters that no merge has crossed the ends
of are cut alike after every merge, since merges apply everywhere and from left to right. So no two merges ever
form the same text, the text of a token is encoded as that token, and it is all the same whether encoding
replays all merges in order, looks for the pair that was merged first (Sennrich) or for the two neighbours whose
text is the lowest token (tiktoken). The code does whichever is fastest.
"""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import repeat
from math import isqrt
from operator import add
from typing import Any, ClassVar

import numpy as np

from numpygpt.errors import UserError
from numpygpt.tokenizers.base import UNK, Tokenizer, checked_int
from numpygpt.tokenizers.bpe.merging import MAX_SYMBOLS, learn_merges
from numpygpt.tokenizers.case import CAPITAL, CASES, UPPER, lower, marked, unmarked, with_signs
from numpygpt.tokenizers.pretokenize import Cache, count_characters, splitter
from numpygpt.tokenizers.unicode import check_text, code_points, training_chunks, utf8_widths

NOT_MERGED = MAX_SYMBOLS  # greater than every id
# A piece of n symbols takes time in n**2 if merged pair by pair, and in the number of merges if they are replayed:
# the latter is faster where n**2 is more than this times as large (measured at 2,000 and 5,000 merges).
REPLAY_RATIO = 12


class BPETokenizer(Tokenizer):
    """BPE whose alphabet is the characters of the training text; `<unk>` for all other characters.

    vocab_size  how many ids to aim at, specials and alphabet included; fewer if no pair is left to merge
    pattern     how the text is cut into pieces that no token crosses: a key of pretokenize.PATTERNS
    digits      numbers in groups of 1, 2 or 3 digits, from the left; None: as the pattern takes them
    min_freq    pairs that occur less often are not merged
    case        marks: merges are of text in lower case, in which marks stand before capitals (case.py)

    Ids in order: specials, byte tokens if the kind has any, alphabet by code point, merges as learned. Between
    equally frequent pairs the one with the smaller ids is merged first.
    """

    kind = "bpe"
    meets_unknown = True
    losses = "loses unknown characters"
    least_alphabet: ClassVar[int] = 1
    remedy: ClassVar[str] = "raise it, or take bpe-bytefallback, which spells rare characters as bytes"

    def __init__(
        self,
        *,
        vocab_size: int = 2048,
        pattern: str = "gpt2",
        digits: int | None = None,
        min_freq: int = 2,
        case: str = "kept",
        specials: Sequence[str] | None = None,
    ):
        super().__init__(specials=specials)
        if case not in CASES:
            raise UserError(f"case must be one of {', '.join(CASES)}, not {case!r}")
        self.case, self._has_marks = case, case == "marks"
        self._first_id = len(self.specials) + self.n_byte_tokens  # ids below it are part of no merge
        self.wanted_vocab_size = checked_int("vocab_size", vocab_size, self._first_id + self.least_alphabet)
        if self.wanted_vocab_size > MAX_SYMBOLS:
            raise UserError(f"vocab_size must be at most {MAX_SYMBOLS}, not {vocab_size}")
        self.min_freq = checked_int("min_freq", min_freq, 1)
        self.pattern, self.digits = pattern, digits
        self.splitter = splitter(pattern, digits)

    # ------------------------------------------------------------------ where the kinds of BPE differ

    def _choose_alphabet(self, counts: Counter[str]) -> str:
        """The characters that get an id, in the order of their ids, given how often each occurs."""
        return "".join(sorted({*counts, *((CAPITAL, UPPER) if self._has_marks else ())}))

    def _spell_unknown(self, character: str) -> str:
        """The symbols that stand for a character outside of the alphabet."""
        return chr(self.special_ids[UNK])

    def _view(self, piece: str) -> str:
        """A piece of text in the characters that the alphabet is about."""
        return marked(piece) if self._has_marks else piece

    def _bytes_of_view(self, view: str) -> bytes:
        """The UTF-8 bytes of the text that `_view` shows, marks among them."""
        return view.encode("utf-8", "surrogateescape")

    # ------------------------------------------------------------------ training

    def train(self, text: str | Iterable[str]) -> None:
        pieces: Counter[str] = Counter()
        for piece, count in self.splitter.count(training_chunks(text)).items():
            pieces[self._view(piece)] += count
        alphabet = self._choose_alphabet(count_characters(pieces))
        n_merges = self._room_for_merges(alphabet)
        self._id_of = {character: id for id, character in enumerate(alphabet, start=self._first_id)}
        words: Counter[str] = Counter()
        for piece, count in pieces.items():
            for word in self._mergeable(self._spell(piece)):
                words[word] += count
        first_merge = self._first_id + len(alphabet)
        self._set_merges(alphabet, learn_merges(words, first_merge, n_merges, self.min_freq))

    def _room_for_merges(self, alphabet: str) -> int:
        needed = self._first_id + len(alphabet)
        if self.wanted_vocab_size < needed:
            raise UserError(
                f"vocab_size={self.wanted_vocab_size} is too small: {len(alphabet)} characters, "
                f"{len(self.specials)} specials and {self.n_byte_tokens} byte tokens take at least {needed}: "
                f"{self.remedy}"
            )
        return self.wanted_vocab_size - needed

    def _mergeable(self, symbols: str) -> list[str]:
        """The stretches between the symbols that are part of no merge."""
        if self._first_id == 0:
            return [symbols]
        return re.split(f"[\0-{re.escape(chr(self._first_id - 1))}]+", symbols)

    def _spell(self, parts: Iterable[str]) -> str:
        """The symbols of these parts of a view; those that are no token are single, unknown characters."""
        id_of = self._id_of.get
        return "".join([self._spell_unknown(p) if (id := id_of(p)) is None else chr(id) for p in parts])

    def _set_merges(self, alphabet: str, merges: list[str]) -> None:
        """Derive everything from the alphabet and the merges, each a pair of symbols."""
        self._alphabet = alphabet
        self._merges = merges
        self._views = {chr(id): character for id, character in enumerate(alphabet, start=self._first_id)}
        for id, pair in enumerate(merges, start=self._first_id + len(alphabet)):
            self._views[chr(id)] = self._views[pair[0]] + self._views[pair[1]]
        self._id_of = {view: ord(symbol) for symbol, view in self._views.items()}
        self._longest_by_pairs = isqrt(REPLAY_RATIO * len(merges))
        byte_tokens = [bytes([byte]) for byte in range(self.n_byte_tokens)]
        own = byte_tokens + [self._bytes_of_view(view) for view in self._views.values()]
        self._set_vocabulary(map(unmarked, own) if self._has_marks else own)
        self._printed[len(self.specials) :] = own  # with marks
        self._symbols_of_piece = Cache(self._encode_piece)

    def encode(self, text: str) -> np.ndarray:
        """As in the contract. Inside, ids are characters (see merging.py): the ids are the text's code points."""
        self._require_trained()
        symbols = "".join(map(self._symbols_of_piece.__getitem__, self.splitter.split(check_text(text))))
        return code_points(symbols).astype(np.int32)

    def _encode_piece(self, piece: str) -> str:
        """The symbols of a piece."""
        view = self._view(piece)
        if self._has_marks and self.meets_unknown and not self._id_of.keys() >= set(view):
            view = marked(piece, runs=False)  # as an unknown character would end one
        return self._encode_view(view)

    def _encode_view(self, view: str) -> str:
        if (whole := self._id_of.get(view)) is not None:
            return chr(whole)
        if len(view) > self._longest_by_pairs:
            return self._replay_merges(view)
        return self._merge_neighbours(list(view))

    def _merge_neighbours(self, parts: list[str]) -> str:
        """The symbols of these views: again and again, the lowest token that two neighbours form, leftmost first.

        Half of the time of encoding a new text is spent here, on the words that it has only once or twice.
        """
        id_of = self._id_of.get
        # For each part but the last, the id of what it would form with the next one.
        merged = list(map(id_of, map(add, parts, parts[1:]), repeat(NOT_MERGED)))
        while merged and (first := min(merged)) != NOT_MERGED:
            i = merged.index(first)
            parts[i] += parts.pop(i + 1)
            del merged[i]
            if i > 0:
                merged[i - 1] = id_of(parts[i - 1] + parts[i], NOT_MERGED)
            if i < len(merged):
                merged[i] = id_of(parts[i] + parts[i + 1], NOT_MERGED)
        return self._spell(parts)

    def _replay_merges(self, view: str) -> str:
        """The same for a long piece, faster: all merges in the order of training."""
        symbols = self._spell(view)
        for id, pair in enumerate(self._merges, start=self._first_id + len(self._alphabet)):
            symbols = symbols.replace(pair, chr(id))
        return symbols

    def spans(self, text: str) -> tuple[np.ndarray, np.ndarray]:
        ids = self.encode(text)
        widths = self._widths[ids]
        if self.meets_unknown and (unknown := ids == self.unk_id).any():  # each stands for one character
            points = code_points(lower(text) if self._has_marks else text)
            widths[unknown] = utf8_widths(points[~np.isin(points, code_points(self._alphabet))])
        return ids, np.cumsum(widths)

    def _as_text(self, printed: bytes) -> str:
        return super()._as_text(unmarked(printed) if self._has_marks else printed)

    def stretches(self, ids: Iterable[int] | np.ndarray) -> list[bytes]:
        """As in the contract: marks stand for nothing, and letters change their case but not their width."""
        if not self._has_marks:
            return super().stretches(ids)
        checked = self._checked_ids(ids)
        is_special = checked < len(self.specials)  # such as an unknown character, which ends what a mark says
        printed = [b"\0"] * len(self.specials) + self._printed[len(self.specials) :]
        data = unmarked(b"".join(map(printed.__getitem__, checked.tolist())))
        ends = np.cumsum(np.where(is_special, 1, self._widths[checked])).tolist()
        return [b"" if s else data[a:b] for a, b, s in zip([0, *ends], ends, is_special, strict=False)]

    def token(self, id: int) -> str:
        """As in the contract, with arrows for the marks."""
        shown = super().token(id)
        if self._has_marks and id >= self._first_id:
            return with_signs(self._printed[id]).decode(errors="backslashreplace")
        return shown

    def _options(self) -> dict[str, Any]:
        options = {"vocab_size": self.wanted_vocab_size, "pattern": self.pattern, "min_freq": self.min_freq}
        chosen = {"digits": self.digits, "case": self.case if self._has_marks else None}
        return options | {name: value for name, value in chosen.items() if value is not None}

    def _learned(self) -> dict[str, Any]:
        pairs = [[self._views[symbol] for symbol in pair] for pair in self._merges]
        return {"alphabet": self._alphabet, "merges": pairs}

    def _restore(self, learned: dict[str, Any]) -> None:
        alphabet = learned["alphabet"]
        self._set_merges(alphabet, self._symbol_pairs(alphabet, learned["merges"]))

    def _symbol_pairs(self, alphabet: str, merges: list[list[str]]) -> list[str]:
        """The merges of a file, each two texts, as pairs of symbols."""
        symbol_of = {view: chr(id) for id, view in enumerate(alphabet, start=self._first_id)}
        pairs = []
        for left, right in merges:
            pairs.append(symbol_of[left] + symbol_of[right])
            symbol_of[left + right] = chr(self._first_id + len(symbol_of))
        return pairs
