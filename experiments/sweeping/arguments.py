"""A command line as it is typed, made into one that Hydra reads as it was meant."""

from collections.abc import Sequence

from experiments.configuration.messages import refuse_misunderstood
from experiments.configuration.typed import as_typed, with_budget

SHOWS = ("-c", "--cfg", "-i", "--info")  # Hydra shows something and stops
SWEEP = ("-m", "--multirun")
COMPLETION = ("-sc", "--shell-completion")
FOLDERS = "runs land in outputs/STUDY; outputs=FOLDER and study=NAME name another place"
NO_EFFECT = {  # settings of Hydra's that would scatter a run's files: why they are left out
    "hydra.run.dir": FOLDERS,
    "hydra.sweep.dir": FOLDERS,
    "hydra.sweep.subdir": FOLDERS,
    "hydra.output_subdir": "run.json holds the whole configuration of a run",
    "hydra.job.chdir": "a run works where the command was typed",
}
# Hydra logs nothing here unless it is told to be verbose.
LOGGING = ("hydra/hydra_logging=default", "hydra/job_logging=stdout")


def for_hydra(typed: Sequence[str]) -> tuple[list[str], list[str]]:
    """The arguments that Hydra gets, and notes on those that have no effect.

    Raises UserError for what Hydra would take for something else.
    """
    arguments = options_first(typed)
    if {*arguments} & {*COMPLETION}:
        return arguments, []
    refuse_misunderstood(arguments)
    keys = [argument.partition("=")[0].lstrip("+") for argument in arguments]
    notes = [f"{key} has no effect: {NO_EFFECT[key]}" for key in keys if key in NO_EFFECT]
    kept = [as_typed(a) for a, key in zip(arguments, keys, strict=True) if key not in NO_EFFECT]
    is_verbose = "hydra.verbose" in keys and "hydra.verbose=false" not in arguments
    return [*with_budget(kept), *(LOGGING if is_verbose else ())], notes


def options_first(typed: Sequence[str]) -> list[str]:
    """Lets options stand anywhere: argparse takes settings before one and settings after it for two lists.

    One run is a sweep of one, so that -m may be left out; what only shows something takes no -m beside it, and
    `--info` no setting for its value.
    """
    # An option's own value has no equals sign, and stays behind it.
    arguments = sorted((argument for argument in typed if argument not in SWEEP), key=_is_setting)
    if not any(argument.partition("=")[0] in (*SHOWS, *COMPLETION, "hydra.mode") for argument in arguments):
        arguments = ["--multirun", *arguments]
    pairs = zip(arguments, [*arguments[1:], "="], strict=True)
    return [
        "--info=all" if one in ("-i", "--info") and (_is_setting(following) or following[0] == "-") else one
        for one, following in pairs
    ]


def _is_setting(argument: str) -> bool:
    return "=" in argument and not argument.startswith("-")
