"""Byte-pair encoding: over characters, with byte fallback, over bytes. All learn by `merging`.

It imports what all tokenizers share; the registry comes in.
"""

from numpygpt.tokenizers.bpe.bpe import BPETokenizer
from numpygpt.tokenizers.bpe.bytefallback import ByteFallbackBPETokenizer
from numpygpt.tokenizers.bpe.bytelevel import ByteLevelBPETokenizer

__all__ = ["BPETokenizer", "ByteFallbackBPETokenizer", "ByteLevelBPETokenizer"]
