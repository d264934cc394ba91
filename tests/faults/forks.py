"""The project's commands as forks of this process, which has imported what they need: a start costs little."""

import errno
import os
import signal
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path

import matplotlib.figure  # noqa: F401
import pandas  # noqa: F401

import analysis.page.view
import analysis.report
from experiments import run
from experiments.runner import job  # noqa: F401
from experiments.sweeping import command  # noqa: F401

WRITES = os.O_WRONLY | os.O_RDWR
PROGRAMS = {"run": run.main, "report": analysis.report.main}

Failing = tuple[str, int]  # the name of an error, and the first write that it strikes


def fork(
    program: str, arguments: Sequence[str], environment: dict[str, str], log: Path, disk: "Disk | None"
) -> int:
    """The number of the process that runs it; what it prints goes to `log`."""
    if (pid := os.fork()) != 0:
        return pid
    code: object = 1
    try:
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_DFL)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.dup2(os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), 1)
        os.dup2(1, 2)
        sys.stdout, sys.stderr = (os.fdopen(standard, "w", encoding="utf-8") for standard in (1, 2))
        os.environ.update(environment)
        sys.argv = [program, *arguments]
        if disk is not None:
            sys.addaudithook(disk)
        code = PROGRAMS[program]()
    except SystemExit as leaving:
        code = leaving.code
    except BaseException:
        traceback.print_exc()
    finally:
        if disk is not None:
            print(f"writes: {disk.writes}")
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code if isinstance(code, int) else 0)
    raise AssertionError("not reached")


class Disk:
    """An audit hook, for which a disk fails from the `first` write on (never, if that is 0).

    A write is a file opened for writing, a renamed file, or a new folder, anywhere below `folder`.
    """

    def __init__(self, name: str, first: int, folder: str) -> None:
        self.number, self.first, self.folder, self.writes = getattr(errno, name), first, folder, 0

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
