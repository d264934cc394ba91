"""What training costs, and how steadily it runs."""

import math
from collections.abc import Sequence

import numpy as np

SPIKE_FACTOR = 3.0
SPIKE_WINDOW = 50
SPREAD_SHARE = 0.1


def train_flops_per_token(n_layer: int, n_embd: int, block_size: int, vocab_size: int) -> int:
    """Floating-point operations to train on one token: a multiplication and an addition count two.

    Forward, with width C, inner width F = 4 C, window T and vocabulary V:

        each layer   2 (4 C^2)   queries, keys, values and the projection after them
                     2 (2 T C)   scores and the weighted sum, for the whole window: the causal half is not skipped
                     2 (2 C F)   feed-forward
        the head     2 C V

    Backward costs twice as much, for every matrix product has a gradient on both sides: so three times the sum.
    Embedding look-ups, norms, activations and the softmax are left out, as is usual (Kaplan et al. 2020, "Scaling
    laws for neural language models", section 2.1; Hoffmann et al. 2022, appendix F). What an optimizer multiplies
    (`Optimizer.flops`) comes on top, once per update.
    """
    layer = 2 * (4 * n_embd**2) + 2 * (2 * block_size * n_embd) + 2 * (2 * n_embd * 4 * n_embd)
    return 3 * (n_layer * layer + 2 * n_embd * vocab_size)


def loss_spread(losses: Sequence[float]) -> float:
    """Standard deviation over mean of the training losses of the last tenth of the steps (at least two)."""
    last = np.asarray(losses, np.float64)[-max(2, math.ceil(len(losses) * SPREAD_SHARE)) :]
    return float(last.std() / last.mean()) if len(last) and last.mean() else 0.0


def grad_spikes(norms: Sequence[float]) -> int:
    """Steps whose norm is more than three times the median of the (up to) 50 before; the first ten cannot be.

    Of the steps before only finite norms count; a norm that is not finite is always a spike.
    """
    values = np.asarray(norms, np.float64)
    finite = np.isfinite(values)
    spikes = ~finite
    for step in range(10, len(values)):
        window = slice(max(0, step - SPIKE_WINDOW), step)
        before = values[window][finite[window]]
        spikes[step] |= len(before) > 0 and values[step] > SPIKE_FACTOR * np.median(before)
    return int(np.count_nonzero(spikes))
