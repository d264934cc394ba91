"""A command line as it is typed, made into one that Hydra reads as it was meant."""

from collections.abc import Sequence

from experiments.configuration.messages import refuse_misunderstood
from experiments.configuration.typed import as_typed, with_budget

SHOWS = ("-h", "--help", "-c", "--cfg", "-i", "--info", "-sc", "--shell-completion")  # and stops
SWEEP = ("-m", "--multirun")
# They would scatter the files of a run.
NO_EFFECT = (
    *("hydra.run.dir", "hydra.sweep.dir", "hydra.sweep.subdir"),
    *("hydra.output_subdir", "hydra.job.chdir"),
)
INSTEAD = "runs land in outputs/STUDY; outputs=FOLDER and study=NAME name another place"


def for_hydra(typed: Sequence[str]) -> tuple[list[str], list[str]]:
    """The arguments that Hydra gets, and notes on those that have no effect.

    Raises UserError for what Hydra would take for something else.
    """
    arguments = settings_first(typed)
    if "-sc" in typed or "--shell-completion" in typed:
        return arguments, []
    refuse_misunderstood(arguments)
    keys = [argument.partition("=")[0].lstrip("+") for argument in arguments]
    notes = [f"note: {key} has no effect: {INSTEAD}" for key in keys if key in NO_EFFECT]
    kept = [as_typed(a) for a, key in zip(arguments, keys, strict=True) if key not in NO_EFFECT]
    return with_budget(kept), notes


def settings_first(typed: Sequence[str]) -> list[str]:
    """Lets options stand anywhere: argparse takes settings before one and settings after it for two lists.

    One run is a sweep of one, so that -m may be left out; what only shows something takes no -m beside it.
    """
    # An option's own value has no equals sign, and stays behind it.
    kept = [argument for argument in typed if argument not in SWEEP]
    arguments = sorted(kept, key=lambda argument: "=" not in argument or argument.startswith("-"))
    is_shown = any(argument.partition("=")[0] in (*SHOWS, "hydra.mode") for argument in arguments)
    return arguments if is_shown else [*arguments, "--multirun"]
