"""Launchers under faults: a run that dies ends no other, whatever engine carries it."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from experiments.sweeping.sweep import PlannedRun

from experiments.configuration.schema import REPOSITORY
from experiments.runner.interrupts import stop_requests
from experiments.sweeping import launch
from experiments.sweeping.launch import share_cores
from numpygpt.runs import RunFolder, find_runs

RUN = REPOSITORY / "experiments" / "run.py"
TINY = (
    *(
        "model=tiny",
        "budget=iters",
        "budget.iters=150",
        "optimizer.warmup=2",
        "train.eval_interval=50",
        "train.eval_windows=4",
    ),
    *("sample.tokens=12", "sample.number=2", "train.log_interval=1", "train.checkpoint_interval=10"),
    *("eval.texts=[]", "train.workers=1"),
)


class Joblib:
    """Stands for Hydra's joblib launcher: hands over each batch of overrides, and dies where it is told to."""

    def __init__(self, launched: Callable[[list[list[str]]], None], n_jobs: int = -1) -> None:
        self.joblib, self.launched = {"n_jobs": n_jobs}, launched

    def launch(self, lines: Sequence[list[str]], initial_job_idx: int) -> None:
        self.launched([*lines])


@pytest.mark.parametrize(
    ("cores", "n_jobs", "runs", "at_once", "workers"),
    [
        (2, -1, 8, 2, [1] * 8),
        (8, -1, 3, 3, [2, 2, 2]),
        (8, -1, 1, 2, [8]),  # in a process of its own
        (8, 4, 9, 4, [2] * 9),
        (8, -3, 9, 6, [1] * 9),
        (1, -1, 2, 1, [1, 1]),
    ],
)
def test_cores_are_shared_out(tmp_path, monkeypatch, cores, n_jobs, runs, at_once, workers):
    monkeypatch.setattr(launch, "available_cores", lambda: cores)
    launcher = Joblib(lambda lines: None, n_jobs)
    lines = share_cores(launcher, planned(tmp_path, runs))
    assert launcher.joblib["n_jobs"] == at_once
    assert [line[0] for line in lines] == [f"train.workers={n}" for n in workers]
    assert [line[1] for line in lines] == [f"seed={n}" for n in range(runs)]


def test_after_a_kill_the_others_run_and_who_dies_alone_has_failed(tmp_path, capsys):
    process_executor = pytest.importorskip("joblib.externals.loky.process_executor", reason="needs joblib")
    runs = planned(tmp_path, 4)
    launches = []

    def launched(lines: list[list[str]]) -> None:
        numbers = [int(line[1].removeprefix("seed=")) for line in lines]
        launches.append(numbers)
        for number in numbers[:2]:  # two at once, of which number 1 always takes all the memory
            runs[number].folder.path.mkdir(exist_ok=True)
        if 1 in numbers:
            raise process_executor.TerminatedWorkerError("killed")
        for number in numbers:
            runs[number].folder.path.mkdir(exist_ok=True)
            (runs[number].folder.path / "result.json").write_text("{}")

    launch._with_joblib(Joblib(launched, 2), runs)
    assert launches == [[0, 1, 2, 3], [2, 3], [0], [1]]
    assert [run.folder.state() for run in runs] == ["done", "failed", "done", "done"]
    failure = runs[1].folder.failure()
    assert failure is not None
    assert failure["status"] == "killed"
    assert "the 4 runs that are left" in capsys.readouterr().out


def test_workers_that_cannot_even_start_are_not_started_for_ever(tmp_path):
    process_executor = pytest.importorskip("joblib.externals.loky.process_executor", reason="needs joblib")

    def launched(lines: list[list[str]]) -> None:
        raise process_executor.TerminatedWorkerError("killed")

    with pytest.raises(process_executor.TerminatedWorkerError):
        launch._with_joblib(Joblib(launched), planned(tmp_path, 2))


def planned(folder: Path, n: int) -> list[PlannedRun]:
    config: Any = SimpleNamespace()
    return [PlannedRun((f"seed={n}",), config, RunFolder(folder / f"run{n}")) for n in range(n)]


@pytest.fixture
def command(text_file: Path, tmp_path: Path) -> Callable[..., subprocess.Popen[str]]:
    """command(*overrides) -> the started command, with outputs in tmp_path/out."""

    def started(*overrides: str) -> subprocess.Popen[str]:
        data = ("data=file", f"data.path='{text_file}'", f"outputs={tmp_path / 'out'}")
        return subprocess.Popen(
            [sys.executable, str(RUN), "-m", *TINY, *data, *overrides],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            env={**os.environ, "NUMPYGPT_CACHE": str(tmp_path / "cache")},
        )  # fmt: skip

    return started


def wait_for_checkpoint(study: Path, process: subprocess.Popen[str]) -> RunFolder:
    """The first run of a study that has a checkpoint, while the sweep goes on."""
    while process.poll() is None:
        for checkpoint in study.glob("*/checkpoint.safetensors"):
            return RunFolder(checkpoint.parent)
        time.sleep(0.01)
    raise AssertionError(process.communicate()[0])


def holder(folder: RunFolder) -> int:
    """The process that works on a run, as its lock says."""
    return int((folder.path / "run.lock").read_text().split()[1])


def kill_a_worker_of(sweep: subprocess.Popen[str], study: Path) -> tuple[int, str]:
    """Kills the process of the first run that has a checkpoint; the sweep's exit code, and what it printed."""
    killed = wait_for_checkpoint(study, sweep)
    os.kill(holder(killed), signal.SIGKILL)
    printed, _ = sweep.communicate(timeout=120)
    return sweep.returncode, printed


def test_joblib_goes_on_when_a_worker_is_killed(command, tmp_path):
    pytest.importorskip("hydra_plugins.hydra_joblib_launcher", reason="needs numpygpt[local]")
    sweep = command("seed=1,2", "hydra/launcher=local")
    code, printed = kill_a_worker_of(sweep, tmp_path / "out" / "default")
    assert code == 0, printed
    assert "a worker process was killed; going on" in printed
    assert "going on after update" in printed
    for run in find_runs(tmp_path / "out"):
        assert [row["step"] for row in run.metrics() if row["kind"] == "train"] == list(range(1, 151))


def test_submitit_does_the_other_runs_when_a_job_is_killed(command, tmp_path):
    pytest.importorskip("hydra_plugins.hydra_submitit_launcher", reason="needs numpygpt[slurm]")
    sweep = command("seed=1,2", "hydra/launcher=submitit_local")
    code, printed = kill_a_worker_of(sweep, tmp_path / "out" / "default")
    assert code == 1, printed
    assert sorted(run.state() for run in find_runs(tmp_path / "out")) == ["done", "interrupted"]


@pytest.mark.skipif(not hasattr(signal, "SIGUSR2"), reason="needs POSIX signals")
def test_the_signal_of_a_cluster_writes_a_checkpoint_and_is_passed_on():
    seen = []

    def polls() -> None:
        with stop_requests.polled():
            signal.raise_signal(signal.SIGUSR2)
            assert stop_requests.requested()
            signal.raise_signal(signal.SIGUSR2)  # a cluster may say it twice, which insists on nothing

    before = signal.signal(signal.SIGUSR2, lambda signum, frame: seen.append(signum))
    try:
        with stop_requests.handled():
            with pytest.raises(KeyboardInterrupt):
                polls()
            assert seen == []
        signal.raise_signal(signal.SIGUSR2)
        assert seen == [signal.SIGUSR2]
    finally:
        signal.signal(signal.SIGUSR2, before)
        stop_requests.signum = None
