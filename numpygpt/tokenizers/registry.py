"""From the name of a kind to a tokenizer, and from a file to the tokenizer that it holds."""

import inspect
import os
from contextlib import suppress
from typing import Any

from numpygpt.errors import UserError
from numpygpt.files import read_bytes
from numpygpt.tokenizers import files
from numpygpt.tokenizers.base import Tokenizer
from numpygpt.tokenizers.bpe import BPETokenizer, ByteFallbackBPETokenizer, ByteLevelBPETokenizer
from numpygpt.tokenizers.byte import ByteTokenizer
from numpygpt.tokenizers.char import CharTokenizer
from numpygpt.tokenizers.foreign import (
    CustomTokenizer,
    HuggingFaceTokenizer,
    SentencePieceTokenizer,
    TiktokenTokenizer,
    UnigramTokenizer,
)
from numpygpt.tokenizers.foreign.recognise import mismatch
from numpygpt.tokenizers.word import WordTokenizer

_CLASSES: tuple[type[Tokenizer], ...] = (
    CharTokenizer,
    WordTokenizer,
    BPETokenizer,
    ByteFallbackBPETokenizer,
    ByteLevelBPETokenizer,
    ByteTokenizer,
)
_FOREIGN: tuple[type[Tokenizer], ...] = (
    UnigramTokenizer,
    HuggingFaceTokenizer,
    SentencePieceTokenizer,
    TiktokenTokenizer,
    CustomTokenizer,
)
KINDS: dict[str, type[Tokenizer]] = {cls.kind: cls for cls in _CLASSES}  # ours
ALL_KINDS: dict[str, type[Tokenizer]] = KINDS | {cls.kind: cls for cls in _FOREIGN}


def create(kind: str, **options: Any) -> Tokenizer:
    """An untrained tokenizer. UserError: unknown kind, unknown option or impossible value."""
    known = option_names(kind)
    for name in options:
        if name not in known:
            raise UserError(f"the {kind} tokenizer has no option {name!r}: it knows {', '.join(known)}")
    return ALL_KINDS[kind](**options)


def option_names(kind: str) -> tuple[str, ...]:
    """The options of a kind: its constructor's keywords."""
    if kind not in ALL_KINDS:
        raise UserError(f"there is no tokenizer of kind {kind!r}: choose one of {', '.join(ALL_KINDS)}")
    return tuple(inspect.signature(ALL_KINDS[kind]).parameters)


def from_dict(data: dict[str, Any], factory: str | None = None) -> Tokenizer:
    """The tokenizer that `Tokenizer.to_dict` described. UserError: the description is damaged.

    `factory`: the class, as package.module:Class, that a custom tokenizer may be of.
    """
    files.check_header(data)
    kind = data.get("kind")
    if not isinstance(kind, str) or kind not in ALL_KINDS:
        raise UserError(f"there is no tokenizer of kind {kind!r}: this program knows {', '.join(ALL_KINDS)}")
    if kind == CustomTokenizer.kind:
        return CustomTokenizer.from_dict(data, factory=factory)
    return ALL_KINDS[kind].from_dict(data)


def load(path: str | os.PathLike[str], factory: str | None = None) -> Tokenizer:
    """The tokenizer that `Tokenizer.save` wrote. UserError: damaged or foreign file.

    No code is run, whatever the file says; a custom tokenizer's class is imported only if `factory` names it, or
    the environment variable NUMPYGPT_FACTORY does.
    """
    try:
        return from_dict(files.read_json(path), factory)
    except UserError as error:
        other = ""  # what it is instead
        with suppress(OSError):
            other = mismatch(read_bytes(path), "numpygpt")
        raise UserError(f"cannot load the tokenizer {path}: {error}{other}") from None
