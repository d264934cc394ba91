"""What is done with a finished run: texts written, scored and compressed, weights exported; tokenizers looked at.

It imports configuration/, cli/ and numpygpt; the doors come in, and runner/ for what a run does in the same way.
"""
