"""Token files: the ids of a part of a corpus, made once, kept in the cache, memory-mapped.

A token file is a .npy file of the smallest unsigned type that holds the vocabulary, followed by a sha256 over
its content and over what it is the content of. So one file says all, and a truncated, damaged or foreign one
is made anew. A text is encoded piece by piece: memory does not grow with it.

Where pieces are cut: between a letter or digit and a space (else a punctuation mark) that follows it. There the
tokenizers of this project, and the patterns of GPT-2 and its descendants, always start a new token, whatever
stands further off. Each cut is tried out on the text around it, and another one is taken if ids change; where
they change at all of some places, the text is left whole there. A BPE without pre-tokenisation, whose tokens may
cross anything, encodes its text as a whole.
"""

import hashlib
import multiprocessing
import os
import re
import threading
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from itertools import islice
from pathlib import Path
from typing import BinaryIO, Protocol

import numpy as np

from numpygpt.data.cache import cache_folder, lock_for
from numpygpt.data.corpus import Part
from numpygpt.errors import UserError
from numpygpt.files import replacing

VERSION = 2  # raised when the same tokenizer gives other ids than before
PIECE = 4 << 20  # bytes of text encoded at a time
WINDOW = 1 << 13  # bytes in which a place to cut is looked for
CONTEXT = 256  # characters on either side on which a cut is tried out
TRIES = 64  # places to cut that are tried out in one PIECE
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


def encoded(
    part: Part,
    tokenizer: Encoder,
    folder: Path | None = None,
    workers: int = 1,
    progress: Callable[[float], None] = lambda share: None,
) -> np.ndarray:
    """The ids (n,) of `part`, memory-mapped, read-only, from the cache in `folder` if they are there.

    Those of a tokenizer that is not `cacheable` are always made anew.

    `workers` processes encode a long text; the ids do not depend on how many. Processes that want the same
    file wait for the one that makes it. `progress` is told the share that is done, 0 to 1. Raises UserError if
    the file cannot be written.
    """
    key = f"{VERSION} {part.corpus.sha256} {part.start} {part.stop} {tokenizer.fingerprint()}"
    name = f"tokens-{hashlib.sha256(key.encode()).hexdigest()[:32]}.npy"
    path = (folder or cache_folder()) / name
    cacheable = getattr(tokenizer, "cacheable", True)
    if cacheable and (ids := _open(path, key)) is not None:
        return ids
    with lock_for(path):
        if not cacheable or (ids := _open(path, key)) is None:
            with replacing(path) as temporary:
                _write(temporary, key, part, tokenizer, workers, progress)
            ids = _open(path, key)
    if ids is None:
        raise UserError(f"{path} does not hold what was just written to it: check the disk")
    return ids


# --- the file ---


def _write(
    path: Path, key: str, part: Part, tokenizer: Encoder, workers: int, progress: Callable[[float], None]
) -> None:
    dtype = np.min_scalar_type(max(tokenizer.vocab_size - 1, 0))
    with path.open("w+b") as file:
        _write_header(file, dtype, 0)
        n_tokens = 0
        for ids, stop in _encode_pieces(part, tokenizer, workers):
            if len(ids) and not 0 <= ids.min() <= ids.max() < tokenizer.vocab_size:
                raise ValueError(f"the tokenizer gave ids beyond its {tokenizer.vocab_size} tokens")
            file.write(ids.astype(dtype).tobytes())
            n_tokens += len(ids)
            progress((stop - part.start) / part.n_bytes)
        file.seek(0)
        _write_header(file, dtype, n_tokens)
        n_bytes = file.seek(0, os.SEEK_END)
        file.seek(0)
        file.write(_digest(file, key, n_bytes))


def _write_header(file: BinaryIO, dtype: np.dtype, n_tokens: int) -> None:
    """NumPy pads headers so that a longer shape needs no more room: it can be written again in place."""
    header = {"descr": np.lib.format.dtype_to_descr(dtype), "fortran_order": False, "shape": (n_tokens,)}
    np.lib.format.write_array_header_1_0(file, header)


