"""Words: runs of letters and digits with their marks, single punctuation marks, and newlines.

Other white space is dropped, and by default case too. What the spaces were is forgotten by the ids but not by
the spans: a dropped space belongs to the stretch of the token after it.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import regex

from numpygpt.errors import UserError
from numpygpt.tokenizers.base import UNK, Tokenizer, checked_int
from numpygpt.tokenizers.pretokenize import BEFORE_SPACE, Cache, Splitter
from numpygpt.tokenizers.spacing import set_line_spacing
from numpygpt.tokenizers.unicode import WORD, byte_offsets, check_text, training_chunks

# A stretch is a token with the dropped spaces before it; spaces that no token follows are the tail.
STRETCHES = Splitter(rf"[^\S\n]*+(?:{WORD}|[^\w\s]|\n)|[^\S\n]++", BEFORE_SPACE)
DROPPED = regex.compile(r"[^\S\n]+")
TAIL = -1


class WordTokenizer(Tokenizer):
    """One token per word, punctuation mark or newline; `<unk>` for the words that are not in the vocabulary.

    The vocabulary holds the words that occur at least `min_freq` times, the most frequent first and among
    equals by code points, cut off where `vocab_size` (specials included) is reached.
    """

    kind = "word"
    meets_unknown = True

    def __init__(
        self,
        *,
        lowercase: bool = True,
        min_freq: int = 2,
        vocab_size: int | None = None,
        specials: Sequence[str] | None = None,
    ):
        super().__init__(specials=specials)
        self.lowercase = lowercase
        self.losses = "loses case, spaces, unknown words" if lowercase else "loses spaces, unknown words"
        self.min_freq = checked_int("min_freq", min_freq, 1)
        least = len(self.specials) + 1
        self.wanted_vocab_size = None if vocab_size is None else checked_int("vocab_size", vocab_size, least)

    @property
    def exact(self) -> np.ndarray:
        """None is: any token may stand for dropped spaces too, and lower-cased ones for capitals."""
        return np.zeros(self.vocab_size, dtype=bool)

    def train(self, text: str | Iterable[str]) -> None:
        counts: Counter[str] = Counter()
        for stretch, count in STRETCHES.count(training_chunks(text)).items():
            counts[self._word(stretch)] += count
        del counts[""]  # the tail is no word
        frequent = [word for word, count in counts.items() if count >= self.min_freq]
        if not frequent:
            raise UserError(
                f"the training text holds no word that occurs at least {self.min_freq} times: "
                "lower min_freq or give it more text"
            )
        frequent.sort(key=lambda word: (-counts[word], word))
        limit = None if self.wanted_vocab_size is None else self.wanted_vocab_size - len(self.specials)
        self._set_words(frequent[:limit])

    def _word(self, stretch: str) -> str:
        """The token that a stretch stands for: without the spaces before it; empty for the tail."""
        word = DROPPED.sub("", stretch)
        return word.lower() if self.lowercase else word

    def _set_words(self, words: list[str]) -> None:
        self._words = words
        self._set_vocabulary(word.encode() for word in words)
        self._id_of_word = {word: id for id, word in enumerate(words, start=len(self.specials))}
        self._id_of_word[""] = TAIL
        self._id_of_stretch = Cache(self._look_up)

    def _look_up(self, stretch: str) -> int:
        return self._id_of_word.get(self._word(stretch), self.special_ids[UNK])

    def _stretches(self, text: str) -> tuple[np.ndarray, np.ndarray]:
        """The ids of the stretches, int32 (n,), and their lengths in characters, int64 (n,); without the tail."""
        self._require_trained()
        stretches = STRETCHES.split(check_text(text))
        n = len(stretches)
        ids = np.fromiter(map(self._id_of_stretch.__getitem__, stretches), np.int32, n)
        lengths = np.fromiter(map(len, stretches), np.int64, n)
        end = -1 if TAIL in ids[-1:] else None
        return ids[:end], lengths[:end]

    def encode(self, text: str) -> np.ndarray:
        return self._stretches(text)[0]

    def spans(self, text: str) -> tuple[np.ndarray, np.ndarray]:
        ids, lengths = self._stretches(text)
        return ids, byte_offsets(text, np.cumsum(lengths))

    def decode(self, ids: Iterable[int] | np.ndarray) -> str:
        """The words of `ids`, with spaces set as English prints them; specials show as their names."""
        return set_line_spacing(self._printed[id].decode() for id in self._checked_ids(ids).tolist())

    def _options(self) -> dict[str, Any]:
        return {"lowercase": self.lowercase, "min_freq": self.min_freq, "vocab_size": self.wanted_vocab_size}

    def _learned(self) -> dict[str, Any]:
        return {"words": self._words}

    def _restore(self, learned: dict[str, Any]) -> None:
        self._set_words(learned["words"])
