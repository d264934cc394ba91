"""One run, from a configuration to a finished folder: text, tokenizer, training, scores, measures.

It imports configuration/, trained/ and numpygpt, and analysis/ for the curves; sweeping/ comes in, and score.py.
"""
