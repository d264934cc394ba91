"""Values that no run could use, refused before any work: one sentence with key, value and what it may be."""

import math
import re
from collections.abc import Iterable, Iterator
from dataclasses import asdict

from experiments.configuration.identity import (
    BUDGET_KEYS,
    FOREIGN_KEYS,
    OPTIMIZER_KEYS,
    SCHEDULE_KEYS,
    TOKENIZER_KEYS,
    warmup_of,
)
from experiments.configuration.schema import RunConfig, shown
from numpygpt.errors import UserError, did_you_mean
from numpygpt.nn.activations import ACTIVATIONS
from numpygpt.tokenizers.base import UNK
from numpygpt.tokenizers.foreign.extras import require

KINDS: dict[str, tuple[str, ...]] = {
    "tokenizer.kind": (*TOKENIZER_KEYS, *FOREIGN_KEYS),
    "tokenizer.pattern": ("gpt2", "gpt4", "whitespace", "none"),
    "model.activation": tuple(ACTIVATIONS),
    "model.positions": ("learned", "rotary"),
    "model.norm": ("layernorm", "rmsnorm"),
    "data.kind": ("shakespeare", "pydoc", "file"),
    "optimizer.kind": tuple(OPTIMIZER_KEYS),
    "optimizer.schedule": tuple(SCHEDULE_KEYS),
    "budget.kind": tuple(BUDGET_KEYS),
}
NEED_UNK = ("char", "word", "bpe")
AT_LEAST_ONE = (
    "tokenizer.min_freq",
    *("model.n_layer", "model.n_head", "model.n_embd"),
    *("train.batch_size", "train.grad_accum", "train.slices", "train.workers", "train.eval_interval"),
    *("train.eval_windows", "train.log_interval", "train.checkpoint_interval"),
    *("optimizer.decay_iters", "optimizer.step_size"),
    *("budget.iters", "sample.tokens", "sample.number", "sample.top_k"),
)
NOT_NEGATIVE = (
    *("optimizer.min_lr", "optimizer.warmup", "optimizer.weight_decay"),
    *("sample.temperature", "seed"),  # temperature 0 takes the likeliest token
)
POSITIVE = (
    *(
        "optimizer.lr",
        "optimizer.embedding_lr",
        "optimizer.eps",
        "optimizer.grad_clip",
        "optimizer.step_factor",
    ),
    *("budget.chars", "budget.flops", "budget.seconds", "train.checkpoint_seconds"),
    "model.context_chars",
)
SHARES = ("data.dev_fraction", "model.dropout", "optimizer.beta1", "optimizer.beta2", "optimizer.momentum")
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


def check(config: RunConfig) -> None:
    """Raises UserError at the first value that no run could use."""
    for key, value, allowed in _faults(config, _flat(config)):
        raise UserError(f"{key}={shown(value)} is not possible: it may be {allowed}")


