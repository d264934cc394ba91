"""Generating text: one token at a time, with keys and values of earlier positions kept."""

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from numpygpt.errors import UserError
from numpygpt.models import GPT
from numpygpt.nn.functional import Array
from numpygpt.streams import generator
from numpygpt.tokenizers import Tokenizer

MIN_DECODED, MAX_DECODED = 64, 1024  # tokens that are decoded together in `stream`


class Stepper:
    """Feeds tokens to a model one at a time and tells what it expects next; a batch of sequences in step.

    When the window of block_size positions is full, its last half is kept and recomputed at positions 0 onwards,
    as in evaluation: learned positions do not allow a window to slide. The same tokens give the same bits, as
    every call runs the same path.
    """

    def __init__(self, model: GPT, batch: int = 1) -> None:
        self.model = model.eval()
        self.kept = model.config.block_size // 2
        self.caches = model.new_cache(batch)
        self.window = np.zeros((batch, model.config.block_size), np.intp)  # the tokens in the caches
        self.length = 0

    def feed(self, ids: Array) -> Array:
        """Logits (B, V) for the token after ids (B,), which follow all tokens fed before."""
        if self.length == self.window.shape[1]:
            self._refill(self.window[:, self.length - self.kept :].copy())
        logits = self.model.step(ids, self.caches, self.length)
        self.window[:, self.length] = ids
        self.length += 1
        return logits

    def feed_all(self, ids: Array) -> Array:
        """Logits (B, V) after a first text ids (B, n), n at least 1, in one go; what does not count is skipped."""
        block_size = self.window.shape[1]
        stride = block_size - self.kept
        n_windows_past = max(0, -(-(ids.shape[1] - block_size) // stride))
        return self._refill(ids[:, n_windows_past * stride :])

    def _refill(self, ids: Array) -> Array:
        self.length = ids.shape[1]
        self.window[:, : self.length] = ids
        return self.model.prefill(ids, self.caches) if self.length else np.empty(0)


def generate(
    model: GPT, prompt: Array, n_tokens: int, rng: np.random.Generator, **settings: Any
) -> Iterator[Array]:
    """Yields n_tokens times the next token of each sequence, ids (B,), after prompts (B, n) of equal length.

    The same batch and rng give the same ids. A sequence alone may come out differently from the same one in a
    batch: sequences share rng, and BLAS rounds otherwise. settings: as of `sample`. Raises UserError for those out
    of range or an empty prompt.
    """
    if prompt.ndim != 2 or prompt.shape[1] == 0:
        raise UserError("the prompt is empty; it must have at least one token")
    stepper = Stepper(model, len(prompt))
    logits = stepper.feed_all(prompt)
    for i in range(n_tokens):
        ids = sample(logits, rng, **settings)
        yield ids
        if i + 1 < n_tokens:
            logits = stepper.feed(ids)


def sample(
    logits: Array,
    rng: np.random.Generator,
    *,
    temperature: float = 1.0,
    top_k: int | None = None,
    top_p: float | None = None,
) -> Array:
    """One token for each row of logits (B, V): ids (B,).

    Logits are divided by `temperature`; 0 takes the likeliest token. top_k keeps the k likeliest tokens; top_p
    keeps the fewest whose probabilities reach p (Holtzman et al. 2020, section 3.1). Both may be given: k first.
    Raises UserError for settings out of range.
    """
    if not temperature >= 0:
        raise UserError(f"temperature is {temperature}; it must be 0 or above")
    if top_k is not None and top_k < 1:
        raise UserError(f"top_k is {top_k}; it must be at least 1")
    if top_p is not None and not 0 < top_p <= 1:
        raise UserError(f"top_p is {top_p}; it must be above 0 and at most 1")
    if temperature == 0:
        return logits.argmax(axis=-1)
    scaled = logits / np.float64(temperature)
    if top_k is not None and top_k < scaled.shape[1]:
        kth = np.partition(scaled, -top_k, axis=-1)[:, -top_k, None]
        scaled[scaled < kth] = -np.inf
    scaled -= np.maximum.reduce(scaled, axis=-1, keepdims=True)
    p = np.exp(scaled, out=scaled)
    if top_p is not None:
        p /= p.sum(axis=-1, keepdims=True)
        p = _nucleus(p, top_p)
    cumulative = np.add.accumulate(p, axis=-1, out=p)
    draws = rng.random((len(p), 1)) * cumulative[:, -1:]
    # the first token whose share of [0, 1) ends beyond the draw
    return np.array([row.searchsorted(draw[0], "right") for row, draw in zip(cumulative, draws, strict=True)])


def _nucleus(p: Array, top_p: float) -> Array:
    """p (B, V) with every token set to 0 that the likelier ones make superfluous."""
    order = np.argsort(-p, axis=-1, kind="stable")
    falling = np.take_along_axis(p, order, axis=-1)
    falling[:, 1:][falling.cumsum(axis=-1)[:, :-1] >= top_p] = 0
    kept = np.empty_like(p)
    np.put_along_axis(kept, order, falling, axis=-1)
    return kept


def prompt_ids(tokenizer: Tokenizer, prompt: str) -> Array:
    """ids (n,). Raises UserError if the prompt has no token."""
    ids = tokenizer.encode(prompt)
    if not len(ids):
        raise UserError(f"the prompt {prompt!r} has no token under this tokenizer: give it some text")
    return ids


def sample_ids(
    model: GPT, prompt: Array, n_tokens: int, seed: int, number: int = 0, **settings: Any
) -> Iterator[int]:
    """The ids of sample `number` after the prompt (n,), one by one; each sample has random numbers of its own."""
    for ids in generate(model, prompt[None, :], n_tokens, generator(seed, "sample", number), **settings):
        yield int(ids[0])


def stream(tokenizer: Tokenizer, prompt: Array, ids: Iterable[int]) -> Iterator[str]:
    """The text after the prompt in pieces, as soon as no further token can change them.

    A character may come in several byte tokens, and a word's spacing may hang on the next one: so the last
    tokens are always decoded together, and what the next token leaves as it was is given out.
    """
    latest = prompt.tolist()
    before = tokenizer.decode(latest)
    done = len(before)
    for id in ids:
        if len(latest) > 2 * MIN_DECODED:
            later = _shortened(tokenizer, latest)
            shorter = tokenizer.decode(later)
            if before.endswith(shorter) and len(before) - done <= len(shorter):
                latest, done, before = later, len(shorter) - (len(before) - done), shorter
        latest.append(id)
        text = tokenizer.decode(latest)
        differing = (i for i, (old, new) in enumerate(zip(before, text, strict=False)) if old != new)
        unchanged = next(differing, min(len(before), len(text)))
        steady = min(unchanged, len(text.rstrip("\ufffd")))  # the next byte may complete it
        if steady > done:
            yield text[done:steady]
            done = steady
        before = text
    yield before[done:]


def _shortened(tokenizer: Tokenizer, ids: list[int]) -> list[int]:
    """The last tokens, if possible from a line break on, where a word tokenizer forgets open quotes."""
    breaks = [at for at in range(1, len(ids) - MIN_DECODED) if tokenizer.decode([ids[at]]).endswith("\n")]
    if breaks:
        return ids[breaks[-1] :]
    return ids[-MIN_DECODED:] if len(ids) > MAX_DECODED else ids
