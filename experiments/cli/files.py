"""Files that commands read and write; `-` stands for standard input and output."""

import os
import sys
from pathlib import Path

from numpygpt.errors import UserError
from numpygpt.files import read_bytes, replacing, require_writable
from numpygpt.printing import printable

PIPE = "-"


def read_input(file: str | os.PathLike[str], pipes: bool = True) -> bytes:
    """Raises UserError if it cannot be read."""
    try:
        return sys.stdin.buffer.read() if file == PIPE else read_bytes(file, pipes)
    except OSError as error:
        raise UserError(f"{file} cannot be read ({error.strerror}): name a file that can be read") from error


def input_name(file: str | os.PathLike[str]) -> str:
    return "standard input" if file == PIPE else printable(file)


def decoded(data: bytes, name: str) -> str:
    """The text. Raises UserError, naming its file, if it is not UTF-8."""
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise UserError(
            f"{name} is not UTF-8 text (byte {error.start}): convert it, for example with iconv"
        ) from error


def require_output(output: str, file: str, force: bool) -> None:
    """Raises UserError, before any work, if what is made of `file` could not or must not be written there."""
    path = Path(output)
    if output == PIPE:
        return
    if path.exists():
        if not path.is_file():
            raise UserError(f"{output} is no ordinary file: name another, or - for standard output")
        if file != PIPE and Path(file).exists() and path.samefile(file):
            raise UserError(f"{output} is the file that is read: name another one to be written")
        if not force:
            raise UserError(f"{output} exists already: add --force to replace it, or name another file")
    if not path.parent.is_dir():
        raise UserError(f"{output} cannot be written: name a file in a folder that exists")
    require_writable(path.resolve().parent, "-o")


def write_output(output: str, data: bytes) -> None:
    if output == PIPE:
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
        return
    with replacing(Path(output).resolve()) as temporary:  # what a link points to, not the link
        temporary.write_bytes(data)
