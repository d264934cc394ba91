"""What to run next, once a comparison is done: longer training, or further seeds."""

import math
import shlex
from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

from analysis.inference.cautions import MOST_TIMES, times_longer, untrained
from analysis.inference.uncertainty import MIN_SEEDS
from analysis.page.view import View
from analysis.records.display import show

UNKNOWN_TIMES = 10  # as long, where no curve says how much longer


class NextStep(NamedTuple):
    """`changes`: what a command is to say instead, `{"seed": "1337,1,2"}`"""

    why: str
    changes: dict[str, str]

    def words(self, typed: Sequence[str] | None = None) -> str:
        """Why, and the command: of what was `typed` (a program, its arguments), or what is to be said in it."""
        if typed is None:
            changes = " ".join(f"{key}={value}" for key, value in self.changes.items())
            return f"{self.why}: the study's command again, with {changes}"
        return f"{self.why}:\n    {typed[0]} {with_changes(typed[1:], self.changes)}"


def next_step(view: View, folders: Collection[str] | None = None) -> NextStep | None:
    """None for several comparisons, where runs are missing, and where nothing is left to do.

    folders: of the runs of the command that is to be typed again, which settles its settings; else they are all.
    """
    runs = view.collection.runs
    if folders is not None:
        runs = runs[runs["key"].isin(runs.loc[runs["folder"].isin(folders), "key"])]
    if len(view.sections) != 1 or (runs["state"] != "done").any():
        return None
    comparison = view.sections[0].comparison
    settings = runs.drop_duplicates(["key", "seed"]).groupby("key")
    each, count, seconds = settings["total_seconds"].mean(), settings.size(), runs["total_seconds"].sum()
    seeds = sorted(set(runs["seed"]))
    if len(comparison.settings) == 1:
        return None
    if untrained(comparison):
        times = times_longer(comparison, view.metrics)
        if math.isinf(times):
            return None
        factor = UNKNOWN_TIMES if math.isnan(times) else min(MOST_TIMES, math.ceil(times))
        identity = comparison.settings[0].identity
        key = f"budget.{'chars' if identity['budget.kind'] == 'text' else identity['budget.kind']}"
        why = f"to train longer, about {show(factor * seconds, 'seconds')}"
        return NextStep(why, {key: f"{factor * identity[key]:.10g}"})
    if count.min() < MIN_SEEDS:
        further = [seed for seed in range(1, MIN_SEEDS + 1) if seed not in seeds]
        wanted = [*seeds, *further[: max(0, MIN_SEEDS - len(seeds))]]
        more = show((each * (len(wanted) - count)).sum(), "seconds")
        why = f"for intervals and a ranking, about {more} more"
        return NextStep(why, {"seed": ",".join(map(str, wanted))})
    return None


def with_changes(arguments: Sequence[str], changes: Mapping[str, str]) -> str:
    """A command's arguments, to be typed in a shell, changed; what is done is not to be done again."""
    kept = [a for a in arguments if a.partition("=")[0].lstrip("+") not in ("force", *changes)]
    several = [] if {"-m", "--multirun"} & set(kept) else ["-m"]
    return shlex.join([*several, *kept, *(f"{key}={value}" for key, value in changes.items())])
