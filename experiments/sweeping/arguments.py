"""A command line as it is typed, made into one that Hydra reads as it was meant."""

from collections.abc import Sequence

from experiments.configuration.messages import refuse_misunderstood
from experiments.configuration.typed import as_typed, with_budget

SHOWS = ("-h", "--help", "-c", "--cfg", "-i", "--info", "-sc", "--shell-completion")  # and stops
SWEEP = ("-m", "--multirun")


def for_hydra(typed: Sequence[str]) -> list[str]:
    """The arguments that Hydra gets. Raises UserError for what it would take for something else."""
    arguments = settings_first(typed)
    if "-sc" in typed or "--shell-completion" in typed:
        return arguments
    refuse_misunderstood(arguments)
    return with_budget([as_typed(argument) for argument in arguments])


def settings_first(typed: Sequence[str]) -> list[str]:
    """Lets options stand anywhere: argparse takes settings before one and settings after it for two lists.

    One run is a sweep of one, so that -m may be left out; what only shows something takes no -m beside it.
    """
    # An option's own value has no equals sign, and stays behind it.
    kept = [argument for argument in typed if argument not in SWEEP]
    arguments = sorted(kept, key=lambda argument: "=" not in argument or argument.startswith("-"))
    is_shown = any(argument.partition("=")[0] in (*SHOWS, "hydra.mode") for argument in arguments)
    return arguments if is_shown else [*arguments, "--multirun"]
