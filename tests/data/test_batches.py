"""Batches: y follows x, every start is possible, the fixed windows reach from end to end."""

import numpy as np
import pytest

from numpygpt.data.batches import fixed_batches, sample_batch
from numpygpt.errors import UserError


def test_targets_are_the_tokens_that_follow(rng: np.random.Generator) -> None:
    tokens = np.arange(100, 150, dtype=np.uint8)
    x, y = sample_batch(tokens, 7, 5, rng)
    assert x.shape == y.shape == (7, 5)
    assert x.dtype == y.dtype == np.intp
    np.testing.assert_array_equal(y, x + 1)
    np.testing.assert_array_equal(x, x[:, :1] + np.arange(5))


def test_every_start_is_as_likely_as_any_other(rng: np.random.Generator) -> None:
    x, _ = sample_batch(np.arange(10), 7000, 3, rng)
    starts = np.bincount(x[:, 0], minlength=8)
    assert len(starts) == 8
    assert starts[7] == 0  # 7, 8, 9 have no token after them
    assert starts[:7].min() > 850


def test_a_batch_is_a_function_of_the_generator() -> None:
    tokens = np.arange(1000)
    first, second = (sample_batch(tokens, 4, 8, np.random.default_rng(5)) for _ in range(2))
    np.testing.assert_array_equal(first, second)


@pytest.mark.parametrize(("n_windows", "expected"), [(1, 1), (4, 4), (50, 50), (91, 91), (200, 91)])
def test_fixed_windows_reach_from_end_to_end(n_windows: int, expected: int) -> None:
    x, y = fixed_batches(np.arange(100, dtype=np.uint16), n_windows, 9)
    assert x.shape == y.shape == (expected, 9)
    assert x[0, 0] == 0
    assert y[-1, -1] == (99 if expected > 1 else 9)
    assert len(set(x[:, 0].tolist())) == expected
    gaps = np.diff(x[:, 0])
    assert expected == 1 or gaps.max() - gaps.min() <= 1


@pytest.mark.parametrize("n_tokens", [0, 1, 8])
def test_too_few_tokens_for_a_window_are_refused(n_tokens: int, rng: np.random.Generator) -> None:
    tokens = np.zeros(n_tokens, dtype=np.uint8)
    with pytest.raises(UserError, match=f"training text has {n_tokens} tokens, too few .* 9"):
        sample_batch(tokens, 2, 8, rng)
    with pytest.raises(UserError, match="validation text"):
        fixed_batches(tokens, 2, 8)


def test_one_window_is_enough(rng: np.random.Generator) -> None:
    np.testing.assert_array_equal(sample_batch(np.arange(9), 2, 8, rng)[0], [range(8)] * 2)
    np.testing.assert_array_equal(fixed_batches(np.arange(9), 5, 8)[1], [range(1, 9)])
