"""A dictionary that computes what it lacks, and never grows beyond a limit."""

from collections.abc import Callable
from typing import Generic, TypeVar

Value = TypeVar("Value")

LIMIT = 1 << 17  # entries
LONGEST_KEY = 256  # characters


class Cache(dict[str, Value], Generic[Value]):
    """From a piece of text to what `compute` makes of it.

    A full cache is emptied rather than trimmed: what is frequent is back at once, and a hit costs no more than
    a look-up in a plain dict. Long pieces, which hardly ever recur, are not kept.
    """

    def __init__(self, compute: Callable[[str], Value]):
        self._compute = compute

    def __missing__(self, piece: str) -> Value:
        value = self._compute(piece)
        if len(piece) <= LONGEST_KEY:
            if len(self) >= LIMIT:
                self.clear()
            self[piece] = value
        return value
