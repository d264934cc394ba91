"""From the name of a kind to a tokenizer, and from a file to the tokenizer that it holds."""

import json
import os
from typing import Any

from numpygpt.errors import UserError
from numpygpt.files import read_bytes
from numpygpt.tokenizers.base import FORMAT, VERSION, Tokenizer, sha256_of
from numpygpt.tokenizers.bpe.bpe import BPETokenizer
from numpygpt.tokenizers.bpe.bytefallback import ByteFallbackBPETokenizer
from numpygpt.tokenizers.bpe.bytelevel import ByteLevelBPETokenizer
from numpygpt.tokenizers.bpe.superbpe import SuperBPETokenizer
from numpygpt.tokenizers.byte import ByteTokenizer
from numpygpt.tokenizers.char import CharTokenizer
from numpygpt.tokenizers.foreign.custom import CustomTokenizer
from numpygpt.tokenizers.foreign.hf import HuggingFaceTokenizer
from numpygpt.tokenizers.foreign.sentencepiece import SentencePieceTokenizer
from numpygpt.tokenizers.foreign.tiktoken import TiktokenTokenizer
from numpygpt.tokenizers.unigram.unigram import UnigramTokenizer
from numpygpt.tokenizers.word import WordTokenizer
from numpygpt.tokenizers.word_lossless import LosslessWordTokenizer

KINDS: dict[str, type[Tokenizer]] = {  # ours
    cls.kind: cls
    for cls in (
        CharTokenizer,
        WordTokenizer,
        LosslessWordTokenizer,
        BPETokenizer,
        ByteFallbackBPETokenizer,
        ByteLevelBPETokenizer,
        SuperBPETokenizer,
        UnigramTokenizer,
        ByteTokenizer,
    )
}
FOREIGN = (HuggingFaceTokenizer, SentencePieceTokenizer, TiktokenTokenizer, CustomTokenizer)
ALL_KINDS: dict[str, type[Tokenizer]] = KINDS | {cls.kind: cls for cls in FOREIGN}


def create(kind: str, **options: Any) -> Tokenizer:
    """An untrained tokenizer. UserError: unknown kind or impossible value."""
    if kind not in ALL_KINDS:
        raise UserError(f"there is no tokenizer of kind {kind!r}: choose one of {', '.join(ALL_KINDS)}")
    return ALL_KINDS[kind](**options)


def from_dict(data: dict[str, Any], factory: str | None = None) -> Tokenizer:
    """The tokenizer that `Tokenizer.to_dict` described. UserError: it is no such description.

    `factory`: the class, as package.module:Class, that a custom tokenizer may be of.
    """
    if not isinstance(data, dict) or (data.get("format"), data.get("version")) != (FORMAT, VERSION):
        raise UserError(f"it is no tokenizer of this program ({FORMAT}, version {VERSION}): train it again")
    try:
        own = {"factory": factory} if data["kind"] == CustomTokenizer.kind else {}  # whatever the file says
        tokenizer = create(data["kind"], **{**data["options"], **own})
        tokenizer._restore(data)
    except (AttributeError, IndexError, KeyError, TypeError) as error:
        raise UserError(f"it lacks a part, or one is wrong ({error!r}): train the tokenizer again") from None
    return tokenizer


def load(path: str | os.PathLike[str], factory: str | None = None) -> Tokenizer:
    """The tokenizer that `Tokenizer.save` wrote. UserError: damaged or foreign file.

    No code is run, whatever the file says; a custom tokenizer's class is imported only if `factory` names it, or
    the environment variable NUMPYGPT_FACTORY does.
    """
    try:
        data = json.loads(read_bytes(path))
        if isinstance(data, dict) and data.pop("sha256", None) not in (None, sha256_of(data)):
            raise UserError("it is damaged, or was edited: train the tokenizer again")
        return from_dict(data, factory)
    except OSError as error:
        raise UserError(f"cannot load the tokenizer {path}: it cannot be read ({error.strerror})") from None
    except (ValueError, RecursionError) as error:  # no UTF-8, no JSON, or one of the UserErrors above
        raise UserError(f"cannot load the tokenizer {path}: {error}") from None
