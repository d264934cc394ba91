"""Byte-level BPE, GPT-2's: merges of bytes, so that every text is made of 256 symbols and none is unknown."""

from collections import Counter
from typing import Any

from numpygpt.tokenizers.bpe.bpe import BPETokenizer

# GPT-2's way to show each byte as a printable character: itself if it is one, else one from U+0100 on.
PRINTABLE = {byte: chr(byte) for byte in (*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100))}
OTHERS = [byte for byte in range(256) if byte not in PRINTABLE]
PRINTABLE |= {byte: chr(256 + i) for i, byte in enumerate(OTHERS)}
# GPT-2 numbers the bytes in the order of the characters that show them.
ALPHABET = "".join(chr(byte) for byte in sorted(range(256), key=PRINTABLE.__getitem__))
PRINTABLE_ALPHABET = ALPHABET.translate(PRINTABLE)


class ByteLevelBPETokenizer(BPETokenizer):
    """BPE over the bytes of UTF-8. Ids in order: specials, the 256 bytes in GPT-2's order, merges as learned.

    Inside, a byte is the character of the same number (Latin-1). Files show bytes as GPT-2's do, a space as `Ġ`.
    """

    kind = "bpe-bytelevel"
    meets_unknown = False
    losses = ""
    least_alphabet = 256
    remedy = "raise it"

    def _choose_alphabet(self, counts: Counter[str]) -> str:
        return ALPHABET

    def _view(self, piece: str) -> str:
        view = super()._view(piece)
        return view if view.isascii() else super()._bytes_of_view(view).decode("latin-1")

    def _bytes_of_view(self, view: str) -> bytes:
        return view.encode("latin-1")

    def _learned(self) -> dict[str, Any]:
        pairs = super()._learned()["merges"]
        return {"merges": [[view.translate(PRINTABLE) for view in pair] for pair in pairs]}

    def _restore(self, learned: dict[str, Any]) -> None:
        self._set_merges(ALPHABET, self._symbol_pairs(PRINTABLE_ALPHABET, learned["merges"]))