def shortened_warmup(config: RunConfig) -> int:
    """The updates of warm-up of a recipe, in a shorter run than it was made for a tenth of the updates."""
    if config.budget.kind != "iters" or config.budget.iters is None:
        return config.optimizer.warmup  # a share of the run already
    return min(config.optimizer.warmup, max(config.budget.iters // 10, 0))


def _flat(config: RunConfig) -> dict[str, object]:
    flat: dict[str, object] = {}
    for key, value in asdict(config).items():
        nested = value.items() if isinstance(value, dict) else ()
        flat |= {f"{key}.{inner}": item for inner, item in nested} or {key: value}
    return flat


def _faults(config: RunConfig, flat: dict[str, object]) -> Iterator[tuple[str, object, str]]:
    """(key, value, what it may be) for each fault; null is a value where the schema lets it be one."""
    for key, value in flat.items():
        if isinstance(value, float) and not math.isfinite(value):
            yield key, value, "any finite number"
    for key, choices in KINDS.items():
        value = flat[key]
        if value not in choices:
            yield key, value, f"{_one_of(choices)}{did_you_mean(str(value), choices, key)}"
    yield from _numbers(flat)
    yield from _names(config)
    yield from _tokenizer(config)
    yield from _model(config)
    yield from _training(config)


def _numbers(flat: dict[str, object]) -> Iterator[tuple[str, object, str]]:
    for keys, low, allowed in (
        (AT_LEAST_ONE, 1, "a whole number of at least 1"),
        (NOT_NEGATIVE, 0, "0 or more"),
    ):
        for key in keys:
            value = flat[key]
            if isinstance(value, int | float) and value < low:
                yield key, value, allowed
    for key in POSITIVE:
        value = flat[key]
        if isinstance(value, int | float) and value <= 0:
            yield key, value, "any number above 0"
    for key in SHARES:
        value = flat[key]
        if isinstance(value, int | float) and not 0 <= value < 1:
            yield key, value, "a number from 0 up to, but not including, 1"


def _names(config: RunConfig) -> Iterator[tuple[str, object, str]]:
    for key, name in (
        ("study", config.study),
        ("tokenizer.name", config.tokenizer.name),
        ("model.name", config.model.name),
    ):
        if not NAME.fullmatch(name):
            yield (
                key,
                repr(name),
                "a name of letters, digits, dots, dashes and underscores: it names a folder",
            )


def _tokenizer(config: RunConfig) -> Iterator[tuple[str, object, str]]:
    tokenizer = config.tokenizer
    specials = tokenizer.specials
    if specials is not None and (len(set(specials)) < len(specials) or "" in specials):
        yield "tokenizer.specials", specials, "a list of different, non-empty texts, or null"
    if specials is not None and tokenizer.kind in NEED_UNK and UNK not in specials:
        yield "tokenizer.specials", specials, f"a list that holds {UNK}, which this kind needs, or null"
    if tokenizer.kind == "tiktoken" and tokenizer.path is None and tokenizer.name == "tiktoken":
        yield "tokenizer.name", tokenizer.name, "an encoding such as gpt2, where no tokenizer.path is given"
    count = len(specials) if specials is not None else 1
    if tokenizer.kind == "bpe" and tokenizer.vocab_size <= count:
        allowed = f"any number above {count}, as it counts specials, alphabet and merges"
        yield "tokenizer.vocab_size", tokenizer.vocab_size, allowed
    least = 256 + (len(specials) if specials is not None else 0)
    if tokenizer.kind in ("bpe-bytefallback", "bpe-bytelevel", "unigram") and tokenizer.vocab_size <= least:
        yield (
            "tokenizer.vocab_size",
            tokenizer.vocab_size,
            f"any number above {least}, as it counts the 256 bytes",
        )
    if tokenizer.max_vocab_size is not None and tokenizer.max_vocab_size <= count:
        allowed = f"any number above {count}, or null for no limit"
        yield "tokenizer.max_vocab_size", tokenizer.max_vocab_size, allowed
    if not 0 < tokenizer.character_coverage <= 1:
        yield "tokenizer.character_coverage", tokenizer.character_coverage, "a number above 0 and at most 1"
    if tokenizer.kind in ("hf", "sentencepiece") and tokenizer.path is None:
        example = {"hf": "tokenizer.json", "sentencepiece": "x.model"}[tokenizer.kind]
        yield "tokenizer.path", None, f"a file where tokenizer={tokenizer.kind} (tokenizer.path={example})"
    if tokenizer.kind == "custom" and tokenizer.factory is None:
        yield "tokenizer.factory", None, "package.module:Class where tokenizer=custom"
    require(tokenizer.kind)


def _model(config: RunConfig) -> Iterator[tuple[str, object, str]]:
    model = config.model
    if model.n_embd % model.n_head:
        divisors = [n for n in range(1, model.n_embd + 1) if model.n_embd % n == 0 and n <= 64]
        yield "model.n_head", model.n_head, f"a divisor of model.n_embd={model.n_embd} ({_one_of(divisors)})"
    if model.positions == "rotary" and model.n_embd // model.n_head % 2:
        yield "model.n_head", model.n_head, f"a number of heads of even width (model.n_embd={model.n_embd})"
    if model.block_size < 2 and model.context_chars is None:
        yield "model.block_size", model.block_size, "a whole number of at least 2"


def _training(config: RunConfig) -> Iterator[tuple[str, object, str]]:
    if config.train.slices > config.train.batch_size:
        yield "train.slices", config.train.slices, f"at most train.batch_size={config.train.batch_size}"
    iters, of = config.budget.iters, "the updates of the schedule"
    if config.budget.kind != "iters":
        iters, of = warmup_of(config), f"as it counts updates of every {warmup_of(config):,} here"
    elif config.optimizer.schedule == "cosine":
        iters = config.optimizer.decay_iters or iters
    if iters is not None and config.optimizer.warmup > iters:
        yield "optimizer.warmup", config.optimizer.warmup, f"at most {iters}, {of}"
    if config.optimizer.kind == "sgd" and config.optimizer.nesterov and config.optimizer.momentum == 0:
        yield "optimizer.momentum", 0, "above 0 when optimizer.nesterov=true"
    if not 0 <= config.optimizer.decay_share <= 1:
        yield "optimizer.decay_share", config.optimizer.decay_share, "a number from 0 to 1"
    if config.optimizer.schedule in ("cosine", "wsd") and config.optimizer.min_lr > config.optimizer.lr:
        yield "optimizer.min_lr", config.optimizer.min_lr, f"at most optimizer.lr={config.optimizer.lr}"
    key = BUDGET_KEYS[config.budget.kind]
    if getattr(config.budget, key) is None:
        yield f"budget.{key}", None, f"a number above 0 where budget.kind={config.budget.kind}"
    prompt = config.sample.prompt
    if not prompt or prompt != prompt.encode("utf-8", "replace").decode():
        yield "sample.prompt", repr(prompt), "a text of at least one character, of Unicode"
    if config.sample.top_p is not None and not 0 < config.sample.top_p <= 1:
        yield "sample.top_p", config.sample.top_p, "a number above 0 and at most 1, or null"
    if not 0 < config.data.val_fraction < 1:
        yield "data.val_fraction", config.data.val_fraction, "a number above 0 and below 1"
    if config.data.kind == "file" and not config.data.path:
        yield "data.path", None, "the path of a UTF-8 text where data=file (data.path=my.txt)"
    if config.data.sha256 is not None and not re.fullmatch("[0-9a-f]{64}", config.data.sha256):
        yield "data.sha256", config.data.sha256, "null, or 64 hexadecimal digits"
    if config.data.fallback not in (None, "pydoc"):
        yield "data.fallback", config.data.fallback, "pydoc or null"


def _one_of(values: Iterable[object]) -> str:
    shown = [str(value) for value in values]
    return " or ".join([", ".join(shown[:-1]), shown[-1]] if len(shown) > 1 else shown)
