"""Tokenizers that other libraries or the user bring: their files, under this project's contract."""

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
