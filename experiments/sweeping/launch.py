"""Hydra's launchers, each used so that a signal stops all runs and cores are shared out between them."""

import math
import os
import signal
import sys
import time
from collections.abc import Sequence
from contextlib import nullcontext, suppress
from dataclasses import fields
from typing import Any

from hydra.core.singleton import Singleton
from hydra.plugins.launcher import Launcher

from experiments.runner.interrupts import Interrupted, send_to_children, stop_requests
from experiments.runner.progress import shown
from experiments.sweeping.plan import PlannedRun
from numpygpt.machine import available_cores

POLL = 0.2  # seconds
HEARD = 15.0  # seconds after which a job that was told to stop has written its checkpoint, or did not hear


def launch(launcher: Launcher, todo: Sequence[PlannedRun]) -> int:
    """Runs what is to do; 0, or the exit code of the signal that stopped it."""
    if not todo:
        return 0
    kind = type(launcher).__module__.rpartition(".")[2]
    try:
        with shown(len(todo)) if kind == "basic_launcher" else nullcontext():
            if kind == "joblib_launcher":
                _with_joblib(launcher, todo)
            elif kind == "submitit_launcher":
                _with_submitit(launcher, todo)
            else:  # in this process, or with Ray, whose workers end with it: a signal is raised where it arrives
                launcher.launch([run.overrides for run in todo], initial_job_idx=0)
    except Interrupted:
        pass  # what is remembered decides below: a finalizer may have swallowed it, or the launcher
    except Exception as error:  # of the launcher: a run's own failure does not get here
        reason = ": ".join([type(error).__name__, *str(error).splitlines()[:1]])
        print(f"the launcher gave up: {reason}", file=sys.stderr)
    return 128 + stop_requests.signum if stop_requests.signum is not None else 0


# --- joblib ---


def _with_joblib(launcher: Any, runs: Sequence[PlannedRun]) -> None:
    """A worker that is killed takes joblib's whole launch with it; the command typed again continues every run."""
    at_once, workers = share_cores(available_cores(), launcher.joblib["n_jobs"], len(runs))
    launcher.joblib["n_jobs"] = at_once
    with stop_requests.polled(send_to_children):
        launcher.launch([[f"train.workers={workers}", *run.overrides] for run in runs], initial_job_idx=0)


def share_cores(cores: int, n_jobs: int, n_runs: int) -> tuple[int, int]:
    """Processes for runs and for the slices of each: no more runs at once than there are, cores left over shared.

    All get the same number of processes, so that what is measured by the clock can be compared. A run alone gets
    a process of its own, too: joblib has one for two at once and more.
    """
    at_once = min(n_runs, n_jobs if n_jobs > 0 else max(1, cores + 1 + n_jobs))
    return (max(at_once, 2) if n_runs == 1 else at_once), max(1, cores // at_once)


# --- submitit ---


def _with_submitit(launcher: Any, runs: Sequence[PlannedRun]) -> None:
    """Submits what submitit's launcher would, and waits for each job.

    Its own `launch` stops waiting at the first job that was killed, and tells no job of a signal.
    """
    from hydra_plugins.hydra_submitit_launcher.config import BaseQueueConf
    from submitit import AutoExecutor

    cluster = type(launcher).__name__.removesuffix("Launcher").lower()
    common = {field.name for field in fields(BaseQueueConf)}
    params = {k if k in common else f"{cluster}_{k}": value for k, value in launcher.params.items()}
    at_start = {key: params.pop(key) for key in (f"{cluster}_max_num_timeout",) if key in params}
    executor = AutoExecutor(folder=params.pop("submitit_folder"), cluster=cluster, **at_start)
    executor.update_parameters(**params)
    state = Singleton.get_state()
    calls = [([*run.overrides], "hydra.sweep.dir", number, "", state) for number, run in enumerate(runs)]
    jobs = executor.map_array(launcher, *zip(*calls, strict=True))
    with stop_requests.polled(lambda _: _cancel(jobs)):
        _wait_for(jobs)


def _wait_for(jobs: Sequence[Any]) -> None:
    """Until all have ended, however that was: the runs' folders say what became of them.

    A job that had only just begun when it was told to stop may not have heard, and is told once more.
    """
    told = math.nan
    while not all(job.done() for job in jobs):
        time.sleep(POLL)
        if stop_requests.requested():
            told = time.monotonic() if math.isnan(told) else told
            if time.monotonic() - told > HEARD:
                told = math.inf
                _cancel([job for job in jobs if not job.done()])


def _cancel(jobs: Sequence[Any]) -> None:
    """What is in the queue leaves it, what runs is sent SIGTERM and writes a checkpoint."""
    for job in jobs:
        with suppress(OSError):
            if type(job).__name__ == "LocalJob":  # its own `cancel` kills
                os.kill(int(job.job_id), signal.SIGTERM)
            else:
                job.cancel(check=False)
