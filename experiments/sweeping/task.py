"""One run as Hydra's launchers call it, in this process or in one of theirs."""

import signal
import sys

from hydra.core.hydra_config import HydraConfig
from hydra.types import RunMode
from omegaconf import DictConfig

from experiments.configuration.schema import register
from experiments.runner.interrupts import SIGNALS, Interrupted, stop_requests
from numpygpt.errors import UserError
from numpygpt.runs import RunFolder

NEED_NO_NUMBER = ("StudySweeper", "BasicSweeper")  # sweepers that try every combination
register()  # here, because processes that launchers start import this module first


def task(composed: DictConfig) -> float | None:
    """The development text's bits per byte, which sweepers can search by; None where there is no such text.

    In another process than the sweep's, a signal ends the run but not the process: the next runs are not begun.
    A signal that submitit waits for too, to queue the job again, is raised anew for it.
    Raises UserError if the run does not end well; Hydra keeps it as the job's result.
    """
    in_process = HydraConfig.get().launcher._target_.endswith("BasicLauncher")
    if stop_requests.requested():
        if in_process:
            stop_requests.raise_if_requested()
        return None
    require_objective(composed)
    from experiments.runner.job import job  # not even imported where all runs are done

    try:
        folder = job(composed)
    except UserError as error:  # what was planned is not to be had any more, and there is no folder to say so
        print(f"a run cannot begin: {error}", file=sys.stderr)
        raise
    except Interrupted as stop:
        if in_process:
            raise
        if stop.signum not in SIGNALS:
            signal.raise_signal(stop.signum)
        return None
    return objective(folder)


def require_objective(composed: DictConfig) -> None:
    """Raises UserError, before any work, if a sweeper that searches has no number to search by."""
    hydra = HydraConfig.get()
    sweeper = hydra.sweeper._target_.rpartition(".")[2]
    if hydra.mode == RunMode.MULTIRUN and sweeper not in NEED_NO_NUMBER and not composed.data.dev_fraction:
        raise UserError(
            f"{sweeper} needs a number to search by, the development text's bits per byte: add "
            "data.dev_fraction=0.1 (the validation text chooses nothing)"
        )


def objective(folder: RunFolder) -> float | None:
    """Bits per byte of a finished run's development text. Raises UserError if the run is not done."""
    if folder.state() != "done":
        raise UserError(f"{folder.name} is {folder.state()}")
    if not folder.run()["config"]["data"].get("dev_fraction"):
        return None
    return float(folder.result()["bits_per_byte"])
