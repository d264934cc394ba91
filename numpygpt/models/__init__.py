"""The GPT decoder."""

from numpygpt.models.gpt import GPT, GPTConfig

__all__ = ["GPT", "GPTConfig"]
