"""Corpora: find them, check them, split them by characters.

A corpus is a UTF-8 file that is never held in memory as a whole unless somebody asks for its `text`. Nothing in
it is changed: a byte order mark is its first character, CRLF stays CRLF.
"""

import codecs
import hashlib
import os
import socket
import sys
import threading
import urllib.request
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np
from filelock import FileLock
from platformdirs import user_cache_dir

from numpygpt.errors import UserError
from numpygpt.files import expanded, open_to_read, replacing, writing
from numpygpt.printing import printable

NAMES = ("shakespeare", "pydoc", "file")
SHAKESPEARE_URL = "https://raw.githubusercontent.com/karpathy/char-rnn/master/data/tinyshakespeare/input.txt"
SHAKESPEARE_SHA256 = "86c4e6aa9db7c042ec79f339dcb96d42b0075e16b8fc2e86bf0ca57e2dc565ed"
CACHE = "NUMPYGPT_CACHE"  # the environment variable that names another folder
BLOCK = 1 << 20  # bytes read at a time
CONNECT_SECONDS = 6.0  # to find out that there is no network
STALL_SECONDS = 10.0  # without a byte, in the middle of a download


class CorpusUnavailable(UserError):
    """A corpus could not be downloaded; the only failure for which `resolve` falls back to another one."""


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
        return b"".join(self.corpus.blocks(start, stop)).decode("utf-8")

    def end(self, n_chars: int) -> str:
        """Its last n_chars characters, or all if there are fewer; reads little more of the file than these."""
        longest = 4 * n_chars  # bytes
        raw = b"".join(self.corpus.blocks(max(self.start, self.stop - longest), self.stop))
        return raw.decode("utf-8", errors="ignore")[-n_chars:]  # it may begin inside a character

    def chunks(self) -> Iterator[str]:
        """The text in strings of at most a megabyte, cut anywhere between two characters."""
        decoder = codecs.getincrementaldecoder("utf-8")()
        for block in self.corpus.blocks(self.start, self.stop):
            yield decoder.decode(block)

    def characters(self) -> Counter[str]:
        """How often each character occurs."""
        counts = np.zeros(sys.maxunicode + 1, np.int64)
        for chunk in self.chunks():
            counts += np.bincount(np.frombuffer(chunk.encode("utf-32-le"), np.uint32), minlength=len(counts))
        return Counter({chr(code): int(counts[code]) for code in np.flatnonzero(counts).tolist()})


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
        return b"".join(self.blocks(0, self.n_bytes)).decode("utf-8")

    def parts(self, val_fraction: float, dev_fraction: float = 0.0) -> tuple[Part, Part]:
        """The training part and, from the end of the text, `val_fraction` of its characters for validation.

        With dev_fraction, the training part is cut once more: what is judged is the development text, its last
        `dev_fraction`, and the validation text is left alone. A part is cut at floor((1 - fraction) * n_chars)
        characters, in exact decimal arithmetic. Raises UserError if any would be empty.
        """
        if not (0 < val_fraction < 1 and 0 <= dev_fraction < 1):
            raise UserError(
                f"val_fraction={val_fraction}, dev_fraction={dev_fraction}: each must lie between 0 and 1"
            )
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

    def blocks(self, start: int, stop: int) -> Iterator[bytes]:
        """The bytes from `start` to `stop`. Raises UserError if the file changed since it was resolved."""
        try:
            with open_to_read(self.path) as file:
                status = os.fstat(file.fileno())
                if (status.st_size, status.st_mtime_ns) != (self.n_bytes, self.modified_ns):
                    raise UserError(f"{self.path} was changed while it was in use: start again")
                file.seek(start)
                while start < stop and (block := file.read(min(BLOCK, stop - start))):
                    start += len(block)
                    yield block
        except OSError as error:
            raise _unreadable(self.path, error) from error

    def _byte_offset(self, n_chars: int) -> int:
        """Where the character number `n_chars` starts."""
        offset = 0
        for block in self.blocks(0, self.n_bytes):
            starts = (np.frombuffer(block, np.uint8) & 0xC0) != 0x80  # all but UTF-8's continuation bytes
            n_starts = int(np.count_nonzero(starts))
            if n_starts > n_chars:
                return offset + int(np.flatnonzero(starts)[n_chars])
            n_chars -= n_starts
            offset += len(block)
        return offset


def resolve(name: str, path: str | os.PathLike[str] | None = None, allow_fallback: bool = False) -> Corpus:
    """Decides which text is meant, finds or downloads it, and reads it once to check it.

    `name` is "shakespeare", "pydoc" or "file" (then `path` is its path). With `allow_fallback`, "pydoc" stands
    in for a "shakespeare" that cannot be downloaded, and the corpus's `fallback_reason` says why: warn of it.
    Raises UserError for an unknown name and for a text that is missing, empty, damaged or not UTF-8.
    """
    if name == "file":
        if path is None:
            raise UserError("the corpus 'file' needs the path of a text: give data.path=...")
        path = expanded(path).absolute()
        return _inspect(printable(path.name), path)
    if name == "pydoc":
        return _pydoc()
    if name != "shakespeare":
        raise UserError(f"there is no corpus {name!r}: use one of {', '.join(NAMES)}")
    try:
        return _shakespeare()
    except CorpusUnavailable as error:
        if not allow_fallback:
            raise
        return _pydoc(fallback_reason=str(error))


def cache_folder() -> Path:
    """Where downloads and token files are kept: $NUMPYGPT_CACHE, or the user's cache folder."""
    chosen = os.environ.get(CACHE)
    if chosen:
        return expanded(chosen).absolute()
    return Path(user_cache_dir("numpygpt"))


