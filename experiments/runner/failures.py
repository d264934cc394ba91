"""What a fault costs: a run that cannot go on, or one figure of a run whose training is over."""

import errno
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

from experiments.runner.interrupts import stop_requests
from experiments.runner.progress import Reporter
from numpygpt.errors import UserError, shortened
from numpygpt.files import NotWritable
from numpygpt.runs import RunFolder
from numpygpt.training import Diverged
from numpygpt.training.worker_pool import WorkerDied

STATUSES: dict[type[Exception], str] = {  # the first kind that fits; each says what to do
    Diverged: "diverged",
    WorkerDied: "worker died",
    NotWritable: "not writable",
    UserError: "bad input",
}


def failure_of(error: Exception) -> tuple[str, str]:
    """(status, reason) for failure.json; only "error" is a bug of ours."""
    for kind, status in STATUSES.items():
        if isinstance(error, kind):
            return status, str(error)
    if isinstance(error, MemoryError):
        return "out of memory", f"{str(error) or 'no memory left'}: try a smaller train.batch_size or model"
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES):
        what = f"{error.filename or 'a file'} cannot be written ({error.strerror})"
        return "not writable", f"{what}: make room, or make it writable"
    said = shortened(f"{type(error).__name__}: {error}")
    return "error", f"{said} (a bug: see traceback.txt in the run folder)"


def record_failure(folder: RunFolder, error: Exception) -> tuple[str, str]:
    """Writes failure.json, for a bug of ours traceback.txt too, if there is room; returns `failure_of` it."""
    status, reason = failure_of(error)
    if status == "error":
        keep_traceback(folder, error)
    with suppress(UserError, OSError):
        folder.write_failure(status, reason)
    return status, reason


def keep_traceback(folder: RunFolder, error: Exception) -> None:
    """Adds it to traceback.txt, if there is room."""
    path, said = folder.path / "traceback.txt", "".join(traceback.format_exception(error))
    with suppress(OSError), path.open("a", encoding="utf-8", errors="backslashreplace") as file:
        file.write(said)


@dataclass
class NotScored:
    """Figures, named as they are taken; those that a run ends without: name -> reason."""

    folder: RunFolder
    reporter: Reporter
    reasons: dict[str, str] = field(default_factory=dict)

    @contextmanager
    def unless(self, name: str) -> Iterator[None]:
        """Whatever goes wrong in its block costs the figure `name` and not the run.

        A full disk is raised: result.json could not be written either, and the same command goes on from there.
        """
        stop_requests.raise_if_requested()
        self.reporter.phase(f"measures: {name}")
        try:
            yield
        except Exception as error:
            status, reason = failure_of(error)
            if status == "not writable":
                raise
            self.reasons[name] = reason
            if status == "error":
                keep_traceback(self.folder, error)
            self.reporter.note(f"{self.folder.name}: {name} not scored ({reason})")
