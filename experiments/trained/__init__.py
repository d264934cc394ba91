"""What is done with finished runs: texts scored and compressed, tokenizers shown and audited.

It imports configuration/, cli/ and numpygpt; the doors come in, and runner/ for what a run does in the same way.
"""
