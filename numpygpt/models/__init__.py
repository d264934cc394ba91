"""The GPT decoder."""

from numpygpt.models.gpt import GPT, GPTConfig, NoDraws

__all__ = ["GPT", "GPTConfig", "NoDraws"]
