"""How fast this project is, beside PyTorch and other people's tokenizers doing the same work, in turns.

Tests compare results with the same PyTorch code.

It imports runner/, configuration/ and cli/; benchmark.py comes in.
"""
