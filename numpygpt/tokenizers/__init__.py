"""Tokenizers: characters, words, BPE with and without byte fallback, bytes; and those of other libraries.

tokenizer = create("bpe", vocab_size=2048)
tokenizer.train(text)
ids = tokenizer.encode(text)
assert tokenizer.decode(ids) == text
tokenizer.save("tokenizer.json");  tokenizer = load("tokenizer.json")
"""

from numpygpt.tokenizers.base import UNK, Tokenizer
from numpygpt.tokenizers.bpe.bpe import BPETokenizer
from numpygpt.tokenizers.bpe.bytefallback import ByteFallbackBPETokenizer
from numpygpt.tokenizers.bpe.bytelevel import ByteLevelBPETokenizer
from numpygpt.tokenizers.byte import ByteTokenizer
from numpygpt.tokenizers.char import CharTokenizer
from numpygpt.tokenizers.registry import ALL_KINDS, KINDS, create, from_dict, load, option_names
from numpygpt.tokenizers.word import WordTokenizer

__all__ = [
    "ALL_KINDS",
    "KINDS",
    "UNK",
    "BPETokenizer",
    "ByteFallbackBPETokenizer",
    "ByteLevelBPETokenizer",
    "ByteTokenizer",
    "CharTokenizer",
    "Tokenizer",
    "WordTokenizer",
    "create",
    "from_dict",
    "load",
    "option_names",
]
