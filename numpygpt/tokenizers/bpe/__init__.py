"""Byte-pair encoding: over characters, with byte fallback, over bytes. All learn by `merging`.

It imports what all tokenizers share; the registry comes in.
"""
