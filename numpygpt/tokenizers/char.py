"""Characters: every code point of the training text is a token, in code point order."""

from collections.abc import Iterable
from typing import Any

import numpy as np

from numpygpt.tokenizers.base import Tokenizer
from numpygpt.tokenizers.unicode import check_text, code_points, training_chunks, utf8_widths


class CharTokenizer(Tokenizer):
    """One token per character; `<unk>` for the characters that training did not see."""

    kind = "char"
    meets_unknown = True
    losses = "loses unknown characters"

    def train(self, text: str | Iterable[str]) -> None:
        seen: set[str] = set()
        for chunk in training_chunks(text):
            seen.update(chunk)
        self._set_alphabet("".join(sorted(seen)))

    def _set_alphabet(self, alphabet: str) -> None:
        self._alphabet = alphabet
        self._set_vocabulary(character.encode() for character in alphabet)
        # A table from code point to id, with one entry past the last known code point for all that follow.
        points = code_points(alphabet)
        self._id_of_point = np.full(int(points[-1]) + 2, self.unk_id, dtype=np.int32)
        self._id_of_point[points] = np.arange(len(self.specials), self.vocab_size)

    def encode(self, text: str) -> np.ndarray:
        self._require_trained()
        points = code_points(check_text(text))
        return self._id_of_point[np.minimum(points, len(self._id_of_point) - 1)]

    def spans(self, text: str) -> tuple[np.ndarray, np.ndarray]:
        return self.encode(text), np.cumsum(utf8_widths(code_points(text)))

    def _learned(self) -> dict[str, Any]:
        return {"alphabet": self._alphabet}

    def _restore(self, learned: dict[str, Any]) -> None:
        self._set_alphabet(learned["alphabet"])
