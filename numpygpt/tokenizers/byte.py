"""Bytes: the 256 values of UTF-8's bytes are the vocabulary. The floor that all others are measured against."""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from numpygpt.tokenizers.base import Tokenizer
from numpygpt.tokenizers.unicode import check_text, training_chunks


class ByteTokenizer(Tokenizer):
    """One token per byte of the UTF-8 encoding. There is nothing to learn: it is ready without training."""

    kind = "byte"
    meets_unknown = False
    losses = ""

    def __init__(self, *, specials: Sequence[str] | None = None):
        super().__init__(specials=specials)
        self._set_vocabulary(bytes([byte]) for byte in range(256))

    def train(self, text: str | Iterable[str]) -> None:
        """Learn nothing, but refuse the texts that the other kinds refuse."""
        for _ in training_chunks(text):
            pass

    def encode(self, text: str) -> np.ndarray:
        values = np.frombuffer(check_text(text).encode(), dtype=np.uint8)
        return values.astype(np.int32) + np.int32(len(self.specials))

    def token(self, id: int) -> str:
        """The id for a reader; bytes that are no printable ASCII as `<0x0A>`."""
        own = self.token_bytes(id)
        return f"<0x{own[0]:02X}>" if own and not 0x20 < own[0] < 0x7F else super().token(id)

    def _learned(self) -> dict[str, Any]:
        return {}

    def _restore(self, learned: dict[str, Any]) -> None:
        pass
