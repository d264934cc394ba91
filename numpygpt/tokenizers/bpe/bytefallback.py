"""BPE with byte fallback: rare and unknown characters are spelled as the bytes of their UTF-8 encoding.

As in SentencePiece (Kudo and Richardson 2018, arXiv:1808.06226, option byte_fallback), with one difference:
characters too rare for the alphabet are spelled as bytes in training too, where SentencePiece's training sees
them as unknown. So a model trained on the ids meets byte tokens, if only a few of the 256.
"""

from collections import Counter
from typing import Any

from numpygpt.tokenizers.base import checked_share
from numpygpt.tokenizers.bpe.bpe import BPETokenizer


class ByteFallbackBPETokenizer(BPETokenizer):
    """BPE over the frequent characters, and a token for each byte; byte tokens are part of no merge.

    options             as of `BPETokenizer`
    character_coverage  the share of the training text that the alphabet is to cover: the most frequent
                        characters are taken until it is reached, among equals by code point

    Ids in order: specials, the 256 bytes, alphabet by code point, merges as learned.
    """

    kind = "bpe-bytefallback"
    meets_unknown = False
    losses = ""
    n_byte_tokens = 256
    remedy = "raise it, or lower character_coverage"

    def __init__(self, *, character_coverage: float = 0.9995, **options: Any):
        super().__init__(**options)
        self.character_coverage = checked_share("character_coverage", character_coverage)

    def _choose_alphabet(self, counts: Counter[str]) -> str:
        return most_frequent(counts, self.character_coverage)

    def _spell_unknown(self, character: str) -> str:
        own = character.encode("utf-8", "surrogateescape")
        return "".join(chr(len(self.specials) + byte) for byte in own)

    def _options(self) -> dict[str, Any]:
        return {**super()._options(), "character_coverage": self.character_coverage}


def most_frequent(counts: Counter[str], coverage: float) -> str:
    """The fewest characters that make up the share `coverage` of a text, by code point."""
    missing = coverage * counts.total()
    chosen = []
    for character in sorted(counts, key=lambda character: (-counts[character], character)):
        if missing <= 0:
            break
        missing -= counts[character]
        chosen.append(character)
    return "".join(sorted(chosen))
