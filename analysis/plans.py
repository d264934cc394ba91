"""What sweeps set out to do: `STUDY/.sweeps/` holds a small file for each, so that two never write the same one.

A file lists the runs that were to do when its sweep began. Beside it lies a lock that the sweep holds while it goes
on, so that a reader can tell a run that will have its turn from one that nobody is going to start. The file of a
sweep that did all its runs is gone; that of one that was stopped stays until another sweep has done them or takes
them on.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from numpygpt.runs import is_locked

FOLDER = ".sweeps"
SCHEMA = 1


@dataclass(frozen=True)
class Plan:
    """One sweep. `runs`: the names of its run folders in the order in which they have their turn, each with its
    setting. `began`: when, as the file system's clock has it (seconds). `alive`: whether it is still at it."""

    path: Path
    runs: Mapping[str, str]
    began: float
    alive: bool

    @property
    def study(self) -> Path:
        return self.path.parent.parent


def to_json(runs: Mapping[str, str]) -> str:
    """The content of a sweep's file."""
    listed = [{"name": name, "setting": setting} for name, setting in runs.items()]
    return json.dumps({"schema": SCHEMA, "runs": listed}, indent=1)


def lock_of(path: Path) -> Path:
    """The lock that belongs to a sweep's file."""
    return path.with_suffix(".lock")


def read_plans(study: Path) -> list[Plan]:
    """The sweeps of a study, the oldest first. What cannot be read, or is not known here, says nothing."""
    plans = [read_plan(path) for path in (study / FOLDER).glob("*.json")]
    return sorted((plan for plan in plans if plan is not None), key=lambda plan: (plan.began, plan.path))


def read_plan(path: Path) -> Plan | None:
    alive = is_locked(lock_of(path))  # first: a sweep that ends takes its file with it
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        began = path.stat().st_mtime
        runs = {str(run["name"]): str(run["setting"]) for run in content["runs"]}
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return Plan(path, runs, began, alive) if content.get("schema") == SCHEMA else None
