"""Disks that are full or read-only: every write of a run fails once, and real small disks of every size."""

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from harness import SHORT, Sandbox, Wrong, all_results, check_equal, check_report

REFUSED = "cannot be written"


def writes_of(sandbox: Sandbox, study: str) -> int:
    """How many writes an undisturbed run makes."""
    _, printed = sandbox.type(study, SHORT, ("ENOSPC", 0))
    match = re.search(r"^writes: (\d+)$", printed, re.MULTILINE)
    if match is None:
        raise Wrong(f"the undisturbed run does not end well: {printed[-500:]}")
    return int(match[1])


def failing_writes(sandbox: Sandbox, tally: Any, every: int = 1) -> None:
    """From each write on (or each `every`th) the disk is full, or read-only in turn; then it is mended."""
    total = writes_of(sandbox, "writes")
    whole = all_results(sandbox.study("writes"))
    for first in range(1, total + 1, every):
        if not tally.in_time():
            return
        name = ("ENOSPC", "EROFS")[first // every % 2]
        study = f"writes-{first}"
        fail_at(sandbox, study, name, first)
        tally.tried += 1
        tally.places[name] += 1
        finish(sandbox, study, whole)


def fail_at(sandbox: Sandbox, study: str, name: str, first: int) -> None:
    code, printed = sandbox.type(study, SHORT, (name, first))
    if code not in (1, 2) or REFUSED not in printed:
        raise Wrong(f"with {name} from write {first} on, the run ends with {code}: {printed[-500:]}")


def finish(sandbox: Sandbox, study: str, whole: dict[str, dict[str, Any]]) -> None:
    """The same command on a disk that works."""
    code, printed = sandbox.type(study, SHORT)
    if code:
        raise Wrong(f"typed again, {study} ends with {code}: {printed[-500:]}")
    check_equal(sandbox.study(study), whole)
    shutil.rmtree(sandbox.study(study))
    shutil.rmtree(sandbox.folder / "caches" / study, ignore_errors=True)


def full_disks(sandbox: Sandbox, tally: Any, step: int = 8) -> None:
    """Outputs on disks of 4 kB, 4 + 4 * step kB, ..., until a sweep and its report fit; each is enlarged then."""
    sandbox.type("whole-disks", SHORT)
    whole = all_results(sandbox.study("whole-disks"))
    pages = 1
    while tally.in_time():
        study = f"disk-{pages}"
        with small_disk(sandbox.study(study), 4 * pages) as disk:
            code, printed = sandbox.type(study, SHORT)
            if code == 0:
                return
            if code not in (1, 2) or REFUSED not in printed:
                raise Wrong(f"on a disk of {4 * pages} kB the run ends with {code}: {printed[-500:]}")
            tally.tried += 1
            tally.places["outputs"] += 1
            subprocess.run(["mount", "-o", "remount,size=64m", str(disk)], check=True)
            again, printed = sandbox.type(study, SHORT)
            if again:
                raise Wrong(f"with room again, the run ends with {again}: {printed[-500:]}")
            check_equal(disk, whole)
            sandbox.report(study).end()
            check_report(disk, whole)
        pages += step


@contextmanager
def small_disk(path: Path, kilobytes: int) -> Iterator[Path]:
    """A tmpfs. Raises PermissionError without the right to mount one."""
    path.mkdir(parents=True, exist_ok=True)
    mount = ["mount", "-t", "tmpfs", "-o", f"size={kilobytes}k", "tmpfs", str(path)]
    if sys.platform != "linux" or subprocess.run(mount, capture_output=True, check=False).returncode:
        raise PermissionError("needs the right to mount a tmpfs")
    try:
        yield path
    finally:
        subprocess.run(["umount", "-l", str(path)], check=True)
