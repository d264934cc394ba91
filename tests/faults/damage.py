"""Damage to the files of run folders: cut off, emptied, a bit flipped, removed."""

import shutil
import signal
import time
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

from harness import SWEEP, Sandbox, Wrong, all_results, check_report, readable, results

from analysis.records.collect import collect
from experiments import sample
from numpygpt.runs import RunFolder, find_runs

Whole = dict[str, dict[str, Any]]  # of each run, what the undisturbed one gave
NO_NUMBERS = ("run.lock", "curves.png", "samples.txt")  # for people: programs read samples.json, not these


def cut(path: Path, rng: Random) -> None:
    path.write_bytes(path.read_bytes()[: rng.randrange(max(1, path.stat().st_size))])


def empty(path: Path, rng: Random) -> None:
    path.write_bytes(b"")


def flip(path: Path, rng: Random) -> None:
    raw = bytearray(path.read_bytes())
    raw[rng.randrange(len(raw))] ^= 1 << rng.randrange(8)
    path.write_bytes(raw)


def remove(path: Path, rng: Random) -> None:
    path.unlink()


DAMAGES: tuple[Callable[[Path, Random], None], ...] = (cut, empty, flip, flip, flip, remove)


def damaged_files(folder: RunFolder) -> list[Path]:
    return sorted(
        path for path in folder.path.iterdir() if path.stat().st_size and path.name not in NO_NUMBERS
    )


def damage_finished(sandbox: Sandbox, whole: Whole, tally: Any, rng: Random) -> None:
    """Each file of a finished run, in each way: the report shows right numbers and names what it cannot read."""
    first = find_runs(sandbox.study("whole"))[0]
    for file in damaged_files(first):
        for damage in DAMAGES:
            study = sandbox.study("damaged")
            shutil.copytree(sandbox.study("whole"), study)
            folder = RunFolder(study / first.name)
            damage(folder.path / file.name, rng)
            tally.tried += 1
            tally.places[file.name] += 1
            check_damaged(folder, file.name, whole)
            if damage is flip and file.name.endswith((".json", ".jsonl")):
                check_reported(sandbox, study, file.name, whole)
            shutil.rmtree(study)


def check_damaged(folder: RunFolder, name: str, whole: Whole) -> None:
    """Raises Wrong if a damaged folder is read as if nothing had happened, but gives something else."""
    if readable(folder) is None and folder.state() == "done":
        same = _safe_results(folder) == whole[folder.name]
        if not same and not _refuses_to_sample(folder):
            raise Wrong(f"nobody notices the damage to {folder.path / name}")
    row = collect([folder]).runs
    if len(row) and row["state"].iloc[0] == "done":
        shown, right = row["bits_per_byte"].iloc[0], whole[folder.name]["result"]["bits_per_byte"]
        if shown != right:
            raise Wrong(f"{folder.path / name} is damaged, and {shown} is collected where {right} is right")


def check_reported(sandbox: Sandbox, study: Path, name: str, whole: Whole) -> None:
    """Raises Wrong if the report of a study with a damaged file shows a wrong number."""
    code, printed = sandbox.report(study.name).end()
    if code not in (0, 2) or (code == 2 and name not in printed):
        raise Wrong(f"with {name} damaged the report ends with {code}: {printed[-500:]}")
    check_report(study, whole, may_lack=True)


def _safe_results(folder: RunFolder) -> dict[str, Any] | None:
    try:
        return results(folder)
    except (OSError, ValueError):
        return None


def _refuses_to_sample(folder: RunFolder) -> bool:
    return sample.main([str(folder.path), "--length", "5", "--number", "1"]) == 2


def damage_unfinished(sandbox: Sandbox, whole: Whole, tally: Any, rng: Random) -> None:
    """Each file of an interrupted run, in each way: it ends in the same bits, or one sentence names the file."""
    _interrupt(sandbox, "cut")
    (cut_short,) = (f for f in find_runs(sandbox.study("cut")) if f.state() == "interrupted")
    for file in damaged_files(cut_short):
        for damage in DAMAGES if tally.in_time() else ():
            study = sandbox.study("mended")
            shutil.copytree(sandbox.study("cut"), study)
            damage(study / cut_short.name / file.name, rng)
            tally.tried += 1
            tally.places[f"{file.name} (interrupted)"] += 1
            code, printed = sandbox.type("mended")
            found = all_results(study) if code == 0 else {}
            if code == 0 and found != whole:
                raise Wrong(f"{file.name} was damaged ({damage.__name__}), and the run ended in other bits")
            if code and file.name not in printed:
                raise Wrong(f"{file.name} was damaged, and it ends with {code}: {printed[-500:]}")
            shutil.rmtree(study)


def _interrupt(sandbox: Sandbox, study: str) -> None:
    """Stops a sweep in the training of its first run."""
    started = sandbox.start(study, SWEEP)
    while "10/40" not in started.printed() and started.poll() is None:
        time.sleep(0.01)
    started.kill(signal.SIGKILL)
    started.end()
