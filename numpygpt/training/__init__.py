"""Training: the loop, the worker processes that carry it, evaluation, budgets and checkpoints."""

from numpygpt.training.engine import Engine
from numpygpt.training.evaluation import score_tokens
from numpygpt.training.trainer import Diverged, Interrupted, Text, TrainConfig, Trainer

__all__ = ["Diverged", "Engine", "Interrupted", "Text", "TrainConfig", "Trainer", "score_tokens"]
