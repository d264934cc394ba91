"""Tokenizers that other libraries or the user bring: their files, under this project's contract.

contract  what the kinds share: nothing that a file says of itself is believed, everything is tried out (probes)
hf, sentencepiece, tiktoken, custom    one kind each; extras reads their files and imports their libraries

It imports what all tokenizers share, and of bpe how it writes bytes; the registry comes in.
"""
