"""Text that a trained model writes, and how fast."""

import time
from dataclasses import dataclass
from typing import Any

import numpy as np

from experiments.configuration.schema import RunConfig, SampleConfig
from experiments.runner.texts import Texts
from numpygpt.generation import generate, sample_ids
from numpygpt.measures.text.generated import chars_in_500_tokens
from numpygpt.models import GPT
from numpygpt.streams import generator
from numpygpt.tokenizers import Tokenizer


@dataclass(frozen=True)
class Samples:
    """Continuations of the prompt, without it, of `tokens` tokens each."""

    prompt: str
    texts: list[str]
    tokens: int
    seconds: float  # that the first one took, alone

    def page(self) -> str:
        """samples.txt."""
        return "".join(f"--- sample {n} ---\n{self.prompt}{text}\n" for n, text in enumerate(self.texts, 1))

    def result(self) -> dict[str, Any]:
        """Keys of result.json."""
        return {
            "chars_in_500_tokens": chars_in_500_tokens(self.texts, self.tokens),
            "tokens_per_second_generated": self.tokens / self.seconds,
            "chars_per_second_generated": len(self.texts[0]) / self.seconds,
        }


def draw_samples(config: RunConfig, texts: Texts, model: GPT) -> Samples:
    """`sample.number` samples: the first one alone, which is timed, the others together."""
    settings = config.sample
    prompt = texts.tokenizer.encode(settings.prompt)
    if not len(prompt):  # an imported tokenizer may drop newlines; that is no reason to fail when all is done
        prompt = np.asarray(texts.val.ids[:1])
    started = time.perf_counter()
    first = sample_ids(model, prompt, settings.tokens, config.seed, **_options(settings))
    drawn = [list(first)]
    seconds = time.perf_counter() - started
    if settings.number > 1:
        prompts = np.repeat(prompt[None, :], settings.number - 1, axis=0)
        rng = generator(config.seed, "sample", 1)
        rows = generate(model, prompts, settings.tokens, rng, **_options(settings))
        drawn += np.stack(list(rows), axis=1).tolist()
    written = [continuation(texts.tokenizer, prompt, ids) for ids in drawn]
    return Samples(settings.prompt, written, settings.tokens, seconds)


def _options(settings: SampleConfig) -> dict[str, Any]:
    return {"temperature": settings.temperature, "top_k": settings.top_k, "top_p": settings.top_p}


def continuation(tokenizer: Tokenizer, prompt: np.ndarray, ids: list[int]) -> str:
    """The text of `ids` as it stands after the prompt: what precedes may decide about a space."""
    before = tokenizer.decode(prompt)
    text = tokenizer.decode([*prompt.tolist(), *ids])
    if text.startswith(before):
        return text[len(before) :]
    words, at = "".join(before.split()), 0  # what follows has moved a space of the prompt
    while words and at < len(text):
        words, at = words[text[at] == words[0] :], at + 1
    return text[at:]
