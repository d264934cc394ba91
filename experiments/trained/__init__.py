"""What is done with finished runs: texts written, scored and compressed, weights exported, tokenizers shown.

It imports configuration/, cli/ and numpygpt; the doors come in, and runner/ for what a run does in the same way.
"""