def _open(path: Path, key: str) -> np.ndarray | None:
    """The memory-mapped ids, or None if the file is not there or not what belongs there."""
    try:
        with path.open("rb") as file:
            n_bytes = os.fstat(file.fileno()).st_size - hashlib.sha256().digest_size
            if n_bytes <= 0 or _digest(file, key, n_bytes) != file.read():
                return None
        return np.load(path, mmap_mode="r", allow_pickle=False)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise UserError(f"{path} cannot be read ({error.strerror}): remove it or make it readable") from error


def _digest(file: BinaryIO, key: str, n_bytes: int) -> bytes:
    """sha256 of `key` and of the next `n_bytes` of `file`, or what there is of them."""
    digest = hashlib.sha256(key.encode())
    while n_bytes and (block := file.read(min(1 << 20, n_bytes))):
        digest.update(block)
        n_bytes -= len(block)
    return digest.digest()


# --- piece by piece ---


def _encode_pieces(part: Part, tokenizer: Encoder, workers: int) -> Iterator[tuple[np.ndarray, int]]:
    """The ids of each piece, and the byte offset at which it ends."""
    ranges = pieces(part, tokenizer)
    if workers <= 1 or part.n_bytes <= 2 * PIECE:
        yield from ((tokenizer.encode(part.read(start, stop)), stop) for start, stop in ranges)
        return
    context = multiprocessing.get_context("spawn")  # forking a process that has threads can hang
    with ProcessPoolExecutor(workers, context, _start_worker, (part, tokenizer)) as pool:
        waiting: deque[Future[tuple[np.ndarray, int]]] = deque()
        try:
            for piece in ranges:
                waiting.append(pool.submit(_encode_in_worker, *piece))
                if len(waiting) > 2 * workers:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        except BrokenProcessPool as error:
            raise UserError("a process that encoded the text was killed: try fewer workers") from error


_worker: tuple[Part, Encoder]


def _start_worker(part: Part, tokenizer: Encoder) -> None:
    global _worker
    _worker = (part, tokenizer)
    parent = multiprocessing.parent_process()
    if parent is not None:

        def follow() -> None:
            parent.join()
            os._exit(1)  # a worker whose parent was killed would wait for ever

        threading.Thread(target=follow, daemon=True).start()


def _encode_in_worker(start: int, stop: int) -> tuple[np.ndarray, int]:
    part, tokenizer = _worker
    return tokenizer.encode(part.read(start, stop)), stop


def pieces(part: Part, tokenizer: Encoder) -> Iterator[tuple[int, int]]:
    """Byte ranges that tile the part and can be encoded each on its own."""
    start = part.start
    crosses_anything = getattr(tokenizer, "pattern", None) == "none"
    while part.stop - start > PIECE and not crosses_anything:
        cut = _find_cut(part, tokenizer, start + PIECE)
        yield start, cut
        start = cut
    if start < part.stop:
        yield start, part.stop


def _find_cut(part: Part, tokenizer: Encoder, offset: int) -> int:
    """The byte offset of a safe place to cut at or after `offset`; the part's end if none is found.

    Few places are tried of each PIECE: where a tokenizer changes at every cut, as one that begins each text with a
    space does, to try them all takes hours.
    """
    while offset < part.stop:
        for text, at, place in islice(_places(part, offset), TRIES):
            if _is_safe(tokenizer, text, at):
                return place
        offset += PIECE
    return part.stop


def _places(part: Part, offset: int) -> Iterator[tuple[str, int, int]]:
    """Places to cut in the PIECE at `offset`: the text around each, where in it, and the byte offset."""
    for begin in range(offset, min(offset + PIECE, part.stop), WINDOW // 2):
        raw = b"".join(part.corpus.blocks(begin, min(begin + WINDOW, part.stop)))
        lead = next((i for i, byte in enumerate(raw) if byte & 0xC0 != 0x80), len(raw))
        text = raw[lead:].decode("utf-8", errors="ignore")  # the last character may be cut off
        for pattern in CUTS:
            for match in pattern.finditer(text, 1, len(text) - CONTEXT):
                yield text, match.start(), begin + lead + len(text[: match.start()].encode())


def _is_safe(tokenizer: Encoder, text: str, cut: int) -> bool:
    before, after = text[max(0, cut - CONTEXT) : cut], text[cut : cut + CONTEXT]
    apart = np.concatenate([tokenizer.encode(before), tokenizer.encode(after)])
    return np.array_equal(tokenizer.encode(before + after), apart)
