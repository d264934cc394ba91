"""From the name of a kind to a tokenizer, and from a file to the tokenizer that it holds."""

import inspect
import os
from typing import Any

from numpygpt.errors import UserError
from numpygpt.tokenizers import files
from numpygpt.tokenizers.base import Tokenizer
from numpygpt.tokenizers.bpe import BPETokenizer
from numpygpt.tokenizers.byte import ByteTokenizer
from numpygpt.tokenizers.bytefallback import ByteFallbackBPETokenizer
from numpygpt.tokenizers.bytelevel import ByteLevelBPETokenizer
from numpygpt.tokenizers.char import CharTokenizer
from numpygpt.tokenizers.word import WordTokenizer

_CLASSES: tuple[type[Tokenizer], ...] = (
    CharTokenizer,
    WordTokenizer,
    BPETokenizer,
    ByteFallbackBPETokenizer,
    ByteLevelBPETokenizer,
    ByteTokenizer,
)
KINDS: dict[str, type[Tokenizer]] = {cls.kind: cls for cls in _CLASSES}


def create(kind: str, **options: Any) -> Tokenizer:
    """An untrained tokenizer. UserError: unknown kind, unknown option or impossible value."""
    known = option_names(kind)
    for name in options:
        if name not in known:
            raise UserError(f"the {kind} tokenizer has no option {name!r}: it knows {', '.join(known)}")
    return KINDS[kind](**options)


def option_names(kind: str) -> tuple[str, ...]:
    """The options of a kind: its constructor's keywords."""
    if kind not in KINDS:
        raise UserError(f"there is no tokenizer of kind {kind!r}: choose one of {', '.join(KINDS)}")
    return tuple(inspect.signature(KINDS[kind]).parameters)


def from_dict(data: dict[str, Any]) -> Tokenizer:
    """The tokenizer that `Tokenizer.to_dict` described. UserError: the description is damaged."""
    files.check_header(data)
    kind = data.get("kind")
    if not isinstance(kind, str) or kind not in KINDS:
        raise UserError(f"there is no tokenizer of kind {kind!r}: this program knows {', '.join(KINDS)}")
    return KINDS[kind].from_dict(data)


def load(path: str | os.PathLike[str]) -> Tokenizer:
    """The tokenizer that `Tokenizer.save` wrote; no code is run. UserError: damaged or foreign file."""
    data = files.read_json(path)
    try:
        return from_dict(data)
    except UserError as error:
        raise UserError(f"cannot load the tokenizer {path}: {error}") from None
