"""One study from its command line to its comparison: plan, launch, close."""

import itertools
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import replace
from typing import Any

from hydra.core.config_loader import ConfigLoader
from hydra.plugins.launcher import Launcher
from omegaconf import DictConfig

from experiments.runner.interrupts import limited
from experiments.sweeping import launch, summary
from experiments.sweeping.plan import PlannedRun, Planner, unused_settings
from numpygpt.data.cache import CACHE, cache_folder
from numpygpt.files import Locked, require_writable, writing
from numpygpt.runs import RunFolder


def run_study(
    loader: ConfigLoader,
    master: DictConfig,
    launcher: Launcher,
    params: Mapping[str, Any],
    arguments: Sequence[str],
) -> int:
    """Plans all runs, runs what is to do, and ends with the tables; the exit code.

    `master` is the configuration without what is swept; `params` are swept unless `arguments` set them.
    Raises UserError if the sweep is refused.
    """
    planner = Planner(loader, master)
    lines = planner.expand(params, arguments)
    runs = planner.plan(lines)
    summary.warn_of_fallback(planner.fallback_reason)
    for key in unused_settings(arguments, runs):
        print(f"note: {key} has no effect here")
    require_folders(runs)
    minutes = runs[0].config.choose.minutes
    with limited(60 * minutes, "choose.minutes") if minutes else nullcontext():
        if minutes is not None:
            from experiments.sweeping.choose import Choice  # of a plain sweep the analysis is the end

            def carry_out(tries: Sequence[PlannedRun]) -> None:
                launch.launch(launcher, [run for run in map(to_do, tries) if run is not None])

            lines = Choice(planner, runs, carry_out).lines()
            runs = planner.plan(lines)
        summary.announce(runs, asked=len(lines))
        todo = [run for run in map(to_do, runs) if run is not None]
        stopped = launch.launch(launcher, todo)
    return summary.close(runs, todo, stopped)


def require_folders(runs: Sequence[PlannedRun]) -> None:
    """Raises NotWritable, before any work, if there is some and it could not be kept."""
    if any(run.is_to_do for run in runs):
        require_writable(runs[0].folder.path.parent / ".hydra", "outputs=FOLDER")
        require_writable(cache_folder(), CACHE)


def to_do(run: PlannedRun) -> PlannedRun | None:
    """The run if it is to be launched.

    With force=true its old folder is put aside here, once: a job that a launcher starts again is to go on from its
    checkpoint. One that another process is at is left to it. Raises UserError for one that is done and damaged.
    """
    if not run.config.force:
        if done := run.folder.state() == "done":
            run.folder.run()
            run.folder.metrics()  # raises where lines are gone
        return None if done else run
    try:
        set_aside(run.folder)
    except Locked as error:
        print(error)
        return None
    return replace(run, overrides=(*run.overrides, "force=false"))


def set_aside(folder: RunFolder) -> None:
    """Moves an existing run folder to `.aside/` beside it.

    Raises Locked if somebody works on it, NotWritable if it cannot be moved.
    """
    if not folder.path.exists():
        return
    aside = folder.path.parent / ".aside"
    with writing(aside), folder.lock():
        aside.mkdir(exist_ok=True)
        places = (aside / f"{folder.name}.{number}" for number in itertools.count(1))
        folder.path.rename(next(place for place in places if not place.exists()))
