"""Launchers under faults: a run that dies ends no other, whatever engine carries it."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from experiments.runner.interrupts import stop_requests
from experiments.sweeping.launch import share_cores
from numpygpt.places import ROOT
from numpygpt.runs import RunFolder, find_runs

RUN = ROOT / "experiments" / "run.py"
TINY = (
    *(
        "model=tiny",
        "budget=iters",
        "budget.iters=150",
        "optimizer.warmup_ratio=0.1",
        "train.eval_interval=50",
        "train.eval_windows=4",
    ),
    *("sample.tokens=12", "sample.number=2", "train.log_interval=1", "train.checkpoint_interval=10"),
    *("eval.texts=[]", "train.workers=1"),
)


@pytest.mark.parametrize(
    ("cores", "n_jobs", "runs", "at_once", "workers"),
    [
        (2, -1, 8, 2, 1),
        (8, -1, 3, 3, 2),
        (8, -1, 1, 2, 8),  # in a process of its own
        (8, 4, 9, 4, 2),
        (8, -3, 9, 6, 1),
        (1, -1, 2, 1, 1),
    ],
)
def test_cores_are_shared_out(cores, n_jobs, runs, at_once, workers):
    assert share_cores(cores, n_jobs, runs) == (at_once, workers)


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


def test_after_a_worker_of_joblib_is_killed_the_same_command_continues(command, tmp_path):
    pytest.importorskip("hydra_plugins.hydra_joblib_launcher", reason="needs numpygpt[local]")
    typed = ("seed=1,2", "hydra/launcher=local")
    code, printed = kill_a_worker_of(command(*typed), tmp_path / "out" / "default")
    assert code == 1, printed
    assert "the launcher gave up" in printed
    assert "the same command continues it" in printed
    again = command(*typed)
    printed, _ = again.communicate(timeout=120)
    assert again.returncode == 0, printed
    assert "going on after update" in printed
    for run in find_runs(tmp_path / "out"):
        assert [row["step"] for row in run.metrics() if row["kind"] == "train"] == list(range(1, 151))


def test_submitit_does_the_other_runs_when_a_job_is_killed(command, tmp_path):
    pytest.importorskip("hydra_plugins.hydra_submitit_launcher", reason="needs numpygpt[slurm]")
    sweep = command("seed=1,2", "hydra/launcher=submitit_local")
    code, printed = kill_a_worker_of(sweep, tmp_path / "out" / "default")
    assert code == 1, printed
    assert sorted(run.state() for run in find_runs(tmp_path / "out")) == ["done", "interrupted"]


@pytest.mark.parametrize("launcher", ["local", "submitit_local"])
def test_a_signal_to_the_sweep_stops_the_runs_in_other_processes_with_a_checkpoint(
    command, tmp_path, launcher
):
    plugin = {"local": "hydra_joblib_launcher", "submitit_local": "hydra_submitit_launcher"}[launcher]
    pytest.importorskip(f"hydra_plugins.{plugin}", reason="needs numpygpt[local,slurm]")
    sweep = command("seed=1,2", "budget.iters=100000", f"hydra/launcher={launcher}")
    folder = wait_for_checkpoint(tmp_path / "out" / "default", sweep)
    sweep.send_signal(signal.SIGTERM)
    printed, _ = sweep.communicate(timeout=60)
    assert sweep.returncode == 128 + signal.SIGTERM, printed
    assert folder.state() == "interrupted"


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
