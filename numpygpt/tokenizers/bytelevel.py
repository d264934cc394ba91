"""Byte-level BPE, GPT-2's: merges of bytes, so that every text is made of 256 symbols and none is unknown."""

from collections import Counter
from collections.abc import Iterable
from typing import Any

from numpygpt.errors import UserError
from numpygpt.tokenizers.bpe import BPETokenizer


def _printable_bytes() -> dict[int, str]:
    """GPT-2's way to show each byte as a printable character: itself if it is one, else one from U+0100 on."""
    printable = [*range(ord("!"), ord("~") + 1), *range(0xA1, 0xAC + 1), *range(0xAE, 0xFF + 1)]
    others = [byte for byte in range(256) if byte not in printable]
    return {byte: chr(byte) for byte in printable} | {byte: chr(256 + i) for i, byte in enumerate(others)}


CHARACTER_OF_BYTE = _printable_bytes()
BYTE_OF_CHARACTER = {ord(character): byte for byte, character in CHARACTER_OF_BYTE.items()}


class ByteLevelBPETokenizer(BPETokenizer):
    """BPE over the bytes of UTF-8. Ids in order: specials, the 256 bytes in GPT-2's order, merges as learned.

    Files show bytes as GPT-2's do (a space as `Ġ`), so that the merges are those of its merges.txt.
    """

    kind = "bpe-bytelevel"
    meets_unknown = False
    losses = ""

    def _choose_alphabet(self, counts: Counter[str]) -> Iterable[str]:
        return CHARACTER_OF_BYTE.values()

    def _view(self, piece: str) -> str:
        return piece.encode().decode("latin-1").translate(CHARACTER_OF_BYTE)

    def _bytes_of_view(self, view: str) -> bytes:
        return view.translate(BYTE_OF_CHARACTER).encode("latin-1")

    def _restore(self, learned: dict[str, Any]) -> None:
        if learned.get("alphabet") != "".join(sorted(CHARACTER_OF_BYTE.values())):
            raise UserError("the tokenizer file is damaged: its alphabet is not that of the 256 bytes")
        super()._restore(learned)
