"""Runs a Python program on a disk that fails from the nth write on: failing.py ERRNO N FOLDER PROGRAM ARGUMENT...

A write is a file opened for writing, a renamed file, or a new folder, anywhere below FOLDER; with N = 0 none fails,
and their number is printed at the end.
"""

import errno
import os
import runpy
import sys
from pathlib import Path

WRITES = os.O_WRONLY | os.O_RDWR


class Disk:
    """Counts writes, and refuses them from the `first` on."""

    def __init__(self, number: int, first: int, folder: str) -> None:
        self.number, self.first, self.folder, self.writes = number, first, folder, 0

    def __call__(self, event: str, arguments: tuple) -> None:
        if event == "open":
            path, _, flags = arguments
            if not flags & WRITES:
                return
        elif event in ("os.rename", "os.mkdir"):
            path = arguments[0]
        else:
            return
        if isinstance(path, str | os.PathLike) and os.fspath(path).startswith(self.folder):
            self.writes += 1
            if 0 < self.first <= self.writes:
                raise OSError(self.number, os.strerror(self.number), str(path))


def main() -> None:
    name, first, folder, *command = sys.argv[1:]
    disk = Disk(getattr(errno, name), int(first), folder)
    sys.argv = command
    sys.path[0] = str(Path(command[0]).parent)
    sys.addaudithook(disk)
    try:
        runpy.run_path(command[0], run_name="__main__")
    finally:
        if disk.first == 0:
            print(f"writes: {disk.writes}")


if __name__ == "__main__":
    main()
