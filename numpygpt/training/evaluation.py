"""Losses on text that is not trained on: quick estimates while training, every token once at the end."""

import math
from dataclasses import dataclass
from itertools import groupby

import numpy as np

from numpygpt.models import GPTConfig
from numpygpt.optim.optimizer import Array
from numpygpt.training.engine import Engine
from numpygpt.training.slice_runner import Batch

MAX_GROUP_NUMBERS = 1 << 28  # that the windows of a group may need room for: 1 GiB of float32
GROUPS_AT_ONCE = 64  # handed to the engine together, so that memory does not grow with the text


@dataclass(frozen=True)
class Window:
    """Inputs start..stop of a text, of which those from `first` on (counted in the window) are scored."""

    start: int
    stop: int
    first: int


def windows(n_inputs: int, block_size: int) -> list[Window]:
    """Windows that score each input's successor exactly once.

    When a window is full its last half is kept: so the first window scores all of its positions, each later one
    only those after the kept half, which see at least block_size // 2 tokens before them.
    """
    kept = block_size // 2
    stride = block_size - kept
    found = [Window(0, min(block_size, n_inputs), 0)] if n_inputs else []
    while found and found[-1].stop < n_inputs:
        start = found[-1].start + stride
        found.append(Window(start, min(start + block_size, n_inputs), kept))
    return found


def context_tokens(n_tokens: int, block_size: int) -> Array:
    """How many tokens the model sees before each token of a text, by these windows: int64 (n_tokens,)."""
    inputs = np.arange(max(n_tokens - 1, 0))  # token t + 1 is predicted from input t
    stride = block_size - block_size // 2
    window = np.maximum(0, (inputs - block_size) // stride + 1)
    return np.concatenate([[0], inputs - window * stride + 1])[:n_tokens]


def group_size(config: GPTConfig) -> int:
    """Windows that are scored together: eight, or of a large model fewer.

    The memory of one is about its logits, and eight numbers per layer and channel, for each of its positions.
    """
    each = config.block_size * (config.vocab_size + 8 * config.n_layer * config.n_embd)
    return max(1, min(8, MAX_GROUP_NUMBERS // each))


def score_tokens(engine: Engine, ids: Array) -> Array:
    """nats (n,) in float64 of each token of a text given those before it; the first costs ln V.

    ids (n,): the whole text. The order and grouping of windows is fixed, so the result does not depend on the
    number of workers.
    """
    config = engine.model.config
    nats = np.zeros(len(ids))
    if len(ids):
        nats[0] = math.log(config.vocab_size)
    every = _groups_of_one_shape(windows(max(0, len(ids) - 1), config.block_size), group_size(config))
    for start in range(0, len(every), GROUPS_AT_ONCE):
        groups = every[start : start + GROUPS_AT_ONCE]
        jobs = [(_gather(ids, group, 0), _gather(ids, group, 1), group[0].first) for group in groups]
        for group, scores in zip(groups, engine.losses(jobs), strict=True):
            for window, row in zip(group, scores, strict=True):
                nats[window.start + window.first + 1 : window.stop + 1] = row
    return nats


def _gather(ids: Array, group: list[Window], shift: int) -> Array:
    """(B, T): the tokens of each window, or with shift 1 their successors."""
    return np.stack([ids[w.start + shift : w.stop + shift] for w in group]).astype(np.intp)


def mean_loss(engine: Engine, batches: list[Batch]) -> float:
    """Mean nats per token over fixed batches: the estimate that is logged while training."""
    found = engine.losses([(x, y, 0) for x, y in batches])
    return math.fsum(float(nats.sum(dtype=np.float64)) for nats in found) / sum(nats.size for nats in found)


def _groups_of_one_shape(all_windows: list[Window], batch_size: int) -> list[list[Window]]:
    """Consecutive windows of the same length and first scored position, at most batch_size together."""
    groups: list[list[Window]] = []
    for _, alike in groupby(all_windows, lambda w: (w.stop - w.start, w.first)):
        same = list(alike)
        groups += [same[at : at + batch_size] for at in range(0, len(same), batch_size)]
    return groups
