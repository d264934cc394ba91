"""A dictionary that computes what it lacks, and never grows beyond a limit."""

from collections.abc import Callable
from typing import Generic, TypeVar

Value = TypeVar("Value")

MAX_ENTRIES = 1 << 17
MAX_KEY_CHARS = 256


class Cache(dict[str, Value], Generic[Value]):
    """From a piece of text to what `compute` makes of it.

    A full cache is emptied rather than trimmed: what is frequent is back at once, and a hit costs no more than
    a look-up in a plain dict. Long pieces, which hardly ever recur, are not kept.
    """

    def __init__(self, compute: Callable[[str], Value]):
        self._compute = compute

    def __missing__(self, piece: str) -> Value:
        value = self._compute(piece)
        if len(piece) <= MAX_KEY_CHARS:
            if len(self) >= MAX_ENTRIES:
                self.clear()
            self[piece] = value
        return value
