"""What is done with a finished run: texts written, scored and compressed, weights exported; tokens shown, tokenizers audited.

It imports configuration/, cli/ and numpygpt; the doors come in, and runner/ for what a run does in the same way.
"""
