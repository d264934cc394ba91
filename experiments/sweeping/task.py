"""One run as Hydra's launchers call it, in this process or in one of theirs."""

import signal
import sys

from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig

from experiments.configuration.schema import register
from experiments.runner.interrupts import SIGNALS, Interrupted, stop_requests
from numpygpt.errors import UserError

register()  # here, because processes that launchers start import this module first


def task(composed: DictConfig) -> None:
    """The run, and how it ends.

    In another process than the sweep's, a signal ends the run but not the process: the next runs are not begun.
    A signal that submitit waits for too, to queue the job again, is raised anew for it.
    Raises UserError if the run does not end well; Hydra keeps it as the job's result.
    """
    in_process = HydraConfig.get().launcher._target_.endswith("BasicLauncher")
    if stop_requests.requested():
        if in_process:
            stop_requests.raise_if_requested()
        return
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
        return
    if folder.state() != "done":
        raise UserError(f"{folder.name} is {folder.state()}")
