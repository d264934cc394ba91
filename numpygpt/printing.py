"""Names that can be written and streams that take every text, whatever files are called and terminals know."""

import io
import os
import sys


def print_anything() -> None:
    """Standard output and error show letters that their encoding lacks as \\u2013 does, and raise no more.

    Every command calls it first, and every run, which a launcher may have given a process of its own.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # not those of notebooks, which take everything
            stream.reconfigure(errors="backslashreplace")


def printable(name: str | os.PathLike[str]) -> str:
    """The name of a file for readers: what is not UTF-8 in it, which Python keeps as surrogates, as U+FFFD."""
    return os.fspath(name).encode("utf-8", "surrogateescape").decode("utf-8", "replace")
