"""What a run may take: updates, to which a budget of any kind is resolved before the schedule is made; memory."""

from experiments.configuration import build
from experiments.configuration.schema import RunConfig
from experiments.runner.texts import Texts
from numpygpt.data.batches import check_window
from numpygpt.machine import physical_memory
from numpygpt.measures.cost import train_flops_per_token
from numpygpt.models import GPT, GPTConfig
from numpygpt.optim import Optimizer
from numpygpt.training import Engine, Trainer
from numpygpt.training.budgets import updates_for_flops, updates_for_seconds, updates_for_text
from numpygpt.training.trainer import seconds_per_update

TIMED_UPDATES = 20
FLOAT_BYTES = 4
STATES = {"muon": 1, "adamw": 2, "adam": 2, "sgd": 1}  # numbers that the optimizer keeps per parameter


def flops_per_update(config: RunConfig, shape: GPTConfig, optimizer: Optimizer) -> int:
    """Of the model's passes over a batch and of the optimizer's matrix products."""
    per_token = train_flops_per_token(shape.n_layer, shape.n_embd, shape.block_size, shape.vocab_size)
    return per_token * tokens_per_update(config, shape) + optimizer.flops()


def tokens_per_update(config: RunConfig, shape: GPTConfig) -> int:
    return config.train.batch_size * config.train.grad_accum * shape.block_size


def updates(config: RunConfig, texts: Texts, model: GPT) -> int:
    """Updates that the budget allows. Raises UserError if that is less than one."""
    kind, amount = config.budget.kind, config.budget.amount
    if kind == "text":
        return updates_for_text(amount, texts.chars_per_token, tokens_per_update(config, model.config))
    if kind == "flops":
        optimizer = build.build_optimizer(config.optimizer, model)
        return updates_for_flops(amount, flops_per_update(config, model.config, optimizer))
    if kind == "seconds":
        return updates_for_seconds(amount, _seconds_per_update(config, texts, model))
    return int(amount)  # iters


def _seconds_per_update(config: RunConfig, texts: Texts, model: GPT) -> float:
    """Measured on a model that is thrown away."""
    c = model.config
    scrap = build.build_model(config.model, config.seed, c.vocab_size, texts.chars_per_token)
    optimizer = build.build_optimizer(config.optimizer, scrap)
    settings = build.train_config(config, TIMED_UPDATES)
    with Engine(scrap, config.train.slices, config.train.workers) as engine:
        trainer = Trainer(engine, optimizer, lambda step: 0.0, texts.train, texts.val, settings)
        return seconds_per_update(trainer, TIMED_UPDATES)


def least_bytes(shape: GPTConfig, config: RunConfig) -> int:
    """What training surely needs, in bytes: weights, a gradient per slice, the optimizer's state, activations.

    A lower bound: biases and norms are left out, and of the activations all but eight numbers per place and layer
    (as many of them as the model is wide) and the logits.
    """
    width, vocab_size, layers = shape.n_embd, shape.vocab_size, shape.n_layer
    n_params = width * (vocab_size * (1 if shape.tied else 2) + shape.block_size + 12 * layers * width)
    keeps_none = config.optimizer.kind == "sgd" and not config.optimizer.momentum
    copies = 1 + config.train.slices + (0 if keeps_none else STATES[config.optimizer.kind])
    places = config.train.batch_size * shape.block_size
    return FLOAT_BYTES * (n_params * copies + places * (8 * layers * width + vocab_size))


def require_room(config: RunConfig, texts: Texts) -> None:
    """Before a model takes its memory.

    Raises UserError if a part of the text is shorter than a window, MemoryError if this machine surely is too
    small: a system gives out more than it has, then kills.
    """
    shape = build.gpt_config(config.model, texts.tokenizer.vocab_size, texts.chars_per_token)
    check_window(texts.train.ids, shape.block_size, "training")
    check_window(texts.val.ids, shape.block_size, "validation")
    needed, there = least_bytes(shape, config), physical_memory()
    if needed > there:
        needs = f"this model needs at least {needed / 2**30:,.1f} GiB to be trained"
        raise MemoryError(f"{needs}, and this machine has {there / 2**30:,.1f}")
