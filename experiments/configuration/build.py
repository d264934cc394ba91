"""From overrides to a configuration, and from it to objects: corpus, tokenizer, model, optimizer, schedule."""

import dataclasses
import functools
from collections.abc import Mapping
from typing import Any

from hydra import compose, initialize_config_dir

from experiments.configuration import schema
from experiments.configuration.messages import EXPLAINED, sentence
from experiments.configuration.schema import DataConfig, ModelConfig, OptimizerConfig, RunConfig, options
from numpygpt import optim, tokenizers
from numpygpt.data import Corpus, Part, resolve
from numpygpt.errors import UserError
from numpygpt.models import GPT, GPTConfig
from numpygpt.optim import OPTIMIZERS, Optimizer, Schedule
from numpygpt.places import CONF
from numpygpt.streams import generator
from numpygpt.training.trainer import TrainConfig


@functools.cache
def composed(*overrides: str) -> RunConfig:
    """The configuration that these overrides make of the default one; to be read only, as it is composed once.

    For what needs the recipes of conf/ outside of a sweep. Raises UserError for an override that is refused.
    """
    schema.register()
    try:
        with initialize_config_dir(str(CONF), version_base="1.3"):
            return schema.to_config(compose("config", overrides=list(overrides)))
    except (ValueError, *EXPLAINED) as error:
        if (said := sentence(error, overrides)) is None:
            raise
        raise UserError(said) from error


def decided(data: DataConfig, corpus: Corpus) -> DataConfig:
    """`data` with the corpus really used: its kind, absolute path and sha256, and no fallback left.

    Raises UserError if it is not the one that `data.sha256` asks for.
    """
    require_same(corpus, data.sha256)
    kind = "pydoc" if corpus.fallback_reason else data.kind
    path = str(corpus.path) if kind == "file" else None
    return dataclasses.replace(data, kind=kind, path=path, sha256=corpus.sha256, fallback=None)


def build_corpus(data: DataConfig) -> Corpus:
    """The corpus that is asked for, or was decided on. Raises UserError if it is another text by now."""
    corpus = resolve(data.kind, data.path)
    require_same(corpus, data.sha256)
    return corpus


def require_same(corpus: Corpus, sha256: str | None) -> None:
    """Raises UserError if the corpus is another text than the one with this sha256, where one is asked for."""
    if sha256 not in (None, corpus.sha256):
        raise UserError(
            f"the corpus {corpus.path} has sha256 {corpus.sha256}, not data.sha256={sha256}: use the text that was "
            "meant (of pydoc and stdlib, every version of Python has its own)"
        )


def corpus_parts(corpus: Corpus, data: Mapping[str, Any]) -> tuple[Part, Part]:
    """The training part and the judged one, under a run's data settings; older records have no dev_fraction."""
    return corpus.parts(data["val_fraction"], data.get("dev_fraction", 0.0))


def build_tokenizer(config: schema.TokenizerConfig) -> tokenizers.Tokenizer:
    """An untrained tokenizer with the options that its kind knows."""
    known: dict[str, Any] = {key: getattr(config, key) for key in options("tokenizer", config.kind)}
    if config.kind == "tiktoken":
        known["encoding"] = config.name
    if config.specials is not None and config.kind not in schema.IMPORTED:
        known["specials"] = tuple(config.specials)
    return tokenizers.create(config.kind, **known)


def gpt_config(config: ModelConfig, vocab_size: int, chars_per_token: float) -> GPTConfig:
    """The model's shape. `context_chars` is turned into the nearest whole number of tokens, at least 2."""
    shared = {field.name for field in dataclasses.fields(GPTConfig)} - {"vocab_size", "block_size"}
    block_size = config.block_size
    if config.context_chars is not None:
        block_size = max(2, round(config.context_chars / chars_per_token))
    return GPTConfig(vocab_size, block_size, **{name: getattr(config, name) for name in shared})


def build_model(config: ModelConfig, seed: int, vocab_size: int, chars_per_token: float) -> GPT:
    return GPT(gpt_config(config, vocab_size, chars_per_token), rng=generator(seed, "init"))


def optimizer_settings(config: OptimizerConfig) -> dict[str, Any]:
    """What the optimizer of this kind is made with, beside the parameters."""
    settings = {key: getattr(config, key) for key in ("lr", *options("optimizer", config.kind))}
    if "beta1" in settings:
        settings["betas"] = (settings.pop("beta1"), settings.pop("beta2"))
    return settings


def build_optimizer(config: OptimizerConfig, model: GPT) -> Optimizer:
    """It holds the model's parameters in their order in memory, as the engine wants it."""
    return OPTIMIZERS[config.kind](model.flat.parameters, **optimizer_settings(config))


def schedule_iters(config: OptimizerConfig, iters: int) -> int:
    """Updates that the schedule spans: those of the run, unless a cosine is given a length of its own."""
    return config.decay_iters if config.schedule == "cosine" and config.decay_iters is not None else iters


def warmup_iters(optimizer: OptimizerConfig, iters: int) -> int:
    """Updates of warm-up in a run of `iters` updates."""
    return round(optimizer.warmup_ratio * schedule_iters(optimizer, iters))


def build_schedule(optimizer: OptimizerConfig, iters: int) -> Schedule:
    """The learning rate for a run of `iters` updates."""
    rising = warmup_iters(optimizer, iters)
    if optimizer.schedule == "cosine":
        return optim.warmup_cosine(optimizer.lr, optimizer.min_lr, rising, schedule_iters(optimizer, iters))
    if optimizer.schedule == "wsd":
        decay = round(optimizer.decay_share * (iters - rising))
        return optim.warmup_stable_decay(optimizer.lr, optimizer.min_lr, rising, decay, iters)
    if optimizer.schedule == "step":
        return optim.step_decay(optimizer.lr, optimizer.step_size, optimizer.step_factor, rising)
    return optim.constant(optimizer.lr, rising)


def train_config(config: RunConfig, iters: int) -> TrainConfig:
    shared = {field.name for field in dataclasses.fields(TrainConfig)} - {"iters", "seed", "grad_clip"}
    settings = {name: getattr(config.train, name) for name in shared}
    return TrainConfig(iters=iters, seed=config.seed, grad_clip=config.optimizer.grad_clip, **settings)
