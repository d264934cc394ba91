"""Tokenizers that other libraries or the user bring: their files, under this project's contract.

contract  what the kinds share: nothing that a file says of itself is believed, everything is tried out (probes)
hf, sentencepiece, tiktoken, custom    one kind each; extras reads their files and imports their libraries

It imports what all tokenizers share, and of bpe how it writes bytes and chooses characters; the registry comes in.
"""

from numpygpt.tokenizers.foreign.contract import ForeignTokenizer
from numpygpt.tokenizers.foreign.custom import CustomTokenizer
from numpygpt.tokenizers.foreign.hf import HuggingFaceTokenizer
from numpygpt.tokenizers.foreign.sentencepiece import SentencePieceTokenizer, UnigramTokenizer
from numpygpt.tokenizers.foreign.tiktoken import TiktokenTokenizer

__all__ = [
    "CustomTokenizer",
    "ForeignTokenizer",
    "HuggingFaceTokenizer",
    "SentencePieceTokenizer",
    "TiktokenTokenizer",
    "UnigramTokenizer",
]
