"""Runs by what is typed: a run's or a study's folder, or (the beginning of) a run's name under outputs/."""

import os
from collections.abc import Iterable
from pathlib import Path

from numpygpt.errors import UserError, did_you_mean
from numpygpt.files import is_folder
from numpygpt.places import OUTPUTS, RUN
from numpygpt.runs.folder import RunFolder

RUN_FILES = frozenset({"run.json", "result.json", "failure.json", "metrics.jsonl"})
TRAIN = f"train some with: {RUN} -m tokenizer=char,word,bpe"


def find_runs(root: str | os.PathLike[str]) -> list[RunFolder]:
    """All run folders in `root` at any depth, itself included, sorted by path; [] if there are none.

    A folder that holds any of a run's own files counts, so that damaged runs are found too. Folders whose
    names start with a dot are passed over; links are followed after the rest, each folder visited once.
    """
    runs, seen, roots = [], set(), [Path(root)]
    for start in roots:  # which grows by the links that are met
        for folder, subfolders, files in os.walk(start, onerror=_refuse):
            real = os.path.realpath(folder)
            is_run = not RUN_FILES.isdisjoint(files)
            if is_run and real not in seen:
                runs.append(RunFolder(Path(folder)))
            is_leaf = is_run or real in seen
            subfolders[:] = [] if is_leaf else sorted(name for name in subfolders if not name.startswith("."))
            roots += filter(os.path.islink, (Path(folder, name) for name in subfolders))
            seen.add(real)
    return sorted(runs)


def _refuse(error: OSError) -> None:
    if not isinstance(error, FileNotFoundError):
        why = f"{error.filename} cannot be read ({error.strerror})"
        raise UserError(f"{why}: name a folder that can be") from error


def runs_in(folder: Path | str) -> list[RunFolder]:
    """All runs in the folder, whatever their state. UserError: it is not there, or holds none."""
    if not is_folder(folder):
        raise UserError(f"{folder} is no folder: name a study or a run under {OUTPUTS}")
    found = find_runs(folder)
    if not found:
        raise UserError(f"there are no runs in {folder}: {TRAIN}")
    return found


def newest_study(outputs: Path = OUTPUTS) -> Path:
    """The folder under `outputs` in which a run was last at work. UserError: there is none."""
    studies = sorted(p for p in outputs.glob("*") if p.is_dir() and not p.name.startswith("."))
    at_work = [(max(map(_last_written, runs)), study) for study in studies if (runs := find_runs(study))]
    if not at_work:
        raise UserError(f"there are no runs in {outputs}: {TRAIN}")
    return max(at_work)[1]


def _last_written(run: RunFolder) -> float:
    return max((p.stat().st_mtime for n in RUN_FILES if (p := run.path / n).exists()), default=0.0)


def find_run(wanted: str, outputs: Path = OUTPUTS) -> RunFolder:
    """The finished run of that path, name, or study/name.

    UserError: there is no such run, or more than one, or it is not done.
    """
    if is_folder(wanted):
        if not is_run(Path(wanted)):
            raise UserError(f"{wanted} is not a run folder: name one of those in it, or a run's name")
        return _finished(RunFolder(Path(wanted)))
    names = {run: (run.name, run.path.relative_to(outputs).as_posix()) for run in find_runs(outputs)}
    found = [run for run, own in names.items() if wanted in own]
    found = found or [run for run, own in names.items() if any(name.startswith(wanted) for name in own)]
    if not found:
        hint = did_you_mean(wanted, [name for own in names.values() for name in own])
        raise UserError(f"there is no run {wanted} in {outputs}{hint}: name a run folder")
    if len(found) > 1:
        listed = ", ".join(names[run][1] for run in found[:5])
        raise UserError(f"{wanted} may be any of {len(found)} runs ({listed}): write more of the name")
    return _finished(found[0])


def finished_runs(names: Iterable[str], outputs: Path = OUTPUTS) -> list[RunFolder]:
    """Each run that is named, and all finished ones of each study: of its folder, or of its name under `outputs`.

    UserError: as `find_run`; or no run of a study is done.
    """
    runs: dict[Path, RunFolder] = {}
    for name in names:
        folder = next((path for path in (Path(name), outputs / name) if is_folder(path)), None)
        if folder is None or is_run(folder):
            found = [find_run(str(folder or name), outputs)]
        else:
            held = runs_in(folder)
            found = [run for run in held if run.state() == "done"]
            if not found:
                raise UserError(f"none of the {len(held)} runs in {folder} is done: wait until one is")
        runs.update({run.path.resolve(): run for run in found})
    return list(runs.values())


def is_run(folder: Path) -> bool:
    """Whether the folder holds any of a run's own files."""
    return any((folder / name).exists() for name in RUN_FILES)


def _finished(run: RunFolder) -> RunFolder:
    state = run.state()
    if state == "failed":
        failure = run.failure() or {}
        raise UserError(f"the run {run.path} failed ({failure.get('reason')}): choose one that is done")
    if state != "done":
        raise UserError(f"the run {run.path} is not done ({state}): run its command again, or choose another")
    return run
