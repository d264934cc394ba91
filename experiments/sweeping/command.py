"""The command line of run.py: handed to Hydra; what Hydra says about it becomes sentences and exit codes."""

import os
import sys
import warnings
from collections.abc import Sequence
from pathlib import Path

import hydra
from hydra.core.plugins import Plugins

from experiments.configuration.messages import EXPLAINED, refuse_misunderstood, sentence
from experiments.configuration.schema import register
from experiments.configuration.typed import as_typed, with_choices
from experiments.runner.interrupts import Interrupted, stop_requests
from experiments.sweeping.help import help_page
from experiments.sweeping.task import task
from numpygpt.errors import shortened
from numpygpt.places import CONF
from numpygpt.printing import print_anything

SHOWS = ("-h", "--help", "-c", "--cfg", "-i", "--info", "-sc", "--shell-completion")  # and stops
SWEEP = ("-m", "--multirun")


def run() -> None:
    """What `sys.argv` asks for; exits as `run.main` says."""
    print_anything()
    wants_traceback = os.environ.get("HYDRA_FULL_ERROR") == "1"
    os.environ["HYDRA_FULL_ERROR"] = "1"  # Hydra then raises its errors here instead of printing them
    register()
    register_sweeper()
    try:
        sys.argv[1:] = for_hydra(sys.argv[1:])
        if {"-h", "--help"} & {*sys.argv}:
            print(help_page())
            return
        with stop_requests.handled():
            hydra.main(version_base="1.3", config_path=str(CONF), config_name="config")(task)()
    except Interrupted as stop:  # before the first run or after the last one
        print("\nstopped: type the same command again to continue where it was", file=sys.stderr)
        sys.exit(128 + stop.signum)
    except BrokenPipeError:  # a reader that leaves, as `| head` does, is no error
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except (ValueError, ImportError, RuntimeError, *EXPLAINED) as error:
        said = sentence(error, sys.argv[1:])
        if wants_traceback or said is None:
            raise
        print(f"{Path(sys.argv[0]).name}: {shortened(said)}", file=sys.stderr)
        sys.exit(2)


def for_hydra(typed: Sequence[str]) -> list[str]:
    """The arguments that Hydra gets. Raises UserError for what it would take for something else."""
    arguments = settings_first(typed)
    if "-sc" in typed or "--shell-completion" in typed:
        return arguments
    refuse_misunderstood(arguments)
    return with_choices([as_typed(argument) for argument in arguments])


def settings_first(typed: Sequence[str]) -> list[str]:
    """Lets options stand anywhere: argparse takes settings before one and settings after it for two lists.

    One run is a sweep of one, so that -m may be left out; what only shows something takes no -m beside it.
    """
    # An option's own value has no equals sign, and stays behind it.
    kept = [argument for argument in typed if argument not in SWEEP]
    arguments = sorted(kept, key=lambda argument: "=" not in argument or argument.startswith("-"))
    is_shown = any(argument.partition("=")[0] in (*SHOWS, "hydra.mode") for argument in arguments)
    return arguments if is_shown else [*arguments, "--multirun"]


def register_sweeper() -> None:
    """Hydra's search for plug-ins does not see into packages that were installed with `pip install -e`.

    Where it did find the plug-in, it has loaded the module anew: the class is looked up after the search.
    """
    warnings.filterwarnings("ignore", "[^']*'hydra/launcher/ray' is validated against ConfigStore schema")
    plugins = Plugins.instance()
    from hydra_plugins.numpygpt_sweeper import StudySweeper

    plugins.register(StudySweeper)
