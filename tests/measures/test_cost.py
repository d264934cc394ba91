import math

import numpy as np
import pytest

from numpygpt.measures.cost import (
    grad_spikes,
    loss_spread,
    train_flops_per_token,
)


def test_flops_of_the_reference_model():
    """Six per weight of the matrices, and what the scores and weighted sums of attention add."""
    n_layer, n_embd, window, vocabulary = 4, 256, 128, 6551
    weights = n_layer * 12 * n_embd**2 + n_embd * vocabulary
    attention = 3 * n_layer * 2 * 2 * window * n_embd
    assert train_flops_per_token(n_layer, n_embd, window, vocabulary) == 6 * weights + attention


def test_spikes_stand_out_from_the_median_of_the_steps_before():
    norms = 1 + 0.1 * np.random.default_rng(0).random(200)
    assert grad_spikes(norms) == 0
    norms[[20, 100, 150]] = [3.5, 9, 2.9]
    assert grad_spikes(norms) == 2
    norms[[3, 60]] = [50, math.inf]  # too early to tell; not finite
    assert grad_spikes(norms) == 3
    assert grad_spikes([]) == grad_spikes([1.0]) == 0


def test_a_lasting_rise_stops_being_a_spike():
    assert grad_spikes([1.0] * 60 + [10.0] * 60) <= 26


def test_the_spread_of_the_loss_is_that_of_the_last_tenth():
    assert loss_spread([3.0] * 36 + [1.0, 3.0, 1.0, 3.0]) == pytest.approx(0.5)
    assert loss_spread([]) == 0.0
