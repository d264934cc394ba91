"""How fast this project is, beside PyTorch and other people's tokenizers doing the same work, in turns.

For who works on this project: it is not installed, so that `python -m benchmarks` is typed in the repository. Tests
compare results with the same PyTorch code. It imports experiments/ and numpygpt; docs/making comes in.
"""

from experiments import cli as cli  # before NumPy is imported
