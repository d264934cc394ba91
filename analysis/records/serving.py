"""What it costs to serve text, worked out from what the runs recorded, for a deployment that the reader names."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

from numpygpt.errors import UserError

CACHED_BYTES = 2  # of a number in the cache: 16 bits, as is usual


@dataclass(frozen=True)
class Deployment:
    """A GPT that writes text with its key/value cache full; as it stands, GPT-2 small's blocks.

    context_chars: characters of text that the cache holds, whatever the tokenizer
    """

    n_layer: int = 12
    n_embd: int = 768
    context_chars: int = 4096

    @property
    def words(self) -> str:
        return f"{self.n_layer} layers, {self.n_embd} wide, {self.context_chars:,} characters of context"


DEFAULT = Deployment()


def deployment(words: Sequence[str]) -> Deployment:
    """From KEY=VALUE as a user types it. Raises UserError for anything but the fields, and for less than 1."""
    known = [field.name for field in fields(Deployment)]
    found = {}
    for word in words:
        key, _, value = word.partition("=")
        if key not in known or not value.isdecimal() or int(value) < 1:
            raise UserError(f"--serve {word} is not possible: it may set {', '.join(known)}, each 1 or more")
        found[key] = int(value)
    return Deployment(**found)


def flops_per_token(n_layer: Any, n_embd: Any, context: Any, vocab_size: Any) -> Any:
    """Floating-point operations to write one token, with `context` tokens in the cache; numbers or arrays.

    A multiplication and an addition count two. With width C, inner width 4 C, T tokens of context, vocabulary V:

        each layer   2 (4 C^2)     queries, keys, values and the projection after them
                     2 (2 T C)     scores and the weighted sum over the cache
                     2 (2 C 4 C)   feed-forward
        the head     2 C V

    It is a third of what training takes (Kaplan et al. 2020, section 2.1): forward alone.
    """
    return n_layer * (24 * n_embd**2 + 4 * context * n_embd) + 2 * n_embd * vocab_size


def cache_bytes_per_token(n_layer: int, n_embd: int) -> int:
    """A key and a value of the model's width in each layer."""
    return 2 * n_layer * n_embd * CACHED_BYTES
