"""Corpora: UTF-8 files that are checked once, split by characters, and read in parts.

A corpus is never held in memory as a whole unless somebody asks for its `text`. Nothing in it is changed: a byte
order mark is its first character, CRLF stays CRLF.
"""

import codecs
import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np

from numpygpt.errors import UserError
from numpygpt.files import open_to_read, reading

BLOCK = 1 << 20  # bytes read at a time
ADVICE = "name a text file that can be read"


@dataclass(frozen=True)
class Part:
    """A stretch of a corpus: `start` and `stop` are byte offsets, between characters."""

    corpus: "Corpus"
    name: str
    start: int
    stop: int
    n_chars: int

    @property
    def n_bytes(self) -> int:
        return self.stop - self.start

    @property
    def text(self) -> str:
        return self.read(self.start, self.stop)

    def read(self, start: int, stop: int) -> str:
        """The text between two byte offsets into the corpus, both between characters."""
        return self.corpus.read(start, stop).decode("utf-8")

    def end(self, n_chars: int) -> str:
        """Its last n_chars characters, or all if there are fewer; reads little more of the file than these."""
        raw = self.corpus.read(max(self.start, self.stop - 4 * n_chars), self.stop)
        return raw.decode("utf-8", errors="ignore")[-n_chars:]  # it may begin inside a character

    def chunks(self) -> Iterator[str]:
        """The text in strings of at most a megabyte, cut anywhere between two characters."""
        decoder = codecs.getincrementaldecoder("utf-8")()
        for start in range(self.start, self.stop, BLOCK):
            yield decoder.decode(self.corpus.read(start, min(start + BLOCK, self.stop)))


@dataclass(frozen=True)
class Corpus:
    """A text that exists, is UTF-8, and whose every byte is known by `sha256`.

    `fallback_reason` says why this is not the corpus that was asked for; None if it is.
    """

    name: str
    path: Path
    sha256: str
    n_bytes: int
    n_chars: int
    modified_ns: int
    fallback_reason: str | None = None

    @property
    def text(self) -> str:
        return self.read(0, self.n_bytes).decode("utf-8")

    def parts(self, val_fraction: float, dev_fraction: float = 0.0) -> tuple[Part, Part]:
        """The training part and, from the end of the text, `val_fraction` of its characters for validation.

        With dev_fraction, the training part is cut once more: what is judged is the development text, its last
        `dev_fraction`, and the validation text is left alone. A part is cut at floor((1 - fraction) * n_chars)
        characters, in exact decimal arithmetic. Raises UserError if any would be empty.
        """
        if not (0 < val_fraction < 1 and 0 <= dev_fraction < 1):
            given = f"val_fraction={val_fraction}, dev_fraction={dev_fraction}"
            raise UserError(f"{given}: each must lie between 0 and 1")
        n_train, stop, n_chars = self._first_part(self.n_chars, val_fraction), self.n_bytes, self.n_chars
        if dev_fraction:
            n_chars, stop = n_train, self._byte_offset(n_train)
            n_train = self._first_part(n_chars, dev_fraction)
        cut = self._byte_offset(n_train)
        judged = "dev" if dev_fraction else "val"
        return Part(self, "train", 0, cut, n_train), Part(self, judged, cut, stop, n_chars - n_train)

    def _first_part(self, n_chars: int, fraction: float) -> int:
        """Characters before the last `fraction` of n_chars."""
        n_first = int(n_chars * (1 - Fraction(str(fraction))))
        if not 0 < n_first < n_chars:
            raise UserError(f"{self.path} has {self.n_chars} characters, too few to split: use a longer text")
        return n_first

    def split(self, val_fraction: float) -> tuple[str, str]:
        """The texts of the two `parts`."""
        train, val = self.parts(val_fraction)
        return train.text, val.text

    def read(self, start: int, stop: int) -> bytes:
        """The bytes from `start` to `stop`. Raises UserError if the file changed since it was resolved."""
        with reading(self.path, ADVICE), open_to_read(self.path) as file:
            status = os.fstat(file.fileno())
            if (status.st_size, status.st_mtime_ns) != (self.n_bytes, self.modified_ns):
                raise UserError(f"{self.path} was changed while it was in use: start again")
            file.seek(start)
            return file.read(stop - start)

    def _byte_offset(self, n_chars: int) -> int:
        """Where the character number `n_chars` starts."""
        for offset in range(0, self.n_bytes, BLOCK):
            block = np.frombuffer(self.read(offset, offset + BLOCK), np.uint8)
            starts = (block & 0xC0) != 0x80  # all but UTF-8's continuation bytes
            n_starts = int(np.count_nonzero(starts))
            if n_starts > n_chars:
                return offset + int(np.flatnonzero(starts)[n_chars])
            n_chars -= n_starts
        return self.n_bytes


def read_corpus(name: str, path: Path, sha256: str | None = None) -> Corpus:
    """Read a text once, to count and check it. UserError: it is missing, empty, no UTF-8, or of another sha256."""
    decoder, digest = codecs.getincrementaldecoder("utf-8")(), hashlib.sha256()
    n_bytes = n_chars = 0
    try:
        with reading(path, ADVICE), open_to_read(path) as file:
            status = os.fstat(file.fileno())
            while block := file.read(BLOCK):
                digest.update(block)
                n_chars += len(decoder.decode(block))
                n_bytes += len(block)
            decoder.decode(b"", final=True)
    except UnicodeDecodeError as error:
        held = len(decoder.getstate()[0])  # of the block before
        offset = n_bytes - held + error.start
        raise UserError(f"{path} is not UTF-8 (byte {offset}): convert it, for example with iconv") from error
    if n_bytes != status.st_size:
        raise UserError(f"{path} is being written to, or is no regular file: name a text that stays as it is")
    if n_bytes == 0:
        raise UserError(f"{path} is empty: name a file with text in it")
    if sha256 not in (None, digest.hexdigest()):
        raise UserError(
            f"{path} is not the {name} corpus (wrong sha256): remove it, or put that in its place"
        )
    return Corpus(name, path, digest.hexdigest(), n_bytes, n_chars, status.st_mtime_ns)
