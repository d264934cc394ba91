"""Hydra's launchers, made to hold what a sweep promises: a run that dies ends no other, and a signal stops all.

Nothing here runs jobs. What joblib and submitit do when a process is killed is mended, and cores are shared out.
"""

import os
import signal
import sys
import time
from collections.abc import Sequence
from contextlib import nullcontext, suppress
from typing import TYPE_CHECKING, Any

from hydra.plugins.launcher import Launcher

from experiments.runner.forecast import Forecast, works
from experiments.runner.interrupts import Interrupted, stop_requests
from experiments.runner.progress import display, working
from numpygpt.errors import UserError
from numpygpt.machine import available_cores

if TYPE_CHECKING:
    from experiments.sweeping.sweep import PlannedRun

KILLED = (
    "its process was killed twice, the second time while no other run was going on, most often for want of "
    "memory: the same command goes on from the last checkpoint"
)
RELEASE_SECONDS = 10.0  # within which the locks of killed workers come free
_in_process = False  # whether the sweep that goes on runs its jobs in this process


def in_process() -> bool:
    """Whether runs happen in the process of the sweep itself."""
    return _in_process


def launch(launcher: Launcher, todo: Sequence["PlannedRun"]) -> int:
    """Runs what is to do; 0, or the exit code of the signal that stopped it."""
    global _in_process
    if not todo:
        return 0
    kind = type(launcher).__module__.rpartition(".")[2]
    _in_process = kind == "basic_launcher"
    start = {"joblib_launcher": _with_joblib, "submitit_launcher": _with_submitit}.get(kind, _with_any)
    try:
        with display(_forecast(todo)) if _in_process else nullcontext():
            start(launcher, todo)
    except KeyboardInterrupt as stop:
        return 128 + (stop.signum if isinstance(stop, Interrupted) else signal.SIGINT)
    except Exception as error:  # of the launcher: a run's own failure does not get here
        reason = ": ".join([type(error).__name__, *str(error).splitlines()[:1]])
        print(f"the launcher gave up: {reason}", file=sys.stderr)
    return 0


def _forecast(runs: Sequence["PlannedRun"]) -> Forecast:
    if len(runs) == 1:
        return Forecast([1.0])
    with working("looking at the text, to tell how long it takes"):
        return Forecast(works([run.config for run in runs]))


def _with_any(launcher: Launcher, runs: Sequence["PlannedRun"]) -> None:
    """In this process, or with Ray, whose workers end with this process: a signal is raised where it arrives."""
    launcher.launch([run.overrides for run in runs], initial_job_idx=0)


# --- joblib ---


def _with_joblib(launcher: Any, runs: Sequence["PlannedRun"]) -> None:
    """One worker that is killed takes joblib's whole launch with it: what has not begun is launched again, and
    then, each by itself, what was cut short. Who is killed by itself too has failed."""
    from joblib.externals.loky.process_executor import BrokenProcessPool

    together: list[PlannedRun] = list(runs)
    alone: list[PlannedRun] = []
    while together or alone:
        by_itself = not together
        batch = together or [alone.pop(0)]
        lines = share_cores(launcher, batch)
        try:
            with stop_requests.passed_on():
                launcher.launch(lines, initial_job_idx=0)
            together = []
        except BrokenProcessPool:
            stop_requests.raise_if_requested()
            begun, together = _left_over(batch)
            if together and not begun:  # it cannot even start
                raise
            if by_itself:
                _record_killed(begun)
            else:
                alone += begun
                print(
                    f"a worker process was killed; going on with the {len(together + alone)} runs that are left"
                )


def _left_over(batch: Sequence["PlannedRun"]) -> tuple[list["PlannedRun"], list["PlannedRun"]]:
    """The runs of a broken launch that were cut short, and those that had not begun."""
    deadline = time.monotonic() + RELEASE_SECONDS
    while any(run.folder.state() == "running" for run in batch) and time.monotonic() < deadline:
        time.sleep(0.05)
    left = [run for run in batch if run.folder.state() == "interrupted"]
    begun = [run for run in left if run.folder.path.exists()]
    return begun, [run for run in left if run not in begun]


def _record_killed(runs: Sequence["PlannedRun"]) -> None:
    for run in runs:
        print(f"[{run.folder.name}] killed: {KILLED}")
        with suppress(UserError), run.folder.lock():
            run.folder.write_failure("killed", KILLED)


def share_cores(launcher: Any, runs: Sequence["PlannedRun"]) -> list[list[str]]:
    """The overrides of each run: no more at once than there are, and where cores are left over, more for each.

    All get the same number of processes, so that what is measured by the clock can be compared. A run alone gets a
    process of its own too, which it may lose without ending the sweep.
    """
    cores = available_cores()
    n_jobs = launcher.joblib["n_jobs"]
    at_once = min(len(runs), n_jobs if n_jobs > 0 else max(1, cores + 1 + n_jobs))
    launcher.joblib["n_jobs"] = max(at_once, 2) if len(runs) == 1 else at_once
    return [[f"train.workers={max(1, cores // at_once)}", *run.overrides] for run in runs]


# --- submitit ---


def _with_submitit(launcher: Launcher, runs: Sequence["PlannedRun"]) -> None:
    """submitit's launcher gives up waiting at the first job that was killed, and tells no job of a signal."""
    from submitit import AutoExecutor

    kind: Any = AutoExecutor
    jobs: list[Any] = []
    submit = kind.map_array

    def map_array(executor: Any, *arguments: Any) -> list[AwaitedJob]:
        jobs.extend(submit(executor, *arguments))
        return [AwaitedJob(job) for job in jobs]

    kind.map_array = map_array
    try:
        with stop_requests.passed_on(lambda _: _cancel(jobs)):
            launcher.launch([run.overrides for run in runs], initial_job_idx=0)
    finally:
        kind.map_array = submit


class AwaitedJob:
    """A job that has no result if it was killed; the run's folder says what became of it."""

    def __init__(self, job: Any) -> None:
        self.job = job

    def results(self) -> list[Any]:
        with suppress(Exception):
            return self.job.results()
        return [None]


def _cancel(jobs: Sequence[Any]) -> None:
    """What is in the queue leaves it, what runs is sent SIGTERM and writes a checkpoint."""
    for job in jobs:
        with suppress(OSError):
            if type(job).__name__ == "LocalJob":  # its own `cancel` kills
                os.kill(int(job.job_id), signal.SIGTERM)
            else:
                job.cancel(check=False)
