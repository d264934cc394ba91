"""Runs the project's commands in forks of one process, which has imported what they need: a start costs little.

It reads requests from standard input, a line of JSON each, and answers each with a line: {"start": {...}} with the
process's number, {"poll": number} with its exit code (of a signal, its negative number) or null.
"""

import errno
import json
import os
import signal
import sys
import traceback
from collections.abc import Callable

WRITES = os.O_WRONLY | os.O_RDWR


def main() -> None:
    programs = preload()
    for line in sys.stdin:
        request = json.loads(line)
        if "poll" in request:
            pid, status = os.waitpid(request["poll"], os.WNOHANG)
            answer = os.waitstatus_to_exitcode(status) if pid else None
        else:
            answer = start(programs, **request["start"])
        print(json.dumps(answer), flush=True)


def preload() -> dict[str, Callable[[], object]]:
    """The commands by name; what they import late, they find imported."""
    import matplotlib.figure  # noqa: F401
    import pandas  # noqa: F401

    import analysis.page.view
    import analysis.report
    from experiments import run
    from experiments.runner import job  # noqa: F401
    from experiments.sweeping import command  # noqa: F401

    return {"run": run.main, "report": analysis.report.main}


def start(
    programs: dict[str, Callable[[], object]],
    program: str,
    arguments: list[str],
    environment: dict[str, str],
    log: str,
    disk: list | None,
) -> int:
    """The number of the process that runs it; what it prints goes to `log`. disk: the arguments of `Disk`."""
    if (pid := os.fork()) != 0:
        return pid
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)
    out = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    for standard in (1, 2):
        os.dup2(out, standard)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.environ.update(environment)
    sys.argv = [program, *arguments]
    failing = Disk(*disk) if disk else None
    if failing is not None:
        sys.addaudithook(failing)
    code: object = 1
    try:
        code = programs[program]()
    except SystemExit as leaving:
        code = leaving.code
    except BaseException:
        traceback.print_exc()
    if failing is not None:
        print(f"writes: {failing.writes}")
    sys.stdout.flush()
    os._exit(code if isinstance(code, int) else 0)


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


if __name__ == "__main__":
    main()