def _inspect(name: str, path: Path, sha256: str | None = None, fallback_reason: str | None = None) -> Corpus:
    decoder, digest = codecs.getincrementaldecoder("utf-8")(), hashlib.sha256()
    n_bytes = n_chars = held = 0
    try:
        with open_to_read(path) as file:
            status = os.fstat(file.fileno())
            while block := file.read(BLOCK):
                digest.update(block)
                held = len(decoder.getstate()[0])
                n_chars += len(decoder.decode(block))
                n_bytes += len(block)
            held = len(decoder.getstate()[0])
            decoder.decode(b"", final=True)
    except UnicodeDecodeError as error:
        offset = n_bytes - held + error.start
        raise UserError(f"{path} is not UTF-8 (byte {offset}): convert it, for example with iconv") from error
    except OSError as error:
        raise _unreadable(path, error) from error
    if n_bytes != status.st_size:
        raise UserError(f"{path} is being written to, or is no regular file: name a text that stays as it is")
    if n_bytes == 0:
        raise UserError(f"{path} is empty: name a file with text in it")
    if sha256 not in (None, digest.hexdigest()):
        raise UserError(
            f"{path} is not the {name} corpus (wrong sha256): remove it, or put the right text there"
        )
    return Corpus(name, path, digest.hexdigest(), n_bytes, n_chars, status.st_mtime_ns, fallback_reason)


def _unreadable(path: Path, error: OSError) -> UserError:
    return UserError(f"{path} cannot be read ({error.strerror}): name a text file that can be read")


# --- pydoc ---


def _pydoc(fallback_reason: str | None = None) -> Corpus:
    """The language reference that CPython carries; the text differs between Python versions."""
    try:
        from pydoc_data.topics import topics
    except ImportError as error:
        raise UserError("this Python carries no pydoc_data: use data=file data.path=...") from error
    data = "\n\n".join(topics[key].strip() for key in sorted(topics)).encode("utf-8") + b"\n"
    sha256 = hashlib.sha256(data).hexdigest()
    path = cache_folder() / f"pydoc-{sha256[:16]}.txt"
    if not _holds(path, sha256):
        with lock_for(path), replacing(path) as temporary:
            temporary.write_bytes(data)
    return _inspect("pydoc", path, sha256, fallback_reason)


def _holds(path: Path, sha256: str) -> bool:
    try:
        with open_to_read(path) as file:
            return hashlib.file_digest(file, "sha256").hexdigest() == sha256
    except OSError:
        return False


@contextmanager
def lock_for(path: Path) -> Iterator[None]:
    """Holds the lock under which the cached file `path` is written; makes its folder, waits for others."""
    lock = FileLock(path.with_name(path.name + ".lock"))
    with writing(path, CACHE):
        path.parent.mkdir(parents=True, exist_ok=True)
        lock.acquire()
    try:
        yield
    finally:
        lock.release()


# --- shakespeare ---


def _shakespeare() -> Corpus:
    """The 1,115,394 bytes of tiny Shakespeare: from $NUMPYGPT_DATA, the cache, or the network."""
    folder = os.environ.get("NUMPYGPT_DATA")
    if folder and _is_there(own := expanded(folder).absolute() / "shakespeare.txt"):
        return _inspect("shakespeare", own, SHAKESPEARE_SHA256)
    path = cache_folder() / "shakespeare.txt"
    if not _holds(path, SHAKESPEARE_SHA256):
        with lock_for(path):
            if not _holds(path, SHAKESPEARE_SHA256):
                _download(SHAKESPEARE_URL, SHAKESPEARE_SHA256, path)
    return _inspect("shakespeare", path, SHAKESPEARE_SHA256)


def _is_there(path: Path) -> bool:
    """Whether there is anything, be it a link to nowhere. UserError: it cannot be told."""
    try:
        path.lstat()
    except FileNotFoundError:
        return False
    except OSError as error:
        raise UserError(
            f"{path} cannot be read ({error.strerror}): let NUMPYGPT_DATA name a folder that can be, or unset it"
        ) from error
    return True


def _download(url: str, sha256: str, path: Path) -> None:
    """Fetches `url` to `path`; raises CorpusUnavailable, and leaves nothing behind, if that fails."""
    import pooch  # 0.2 seconds, seldom needed

    advice = "connect to the network, or set NUMPYGPT_DATA to a folder that holds it, or use data=pydoc"
    if not urllib.request.getproxies() and not _is_reachable(url):
        raise CorpusUnavailable(f"{path.name} cannot be downloaded from {url} (no connection): {advice}")
    fetch = pooch.HTTPDownloader(timeout=(CONNECT_SECONDS, STALL_SECONDS))
    try:
        pooch.retrieve(url, f"sha256:{sha256}", path.name, path.parent, downloader=fetch)
    except (OSError, ValueError) as error:  # requests' errors are OSErrors, a wrong checksum is a ValueError
        reason = "wrong sha256" if isinstance(error, ValueError) else type(error).__name__
        raise CorpusUnavailable(
            f"{path.name} cannot be downloaded from {url} ({reason}): {advice}"
        ) from error


def _is_reachable(url: str) -> bool:
    """Whether a connection comes about in CONNECT_SECONDS; bounds name look-ups too, which have no timeout."""
    address, reached = urlsplit(url), threading.Event()

    def connect() -> None:
        try:
            port = address.port or {"http": 80, "https": 443}[address.scheme]
            socket.create_connection((address.hostname or "", port), timeout=CONNECT_SECONDS / 3).close()
            reached.set()
        except OSError:
            pass
        finally:
            finished.set()

    finished = threading.Event()
    threading.Thread(target=connect, daemon=True).start()
    finished.wait(CONNECT_SECONDS)
    return reached.is_set()
