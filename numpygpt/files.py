"""Files that are read, those written whole or not at all, and locks that die with their holder (stdlib only)."""

import errno
import os
import socket
import stat
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from io import BufferedReader
from pathlib import Path
from typing import BinaryIO

from numpygpt.errors import UserError

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl


def open_to_read(path: str | os.PathLike[str], pipes: bool = False) -> BufferedReader:
    """A regular file: a pipe might be waited for without end, and gives its content once; a device may never end.

    pipes: whether they will do, to a caller that reads once. Raises OSError, whose `strerror` says what it is.
    """
    mode = Path(path).stat().st_mode
    if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode) or (pipes and stat.S_ISFIFO(mode))):
        raise OSError(errno.EINVAL, "it is no regular file", os.fspath(path))
    return Path(path).open("rb")  # of a folder, the system itself says that it is one


@contextmanager
def reading(path: str | os.PathLike[str], advice: str) -> Iterator[None]:
    """Turns an OSError of its block into a UserError, which names `path` and gives the advice."""
    try:
        yield
    except OSError as error:
        raise UserError(f"{path} cannot be read ({error.strerror or error}): {advice}") from error


def read_bytes(path: str | os.PathLike[str], pipes: bool = False) -> bytes:
    """The content of a file; as `open_to_read`."""
    with open_to_read(path, pipes) as file:
        return file.read()


def is_folder(path: str | os.PathLike[str]) -> bool:
    """Whether it is one that can be looked at; no name is too long to ask."""
    return os.path.isdir(path)  # noqa: PTH112  (pathlib's raises for a name that is too long)


def expanded(path: str | os.PathLike[str]) -> Path:
    """`path` with the home folder in place of a leading `~` or `~user`; as it is where nobody is called so."""
    return Path(os.path.expanduser(path))  # noqa: PTH111  (pathlib's raises where there is no such user)


class NotWritable(UserError):
    """A file could not be written: full disk, read-only folder. `__cause__` is the OSError."""


@contextmanager
def writing(path: Path, elsewhere: str = "") -> Iterator[None]:
    """Turns an OSError of its block into NotWritable, which names `path` and what to do.

    elsewhere: the setting that names another place, if there is one.
    """
    try:
        yield
    except OSError as error:
        reason = error.strerror or error
        another = f", or name another folder with {elsewhere}" if elsewhere else ""
        raise NotWritable(
            f"{path} cannot be written ({reason}): make room, make the folder writable{another}, and try again"
        ) from error


def require_writable(folder: Path, elsewhere: str = "") -> None:
    """Makes the folder, and tries whether a file can be written in it. Raises NotWritable, as `writing` does."""
    with writing(folder, elsewhere):
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(b"a byte that finds no room on a full disk")


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yields a temporary path beside `path` to be written; then it is flushed to disk and takes its place.

    If anything fails, `path` is as it was, the temporary file is gone, and an OSError becomes NotWritable.
    The temporary name is fixed, so that what kill -9 leaves is overwritten by the next attempt: whoever
    writes a file holds a lock on it.
    """
    temporary = path.with_name(f".{path.name}.tmp")
    with writing(path):
        try:
            yield temporary
            with temporary.open("r+b") as file:
                os.fsync(file.fileno())
            temporary.replace(path)
        except BaseException:
            with suppress(OSError):
                temporary.unlink(missing_ok=True)
            raise
        if sys.platform != "win32":  # the new name is on disk only when the folder is
            folder = os.open(path.parent, os.O_RDONLY)
            with suppress(OSError):  # not every file system can
                os.fsync(folder)
            os.close(folder)


class Locked(UserError):
    """Another process holds the lock."""


@contextmanager
def locked(path: Path, patience: float = 0.5) -> Iterator[None]:
    """Holds the operating system's lock on the file `path`, which is made and stays; the folder exists.

    The lock dies with the process, however that ends; processes that it starts do not inherit it. Raises Locked,
    naming the holder, if the lock is not free within `patience` seconds (math.inf: it waits): more than 0,
    because `is_locked` in a reader holds it for some microseconds.
    """
    handle = _acquire(path, patience)
    try:
        yield
    finally:
        _unlock(handle)


def is_locked(path: Path) -> bool:
    """Whether some process, this one included, holds the lock; writes nothing."""
    try:
        with path.open("rb", buffering=0) as handle:
            if not _try_lock(handle, exclusive=False):
                return True
            _unlock(handle)
            return False
    except OSError:  # no such file, or none that we may read
        return False


def _acquire(path: Path, patience: float) -> BinaryIO:
    deadline = time.monotonic() + patience
    while True:
        with writing(path):
            handle = path.open("a+b", buffering=0)
            if _try_lock(handle, exclusive=True):
                if _is_at(handle, path):  # else its folder was moved aside since we opened it
                    handle.truncate(0)
                    handle.write(f"process {os.getpid()} on {socket.gethostname()}".encode())
                    return handle
                _unlock(handle)
        handle.close()
        if time.monotonic() > deadline:
            holder = "another process"
            with suppress(OSError):
                holder = path.read_text(encoding="utf-8", errors="replace") or holder
            raise Locked(f"{path.parent} is being worked on by {holder}: wait for it, or stop it")
        time.sleep(0.02)


def _is_at(handle: BinaryIO, path: Path) -> bool:
    return path.exists() and os.path.samestat(os.fstat(handle.fileno()), path.stat())


if sys.platform == "win32":
    _LOCKED_BYTE = 1 << 30  # beyond the text: Windows forbids others to read what is locked

    def _try_lock(handle: BinaryIO, exclusive: bool) -> bool:
        handle.seek(_LOCKED_BYTE)
        try:
            msvcrt.locking(handle.fileno(), msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

    def _unlock(handle: BinaryIO) -> None:
        with suppress(OSError, ValueError):
            handle.seek(_LOCKED_BYTE)
            msvcrt.locking(handle.fileno(), msvcrt.LK_UNLCK, 1)
        handle.close()

else:

    def _try_lock(handle: BinaryIO, exclusive: bool) -> bool:
        try:
            fcntl.flock(handle, (fcntl.LOCK_EX if exclusive else fcntl.LOCK_SH) | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def _unlock(handle: BinaryIO) -> None:
        handle.close()
