"""Batches: windows of consecutive tokens x, and the tokens y that follow each of them. B batch, T time."""

import numpy as np

from numpygpt.errors import UserError


def check_window(tokens: np.ndarray, block_size: int, part: str) -> None:
    """Raises UserError if `part` ("training", "validation") has not one window of `block_size` tokens."""
    if len(tokens) <= block_size:
        raise UserError(
            f"the {part} text has {len(tokens)} tokens, too few for one window of {block_size + 1}: "
            f"use a longer text or a smaller block_size"
        )


def sample_batch(
    tokens: np.ndarray, batch_size: int, block_size: int, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """x, y (B, T) of intp: windows that start anywhere, each place as likely as any other, with replacement.

    `tokens` (n,) of any integer type may be memory-mapped: only the windows are read.
    """
    check_window(tokens, block_size, "training")
    return _windows(tokens, rng.integers(0, len(tokens) - block_size, size=batch_size), block_size)


def fixed_batches(tokens: np.ndarray, n_windows: int, block_size: int) -> tuple[np.ndarray, np.ndarray]:
    """x, y (n_windows, T) of intp: windows evenly spaced from the first token to the last, always the same.

    There are fewer where the text has fewer places for a window to start.
    """
    check_window(tokens, block_size, "training or validation")
    last = len(tokens) - block_size - 1
    n_windows = min(n_windows, last + 1)
    starts = np.arange(n_windows) * last // max(n_windows - 1, 1)
    return _windows(tokens, starts, block_size)


def _windows(tokens: np.ndarray, starts: np.ndarray, block_size: int) -> tuple[np.ndarray, np.ndarray]:
    windows = tokens[starts[:, None] + np.arange(block_size + 1)].astype(np.intp)  # (B, T + 1)
    return np.ascontiguousarray(windows[:, :-1]), np.ascontiguousarray(windows[:, 1:])
