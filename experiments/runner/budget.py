"""What a run may take: updates, to which a budget of any kind is resolved before the schedule is made; memory."""

import math

from experiments.configuration import build
from experiments.configuration.schema import ModelConfig, RunConfig
from experiments.runner.texts import Texts
from numpygpt.errors import UserError
from numpygpt.machine import physical_memory
from numpygpt.measures.cost import train_flops_per_token
from numpygpt.models import GPT, GPTConfig
from numpygpt.optim import Optimizer
from numpygpt.training import Engine, Trainer
from numpygpt.training.trainer import seconds_per_update

TIMED_UPDATES = 20


def flops_per_update(config: RunConfig, shape: GPTConfig, optimizer: Optimizer) -> int:
    """Of the model's passes over a batch and of the optimizer's matrix products."""
    per_token = train_flops_per_token(shape.n_layer, shape.n_embd, shape.block_size, shape.vocab_size)
    return per_token * tokens_per_update(config, shape) + optimizer.flops()


def tokens_per_update(config: RunConfig, shape: GPTConfig) -> int:
    return config.train.batch_size * config.train.grad_accum * shape.block_size


def updates(config: RunConfig, texts: Texts, model: GPT) -> int:
    """Updates that the budget allows. Raises UserError if that is less than one."""
    kind, amount = config.budget.kind, config.budget.amount
    if kind == "iters":
        return int(amount)
    if kind == "text":
        per_update = texts.chars_per_token * tokens_per_update(config, model.config)
    elif kind == "flops":
        per_update = flops_per_update(config, model.config, build.build_optimizer(config.optimizer, model))
    else:
        per_update = _seconds_per_update(config, texts, model)
    return whole_updates("chars" if kind == "text" else kind, amount / per_update)


def whole_updates(key: str, allowed: float) -> int:
    """The nearest whole number. Raises UserError, naming the key of the budget, if not one is allowed."""
    if not math.isfinite(allowed) or allowed < 1:
        raise UserError(f"budget.{key} allows {allowed:.2f} updates; raise it until it allows at least one")
    return round(allowed)


def _seconds_per_update(config: RunConfig, texts: Texts, model: GPT) -> float:
    """Measured on a model that is thrown away."""
    c = model.config
    scrap = build.build_model(config.model, config.seed, c.vocab_size, texts.chars_per_token)
    optimizer = build.build_optimizer(config.optimizer, scrap)
    settings = build.train_config(config, TIMED_UPDATES)
    with Engine(scrap, config.train.slices, config.train.workers) as engine:
        trainer = Trainer(engine, optimizer, lambda step: 0.0, texts.train, texts.val, settings)
        return seconds_per_update(trainer, TIMED_UPDATES)


def require_memory(model: ModelConfig) -> None:
    """Raises MemoryError if not even the matrices of the blocks fit: a system gives out more than it has."""
    n_bytes = 4 * 12 * model.n_layer * model.n_embd**2  # float32
    if n_bytes > physical_memory():
        raise MemoryError(f"the weights need {n_bytes / 2**30:,.1f} GiB, which this machine does not have")
