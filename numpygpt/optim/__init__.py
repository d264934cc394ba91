"""Optimizers, clipping and learning-rate schedules: NumPy arrays in, NumPy arrays changed in place.

It imports NumPy alone; a parameter is anything with `data` and `grad`. Training comes in.
"""

from collections.abc import Callable

from numpygpt.optim.adam import Adam, AdamW
from numpygpt.optim.clipping import clip_factor, clip_grad_norm, global_norm
from numpygpt.optim.muon import Muon
from numpygpt.optim.optimizer import Optimizer
from numpygpt.optim.schedules import Schedule, constant, step_decay, warmup_cosine, warmup_stable_decay
from numpygpt.optim.sgd import SGD

OPTIMIZERS: dict[str, Callable[..., Optimizer]] = {"muon": Muon, "adamw": AdamW, "adam": Adam, "sgd": SGD}
