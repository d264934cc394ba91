"""How fast this project is, beside other people's engines doing the same work, which tests compare with, too.

It imports configuration/ and cli/; benchmark.py comes in.
"""
