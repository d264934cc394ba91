"""Token files: the ids of a part of a corpus, made once, kept in the cache, memory-mapped.

A token file holds the ids in the smallest unsigned type that fits the vocabulary, followed by a sha256 over them
and over what they are the ids of. So a truncated, damaged or foreign one is made anew. A text is encoded piece by
piece: memory does not grow with it.

Where pieces are cut: between a letter or digit and a space (else a punctuation mark) that follows it. There the
tokenizers of this project, and the patterns of GPT-2 and its descendants, always start a new token, whatever
stands further off. Each cut is tried out on the text around it, and another one is taken if ids change; where
they change at all that are tried, the text is left whole there. A BPE without pre-tokenisation, whose tokens may
cross anything, encodes its text as a whole.
"""

import hashlib
import re
from collections.abc import Iterable, Iterator
from itertools import chain, islice
from pathlib import Path
from typing import Protocol

import numpy as np

from numpygpt.data.cache import cache_folder, lock_for
from numpygpt.data.corpus import Part
from numpygpt.errors import UserError
from numpygpt.files import reading, replacing

VERSION = 3  # raised when the same tokenizer gives other ids than before, or they are kept otherwise
PIECE = 4 << 20  # bytes of text encoded at a time
WINDOW = 1 << 13  # bytes in which a place to cut is looked for
CONTEXT = 256  # characters on either side on which a cut is tried out
TRIES = 64  # places of each kind to cut that are tried out in a window
CUTS = (  # the second one is for scripts without spaces: ASCII, ideographic and full-width punctuation
    re.compile(r"(?<=[^\W_])(?=\s)"),
    re.compile(r"(?<=[^\W_])(?=[,.;:!?\u3001\u3002\uff0c\uff1b\uff1a\uff01\uff1f])"),
)


class Encoder(Protocol):
    """What is asked of a tokenizer."""

    @property
    def vocab_size(self) -> int: ...

    def encode(self, text: str) -> np.ndarray: ...

    def fingerprint(self) -> str: ...


def encoded(part: Part, tokenizer: Encoder, folder: Path | None = None) -> np.ndarray:
    """The ids (n,) of `part`, memory-mapped, read-only, from the cache in `folder` if they are there.

    Those of a tokenizer that is not `cacheable` are always made anew. Processes that want the same file wait for
    the one that makes it. Raises UserError if the file cannot be written.
    """
    key = f"{VERSION} {part.corpus.sha256} {part.start} {part.stop} {tokenizer.fingerprint()}"
    name = f"tokens-{hashlib.sha256(key.encode()).hexdigest()[:32]}.bin"
    path = (folder or cache_folder()) / name
    dtype = np.min_scalar_type(max(tokenizer.vocab_size - 1, 0))
    cacheable = getattr(tokenizer, "cacheable", True)
    if cacheable and (ids := _open(path, key, dtype)) is not None:
        return ids
    with lock_for(path):
        if not cacheable or (ids := _open(path, key, dtype)) is None:
            with replacing(path) as temporary:
                _write(temporary, key, _encode(part, tokenizer, dtype))
            ids = _open(path, key, dtype)
    if ids is None:
        raise UserError(f"{path} does not hold what was just written to it: check the disk")
    return ids


def _write(path: Path, key: str, pieces: Iterable[np.ndarray]) -> None:
    digest = hashlib.sha256(key.encode())
    with path.open("wb") as file:
        for ids in pieces:
            digest.update(ids.data)
            file.write(ids.data)
        file.write(digest.digest())


def _open(path: Path, key: str, dtype: np.dtype) -> np.ndarray | None:
    """The memory-mapped ids, or None if the file is not there or not what belongs there."""
    digest = hashlib.sha256(key.encode())
    with reading(path, "remove it or make it readable"):
        try:
            content = np.memmap(path, np.uint8, "r")
        except (FileNotFoundError, ValueError):  # an empty file cannot be mapped
            return None
    digest.update(content[: -digest.digest_size].data)
    is_whole = content[-digest.digest_size :].tobytes() == digest.digest()
    return content[: -digest.digest_size].view(dtype) if is_whole else None


def _encode(part: Part, tokenizer: Encoder, dtype: np.dtype) -> Iterator[np.ndarray]:
    """The ids of one piece after the other."""
    for start, stop in pieces(part, tokenizer):
        ids = tokenizer.encode(part.read(start, stop))
        if len(ids) and not 0 <= ids.min() <= ids.max() < tokenizer.vocab_size:
            raise ValueError(f"the tokenizer gave ids beyond its {tokenizer.vocab_size} tokens")
        yield ids.astype(dtype)


def pieces(part: Part, tokenizer: Encoder) -> Iterator[tuple[int, int]]:
    """Byte ranges that tile the part and can be encoded each on its own."""
    start = part.start
    while start < part.stop:
        stop = _find_cut(part, tokenizer, start + PIECE)
        yield start, stop
        start = stop


def _find_cut(part: Part, tokenizer: Encoder, offset: int) -> int:
    """The byte offset of a safe place to cut a little after `offset`, or a few PIECEs on; else the part's end."""
    crosses_anything = getattr(tokenizer, "pattern", None) == "none"
    while offset < part.stop and not crosses_anything:
        raw = part.corpus.read(offset, min(offset + WINDOW, part.stop))
        lead = next((i for i, byte in enumerate(raw) if byte & 0xC0 != 0x80), len(raw))
        text = raw[lead:].decode("utf-8", errors="ignore")  # the last character may be cut off
        found = (pattern.finditer(text, 1, len(text) - CONTEXT) for pattern in CUTS)
        for place in chain.from_iterable(islice(places, TRIES) for places in found):
            if _is_safe(tokenizer, text, place.start()):
                return offset + lead + len(text[: place.start()].encode())
        offset += PIECE
    return part.stop


def _is_safe(tokenizer: Encoder, text: str, cut: int) -> bool:
    before, after = text[max(0, cut - CONTEXT) : cut], text[cut : cut + CONTEXT]
    apart = np.concatenate([tokenizer.encode(before), tokenizer.encode(after)])
    return np.array_equal(tokenizer.encode(before + after), apart)
