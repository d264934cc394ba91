"""What a budget allows: every kind is resolved to a number of updates before the schedule is made."""

from experiments.configuration import build
from experiments.configuration.schema import RunConfig
from experiments.runner.texts import Texts
from numpygpt.measures.cost import train_flops_per_token
from numpygpt.models import GPT
from numpygpt.optim import Optimizer
from numpygpt.training import Engine, Trainer
from numpygpt.training.budgets import updates_for_flops, updates_for_seconds, updates_for_text
from numpygpt.training.trainer import seconds_per_update

TIMED_UPDATES = 20


def flops_per_update(config: RunConfig, model: GPT, optimizer: Optimizer) -> int:
    """Of the model's passes over a batch and of the optimizer's matrix products."""
    c = model.config
    per_token = train_flops_per_token(c.n_layer, c.n_embd, c.block_size, c.vocab_size)
    return per_token * tokens_per_update(config, model) + optimizer.flops()


def tokens_per_update(config: RunConfig, model: GPT) -> int:
    return config.train.batch_size * config.train.grad_accum * model.config.block_size


def updates(config: RunConfig, texts: Texts, model: GPT) -> int:
    """Updates that the budget allows. Raises UserError if that is less than one."""
    budget = config.budget
    if budget.kind == "text":
        assert budget.chars is not None
        return updates_for_text(budget.chars, texts.chars_per_token, tokens_per_update(config, model))
    if budget.kind == "flops":
        assert budget.flops is not None
        optimizer = build.build_optimizer(config.optimizer, model)
        return updates_for_flops(budget.flops, flops_per_update(config, model, optimizer))
    if budget.kind == "seconds":
        assert budget.seconds is not None
        return updates_for_seconds(budget.seconds, _seconds_per_update(config, texts, model))
    assert budget.iters is not None
    return budget.iters


def _seconds_per_update(config: RunConfig, texts: Texts, model: GPT) -> float:
    """Measured on a model that is thrown away."""
    c = model.config
    scrap = build.build_model(config.model, config.seed, c.vocab_size, texts.chars_per_token)
    optimizer = build.build_optimizer(config.optimizer, scrap)
    settings = build.train_config(config, TIMED_UPDATES)
    with Engine(scrap, config.train.slices, config.train.workers) as engine:
        trainer = Trainer(engine, optimizer, lambda step: 0.0, texts.train, texts.val, settings)
        return seconds_per_update(trainer, TIMED_UPDATES)
