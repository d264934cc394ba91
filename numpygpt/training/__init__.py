"""Training: the loop, the worker processes that carry it, evaluation and checkpoints.

trainer      the loop                             engine       a batch, cut into slices, to a gradient and an update
checkpoints  one file to go on from               slice_runner what one process does of that
evaluation   the nats of every token of a text    worker_pool, worker   the other processes

It imports models, optim and data. Runs and commands come in.
"""

from numpygpt.training.engine import Engine
from numpygpt.training.evaluation import score_tokens
from numpygpt.training.trainer import Diverged, Interrupted, Text, TrainConfig, Trainer
