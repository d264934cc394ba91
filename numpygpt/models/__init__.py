"""The GPT decoder, put together from nn, which alone it imports. Training, generation and commands come in."""

from numpygpt.models.gpt import GPT, GPTConfig, NoDraws
