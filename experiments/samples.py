"""Text that a trained model writes, and how fast."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from experiments.config import RunConfig, SampleConfig
from experiments.texts import Texts
from numpygpt.errors import UserError
from numpygpt.generation import generate
from numpygpt.models import GPT
from numpygpt.streams import generator
from numpygpt.tokenizers import Tokenizer

TOKENS_OF_THE_TABLE = 500  # "characters in 500 generated tokens"


@dataclass(frozen=True)
class Samples:
    """Continuations of the prompt, without it; `seconds` is what they took together."""

    prompt: str
    texts: list[str]
    tokens: int
    seconds: float

    def page(self) -> str:
        """samples.txt."""
        return "".join(f"--- sample {n} ---\n{self.prompt}{text}\n" for n, text in enumerate(self.texts, 1))

    def result(self) -> dict[str, Any]:
        """Keys of result.json."""
        chars = sum(map(len, self.texts))
        tokens = self.tokens * len(self.texts)
        return {
            "chars_in_500_tokens": chars / tokens * TOKENS_OF_THE_TABLE,
            "tokens_per_second_generated": tokens / self.seconds,
            "chars_per_second_generated": chars / self.seconds,
        }


def draw_samples(config: RunConfig, texts: Texts, model: GPT) -> Samples:
    """`sample.number` samples, one after the other, each from a random stream of its own."""
    settings = config.sample
    prompt = prompt_ids(texts.tokenizer, settings.prompt)
    started, drawn = time.perf_counter(), []
    for number in range(settings.number):
        ids = list(sampled_ids(model, prompt, settings, config.seed, number))
        drawn.append(continuation(texts.tokenizer, prompt, ids))
    return Samples(settings.prompt, drawn, settings.tokens, time.perf_counter() - started)


def prompt_ids(tokenizer: Tokenizer, prompt: str) -> np.ndarray:
    """ids (n,). Raises UserError if the prompt has no token."""
    ids = tokenizer.encode(prompt)
    if not len(ids):
        raise UserError(f"the prompt {prompt!r} has no token under this tokenizer: give it some text")
    return ids


def sampled_ids(
    model: GPT, prompt: np.ndarray, settings: SampleConfig, seed: int, number: int
) -> Iterator[int]:
    """Ids of sample `number`, one by one."""
    rng = generator(seed, "sample", number)
    options = {"temperature": settings.temperature, "top_k": settings.top_k, "top_p": settings.top_p}
    for ids in generate(model, prompt[None, :], settings.tokens, rng, **options):  # type: ignore[arg-type]
        yield int(ids[0])


def continuation(tokenizer: Tokenizer, prompt: np.ndarray, ids: list[int]) -> str:
    """The text of `ids` as it stands after the prompt: what precedes may decide about a space."""
    before = tokenizer.decode(prompt)
    text = tokenizer.decode([*prompt.tolist(), *ids])
    return text.removeprefix(before)
