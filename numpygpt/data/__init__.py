"""Data: corpora (found, checked, split), their token files, and batches of tokens.

sources  find a corpus: `resolve`            corpus   read and split one
tokens   its ids, memory-mapped              batches  windows of ids
cache    the folder where all of that is kept, and the locks in it
catalogues  the text of that name, out of a wheel

It imports nothing of the other rooms: a tokenizer comes in as anything that encodes. Runs, documents and examples
come in.
"""

from numpygpt.data.corpus import Corpus, Part
from numpygpt.data.sources import CorpusUnavailable, resolve
