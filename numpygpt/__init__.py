"""A GPT in nothing but NumPy, tokenizers to feed it, and measures to compare them honestly."""

__version__ = "0.2.0"
