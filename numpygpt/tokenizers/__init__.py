"""Tokenizers: characters, words, BPE with and without byte fallback, bytes; and those of other libraries.

tokenizer = create("bpe", vocab_size=2048)
tokenizer.train(text)
ids = tokenizer.encode(text)
assert tokenizer.decode(ids) == text
tokenizer.save("tokenizer.json");  tokenizer = load("tokenizer.json")

base      the contract that all share     registry  from a name or a file to a tokenizer
char, word, word_lossless, byte, bpe/     ours (case: marks for capitals)
foreign/                                  other libraries' and the user's own, under the same contract
to_hf     ours as files of Hugging Face's library

It knows nothing of models or corpora. Measures, runs and commands come in, and whoever wants a tokenizer alone.
"""

from numpygpt.tokenizers.base import UNK, Tokenizer
from numpygpt.tokenizers.registry import ALL_KINDS, KINDS, create, from_dict, load
