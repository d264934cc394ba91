"""Text that a trained model writes, how fast, and what it is like: samples.txt, samples.json."""

import functools
import time
from typing import Any

import numpy as np

from experiments.configuration.schema import RunConfig
from experiments.runner.measures import excerpts
from experiments.runner.texts import Texts
from numpygpt.files import replacing
from numpygpt.generation import generate, sample_ids
from numpygpt.measures.text.generated import LEAST_COPIED, Reference, chars_in_500_tokens
from numpygpt.models import GPT
from numpygpt.runs import RunFolder
from numpygpt.streams import generator
from numpygpt.tokenizers import Tokenizer

SAME_CHARS = 400  # of each sample and of each human passage: what 500 tokens of any tokenizer give


def sample_metrics(config: RunConfig, folder: RunFolder, texts: Texts, model: GPT) -> dict[str, Any]:
    """Keys of result.json on text that the model writes, which samples.txt and samples.json then hold."""
    samples, seconds = draw_samples(config, texts, model)
    prompt, tokens = config.sample.prompt, config.sample.tokens
    with replacing(folder.samples_path) as path:
        page = (f"--- sample {n} ---\n{prompt}{sample}\n" for n, sample in enumerate(samples, 1))
        path.write_text("".join(page), encoding="utf-8", newline="")
    reference, human = _reference(*excerpts(texts.train_part, texts.val_part), len(samples))
    marked = [{"text": sample, **reference.highlights(sample)} for sample in samples]
    folder.write_samples({"prompt": prompt, "least_copied": LEAST_COPIED, "samples": marked})
    return {
        "chars_in_500_tokens": chars_in_500_tokens(samples, tokens),
        "tokens_per_second_generated": tokens / seconds,
        "chars_per_second_generated": len(samples[0]) / seconds,
        "generated": reference.measure(samples, SAME_CHARS),
        "generated_tokens": reference.measure(samples),
        "human": human,
    }


@functools.lru_cache(maxsize=1)
def _reference(train_text: str, val_text: str, n_samples: int) -> tuple[Reference, dict[str, Any]]:
    """What generated text is held against, and the measures of human text: the same for all runs of a sweep."""
    reference = Reference(train_text, val_text)
    return reference, reference.human(SAME_CHARS, n_samples)


def draw_samples(config: RunConfig, texts: Texts, model: GPT) -> tuple[list[str], float]:
    """`sample.number` continuations of the prompt, without it, and the seconds that the first one took, alone."""
    wanted = config.sample
    settings: dict[str, Any] = {key: getattr(wanted, key) for key in ("temperature", "top_k", "top_p")}
    prompt = texts.tokenizer.encode(wanted.prompt)
    if not len(prompt):  # an imported tokenizer may drop newlines; that is no reason to fail when all is done
        prompt = np.asarray(texts.val.ids[:1])
    started = time.perf_counter()
    drawn = [list(sample_ids(model, prompt, wanted.tokens, config.seed, **settings))]
    seconds = time.perf_counter() - started
    if wanted.number > 1:
        prompts = np.repeat(prompt[None, :], wanted.number - 1, axis=0)
        rows = generate(model, prompts, wanted.tokens, generator(config.seed, "sample", 1), **settings)
        drawn += np.stack(list(rows), axis=1).tolist()
    return [continuation(texts.tokenizer, prompt, ids) for ids in drawn], seconds


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
