"""Values that no run could use, refused before any work: one sentence with key, value and what it may be."""

import math
import re
from collections.abc import Callable, Iterator
from operator import attrgetter

from experiments.configuration import build
from experiments.configuration.schema import IMPORTED, WORDS, RunConfig, is_nullable, options, settings, shown
from numpygpt.errors import UserError, did_you_mean
from numpygpt.optim import OPTIMIZERS
from numpygpt.tokenizers.foreign.extras import require

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


def check(config: RunConfig) -> None:
    """Raises UserError at the first value that no run could use."""
    for key, value, allowed in (*_by_itself(config), *_together(config)):
        raise UserError(f"{key}={shown(value)} is not possible: it may be {allowed}")
    for group, built in _objects(config):
        try:
            built()
        except UserError as error:
            raise UserError(f"{group}.{error}") from error


def _by_itself(config: RunConfig) -> Iterator[tuple[str, object, str]]:
    """(key, value, what it may be) for each fault that the schema knows of; null may be where its type has None."""
    for key, own in settings().items():
        value, limit, choices = attrgetter(key)(config), own.metadata["limit"], own.metadata["choices"]
        if isinstance(value, float) and not math.isfinite(value):
            yield key, value, "any finite number"
        if isinstance(value, int | float) and limit is not None and not limit.holds(value):
            yield key, value, limit.words
        if choices and value is not None and value not in choices:
            allowed = " or ".join([*choices, *(["null"] if is_nullable(own) else [])])
            yield key, value, f"{allowed}{did_you_mean(str(value), choices, key)}"
    for key in ("study", "tokenizer.name", "model.name"):
        if not NAME.fullmatch(name := str(attrgetter(key)(config))):
            allowed = "a name of letters, digits, dots, dashes and underscores: it names a folder"
            yield key, repr(name), allowed
    if not config.outputs:
        yield "outputs", "''", "a folder"
    prompt = config.sample.prompt
    if not prompt or prompt != prompt.encode("utf-8", "replace").decode():
        yield "sample.prompt", repr(prompt), "a text of at least one character, of Unicode"


def _together(config: RunConfig) -> Iterator[tuple[str, object, str]]:
    """The faults that lie between two settings."""
    tokenizer, optimizer = config.tokenizer, config.optimizer
    if tokenizer.kind == "tiktoken" and tokenizer.path is None and tokenizer.name == "tiktoken":
        yield "tokenizer.name", tokenizer.name, "an encoding such as gpt2, where no tokenizer.path is given"
    if tokenizer.kind in ("hf", "sentencepiece") and tokenizer.path is None:
        example = {"hf": "tokenizer.json", "sentencepiece": "x.model"}[tokenizer.kind]
        yield "tokenizer.path", None, f"a file where tokenizer={tokenizer.kind} (tokenizer.path={example})"
    if tokenizer.kind == "custom" and tokenizer.factory is None:
        yield "tokenizer.factory", None, "package.module:Class where tokenizer=custom"
    if tokenizer.vocab_size is None and tokenizer.kind not in (*WORDS, "char", "byte", *IMPORTED):
        yield "tokenizer.vocab_size", None, "a whole number; only tokenizer=word goes without a limit"
    if config.model.block_size < 2 and config.model.context_chars is None:
        yield "model.block_size", config.model.block_size, "a whole number of at least 2"
    if config.train.slices > config.train.batch_size:
        yield "train.slices", config.train.slices, f"at most train.batch_size={config.train.batch_size}"
    if optimizer.schedule in ("cosine", "wsd") and optimizer.min_lr > optimizer.lr:
        yield "optimizer.min_lr", optimizer.min_lr, f"at most optimizer.lr={optimizer.lr}"
    amount = options("budget", config.budget.kind)[0]
    if getattr(config.budget, amount) is None:
        yield f"budget.{amount}", None, f"a number above 0 where budget.kind={config.budget.kind}"


def _objects(config: RunConfig) -> Iterator[tuple[str, Callable[[], object]]]:
    """The group, and what makes its object, where that is cheap: an object refuses by itself what it cannot be."""
    require(config.tokenizer.kind)
    if config.tokenizer.kind not in IMPORTED:
        yield "tokenizer", lambda: build.build_tokenizer(config.tokenizer)
    yield "model", lambda: build.gpt_config(config.model, vocab_size=1, chars_per_token=1.0)
    kind, given = OPTIMIZERS[config.optimizer.kind], build.optimizer_settings(config.optimizer)
    yield "optimizer", lambda: kind([], **given)
