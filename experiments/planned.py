"""A sweep's plan, written down for those who watch (analysis/plans.py says what it looks like)."""

import os
import time
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from analysis.plans import FOLDER, lock_of, read_plans, to_json
from analysis.records.identity import setting_of
from experiments.corpora import texts_sha256
from experiments.identity import identity
from numpygpt.files import locked, replacing, writing
from numpygpt.runs import RunFolder

if TYPE_CHECKING:
    from experiments.sweep import PlannedRun


@contextmanager
def planned(runs: Sequence["PlannedRun"]) -> Iterator[None]:
    """For the length of its block the study says that these runs are to do, and that somebody is at them.

    After it the plan is gone if all of them are done, else it stays, with nobody at it. Raises NotWritable.
    """
    if not runs:
        yield
        return
    study = runs[0].folder.path.parent
    path = study / FOLDER / f"{time.time_ns()}-{os.getpid()}.json"
    with writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
    with locked(lock_of(path)):
        settings = {run.folder.name: setting_of(_identity(run)) for run in runs}
        with replacing(path) as temporary:
            temporary.write_text(to_json(settings), encoding="utf-8")
        _forget_old_plans(study, settings.keys())
        try:
            yield
        finally:
            if all(run.folder.state() == "done" for run in runs):
                _forget(path)


def _identity(run: "PlannedRun") -> dict:
    return identity(run.config, texts_sha256(run.config.eval.texts))


def _forget_old_plans(study: Path, taken_on: Collection[str]) -> None:
    """Of sweeps that are over, those whose runs are all done by now, or among those `taken_on`."""
    for plan in read_plans(study):
        left = plan.runs.keys() - set(taken_on)
        if not plan.alive and all(RunFolder(study / name).state() == "done" for name in left):
            _forget(plan.path)


def _forget(path: Path) -> None:
    with suppress(OSError):  # a plan too many does no harm
        path.unlink(missing_ok=True)
        lock_of(path).unlink(missing_ok=True)
