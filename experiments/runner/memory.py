"""Whether a model can be held at all, before it is made: a system gives out more memory than it has, then kills."""

from experiments.configuration.schema import RunConfig
from numpygpt.machine import physical_memory
from numpygpt.models import GPTConfig

BYTES = 4  # of a float32
STATES = {"muon": 1, "adamw": 2, "adam": 2, "sgd": 1}  # numbers that the optimizer keeps per parameter


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
    return BYTES * (n_params * copies + places * (8 * layers * width + vocab_size))


def require_memory(shape: GPTConfig, config: RunConfig) -> None:
    """Raises MemoryError if this machine surely is too small."""
    needed, there = least_bytes(shape, config), physical_memory()
    if needed > there:
        raise MemoryError(
            f"this model needs at least {needed / 2**30:,.1f} GiB to be trained, and this machine has "
            f"{there / 2**30:,.1f}"
        )
