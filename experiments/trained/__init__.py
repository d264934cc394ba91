"""What is done with a finished run: texts written, scored and compressed, weights exported, tokens shown.

It imports configuration/ and numpygpt; the doors come in, and runner/ for what a run computes in the same way.
"""
