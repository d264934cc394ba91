"""What makes a run the run that it is: pure functions from a configuration to its identity, hash and name.

Two configurations that must give the same bits on the same machine have the same identity; two that may give
other results have another. So the study's name, logging, checkpoints, processes and the places of files are
left out, a key that the chosen kind does not use is left out, and every file counts by its content.
"""

import functools
import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from experiments.configuration.schema import RunConfig, TokenizerConfig
from numpygpt.errors import UserError
from numpygpt.files import expanded, read_bytes

RESULTS_VERSION = 2  # raised whenever the same configuration gives other numbers than before

TOKENIZER_KEYS: dict[str, tuple[str, ...]] = {
    "char": (),
    "byte": (),
    "word": ("lowercase", "min_freq", "max_vocab_size"),
    "bpe": ("vocab_size", "pattern", "min_freq"),
    "bpe-bytefallback": ("vocab_size", "pattern", "min_freq", "character_coverage"),
    "bpe-bytelevel": ("vocab_size", "pattern", "min_freq"),
    "unigram": ("vocab_size", "character_coverage"),
}
FOREIGN_KEYS: dict[str, tuple[str, ...]] = {  # these bring their special tokens with them
    "hf": ("path", "charge_all"),
    "sentencepiece": ("path", "charge_all"),
    "tiktoken": ("path", "pattern", "charge_all"),
    "custom": ("factory", "charge_all"),
}
OPTIMIZER_KEYS: dict[str, tuple[str, ...]] = {
    "muon": ("embedding_lr", "momentum", "beta1", "beta2", "eps", "weight_decay"),
    "adamw": ("beta1", "beta2", "eps", "weight_decay"),
    "adam": ("beta1", "beta2", "eps"),
    "sgd": ("momentum", "nesterov"),
}
SCHEDULE_KEYS: dict[str, tuple[str, ...]] = {
    "cosine": ("warmup", "min_lr", "decay_iters"),
    "wsd": ("warmup", "min_lr", "decay_share"),
    "step": ("warmup", "step_size", "step_factor"),
    "constant": ("warmup",),
}
BUDGET_KEYS = {"iters": "iters", "text": "chars", "flops": "flops", "seconds": "seconds"}
# Keys that came later, each with the value under which a run is what it was without them: left out then.
NEUTRAL: dict[str, dict[str, Any]] = {
    "model": {"positions": "learned", "norm": "layernorm", "qk_norm": False, "zero_init": False},
    "data": {"dev_fraction": 0.0},
}
USUAL_ITERS = 1000  # of a recipe that does not say
# Keys that cannot change a result: names, places, clocks, worker processes.
IRRELEVANT = ("name", "log_interval", "checkpoint_interval", "checkpoint_seconds", "workers")


def warmup_of(config: RunConfig) -> int:
    """The updates of which optimizer.warmup is a part: those of the recipe, whatever the budget makes of them."""
    return config.budget.iters or USUAL_ITERS


def used_keys(config: RunConfig) -> dict[str, frozenset[str]]:
    """Per group, the keys that this configuration's choices read."""
    kind = config.tokenizer.kind
    tokenizer = {"kind", "name", *(FOREIGN_KEYS.get(kind) or ("specials", *TOKENIZER_KEYS[kind]))}
    if kind == "tiktoken" and config.tokenizer.path is None:
        tokenizer -= {"pattern"}  # an encoding brings its own
    model = set(asdict(config.model)) - {
        "context_chars" if config.model.context_chars is None else "block_size"
    }
    optimizer = ("kind", "lr", "schedule", "grad_clip", *OPTIMIZER_KEYS[config.optimizer.kind])
    data = {"path"} if config.data.kind == "file" else set()
    recipe = () if config.budget.iters is None else ("iters",)  # warmup_of
    return {
        "tokenizer": frozenset(tokenizer),
        "model": frozenset(model),
        "data": frozenset({"kind", "val_fraction", "dev_fraction", "fallback", "sha256"} | data),
        "optimizer": frozenset((*optimizer, *SCHEDULE_KEYS[config.optimizer.schedule])),
        "budget": frozenset(("kind", BUDGET_KEYS[config.budget.kind], *recipe)),
        "train": frozenset(asdict(config.train)),
        "sample": frozenset(asdict(config.sample)),
    }


def identity(config: RunConfig, texts_sha256: Mapping[str, str] | None = None) -> dict[str, Any]:
    """The normalised configuration: everything that can change the result, and nothing else.

    `config.data.sha256` is the corpus really used; `texts_sha256` gives the sha256 of each of `eval.texts`.
    Raises KeyError for a text without one.
    """
    if config.data.sha256 is None:
        raise ValueError("the corpus is decided before a run has an identity")
    values = asdict(config)
    normalised: dict[str, Any] = {
        group: {key: value for key, value in values[group].items() if key in used and key not in IRRELEVANT}
        for group, used in used_keys(config).items()
    }
    normalised["tokenizer"] |= _tokenizer_file(config.tokenizer)
    if config.budget.kind != "iters":
        normalised["budget"]["warmup"] = "share"  # of what `warmup_of` says
    normalised["data"] = {key: values["data"][key] for key in ("sha256", "val_fraction", "dev_fraction")}
    normalised["eval"] = {"texts": [(texts_sha256 or {})[text] for text in config.eval.texts]}
    for group, neutral in NEUTRAL.items():
        normalised[group] = {
            k: v for k, v in normalised[group].items() if k not in neutral or v != neutral[k]
        }
    normalised["seed"] = config.seed
    normalised["results_version"] = RESULTS_VERSION
    return normalised


def _tokenizer_file(tokenizer: TokenizerConfig) -> dict[str, Any]:
    """What an imported tokenizer is made of: its file or its code by content, an encoding by name.

    Raises UserError if the file cannot be read.
    """
    if tokenizer.kind not in FOREIGN_KEYS:
        return {}
    if tokenizer.kind == "custom":
        from numpygpt.tokenizers.foreign.factory import code_sha256

        return {"code": code_sha256(tokenizer.factory)}
    if tokenizer.path is None:
        return {"encoding": tokenizer.name}
    try:
        status = expanded(tokenizer.path).stat()
        return {"path": _sha256(tokenizer.path, status.st_size, status.st_mtime_ns)}
    except OSError as error:
        raise UserError(
            f"tokenizer.path={tokenizer.path} is not possible: it may be a tokenizer's file that can be read "
            f"({error.strerror})"
        ) from error


@functools.cache
def _sha256(path: str, size: int, modified_ns: int) -> str:
    return hashlib.sha256(read_bytes(expanded(path))).hexdigest()


def identity_hash(normalised: Mapping[str, Any]) -> str:
    """sha256, in hexadecimal, of the identity as canonical JSON."""
    text = json.dumps(normalised, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False)
    return hashlib.sha256(text.encode("ascii")).hexdigest()


def run_name(config: RunConfig, normalised: Mapping[str, Any]) -> str:
    """The run folder's name: `<tokenizer>-<model>-s<seed>-<hash8>`."""
    return f"{config.tokenizer.name}-{config.model.name}-s{config.seed}-{identity_hash(normalised)[:8]}"
