"""What to run next, once a comparison is done: longer training, further seeds, or a longer validation text."""

import math
import shlex
from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

import pandas as pd

from analysis.inference.cautions import MOST_TIMES, times_longer, untrained
from analysis.inference.comparisons import Comparison
from analysis.inference.pairs import BITS, SMALL
from analysis.inference.uncertainty import MIN_BLOCKS, MIN_SEEDS, MOST_SEEDS, seeds_needed, smallest_shown
from analysis.page.view import View
from analysis.records.display import show

UNKNOWN_TIMES = 10  # as long, where no curve says how much longer
MOST_VAL = 0.5  # of a text, for validation
RANKED_BYTES = 4500 * MIN_BLOCKS  # of it, that surely make as many blocks


class NextStep(NamedTuple):
    """`changes`: what a command is to say instead, `{"seed": "1337,1,2"}`; nothing if none would help."""

    why: str
    changes: dict[str, str]

    def words(self, typed: Sequence[str] | None = None) -> str:
        """Why, and the command: of what was `typed` (a program, its arguments), or what is to be said in it."""
        if not self.changes:
            return self.why
        if typed is None:
            changes = " ".join(f"{key}={value}" for key, value in self.changes.items())
            return f"{self.why}: the study's command again, with {changes}"
        return f"{self.why}:\n    {typed[0]} {with_changes(typed[1:], self.changes)}"


def next_step(
    view: View, folders: Collection[str] | None = None, minutes: float | None = None
) -> NextStep | None:
    """None for several comparisons, where runs are missing, and where nothing is left to do.

    folders: of the runs of the command that is to be typed again, which settles its settings; else they are all.
    minutes: the limit within which that command chooses how long its runs are, if it does.
    """
    runs = view.collection.runs
    if folders is not None:
        runs = runs[runs["key"].isin(runs.loc[runs["folder"].isin(folders), "key"])]
    sections = view.of(folders)
    if len(sections) != 1 or (runs["state"] != "done").any():
        return None
    comparison = sections[0].comparison
    if len(comparison.settings) == 1:
        return None
    settings = runs.drop_duplicates(["key", "seed"]).groupby("key")
    each, count, seconds = settings["total_seconds"].mean(), settings.size(), runs["total_seconds"].sum()
    seeds = sorted(set(runs["seed"]))
    if untrained(comparison):
        times = times_longer(comparison, view.metrics)
        if math.isinf(times):
            return None
        factor = UNKNOWN_TIMES if math.isnan(times) else min(MOST_TIMES, math.ceil(times))
        identity = comparison.settings[0].identity
        key = f"budget.{'chars' if identity['budget.kind'] == 'text' else identity['budget.kind']}"
        now = identity[key]
        if minutes:
            key, now, seconds = "choose.minutes", minutes, 60 * minutes
        why = f"to train longer, about {show(factor * seconds, 'seconds')}"
        return NextStep(why, {key: f"{factor * now:.10g}"})
    if count.min() < MIN_SEEDS:
        changes, text = {"seed": _seeds(seeds, MIN_SEEDS)}, comparison.text
        if (fraction := RANKED_BYTES / text.val_bytes * text.val_fraction) > MOST_VAL:
            return NextStep("for a ranking, it takes a longer text", {})
        if fraction > text.val_fraction:
            changes["data.val_fraction"] = f"{math.ceil(100 * fraction) / 100:g}"
            count = 0 * count  # all are trained anew
        more = show((each * (max(MIN_SEEDS, len(seeds)) - count)).sum(), "seconds")
        return NextStep(f"for intervals and a ranking, about {more} more", changes)
    return _to_tell_apart(comparison, seeds, each, minutes)


def _to_tell_apart(
    comparison: Comparison, seeds: Sequence[int], each: pd.Series, minutes: float | None
) -> NextStep | None:
    """What would show the difference of the lowest two in 8 of 10 cases, were it as seen and no less than SMALL.

    each: seconds of a run, by setting
    """
    leader, pair = comparison.contest.leader, comparison.contest.nearest
    if leader or not pair or not (pair.seeds and pair.text) or pair.shown_from <= SMALL:
        return None
    true = max(pair.seeds.value, SMALL)
    n = max(seeds_needed(pair.seeds, pair.pair.fewest_seeds, true) or MOST_SEEDS, len(seeds))
    longer = (smallest_shown(pair.text) / true) ** 2  # its doubt falls with the root of the text's length
    both = [f for f in comparison.families if comparison.called(f.best) in (pair.a, pair.b)]
    changes = {"tokenizer": ",".join(f.best.tokenizer for f in both)} if len(both) == 2 else {}
    why = f"to tell {pair.a} and {pair.b} apart, if they differ by {true:.3f} {BITS}"
    if (fraction := longer * comparison.text.val_fraction) > MOST_VAL:
        return NextStep(f"{why}, it takes a text about {longer:.1f} times as long", {})
    done = len(seeds)
    if longer > 1:
        changes["data.val_fraction"], done = f"{math.ceil(100 * fraction) / 100:g}", 0
    else:
        n = max(n, len(seeds) + 1)
    runs = each[each.index.isin([own.key for f in both for own in f.settings])].sum() * (n - done)
    seconds = 60 * minutes if minutes and not done else runs
    return NextStep(f"{why}, about {show(seconds, 'seconds')}", changes | {"seed": _seeds(seeds, n)})


def _seeds(there: Sequence[int], n: int) -> str:
    """So many, with those that are there."""
    further = [seed for seed in range(1, n + 1) if seed not in there]
    return ",".join(map(str, [*there, *further[: max(0, n - len(there))]]))


def with_changes(arguments: Sequence[str], changes: Mapping[str, str]) -> str:
    """A command's arguments, to be typed in a shell, changed; what is done is not to be done again."""
    kept = [a for a in arguments if a.partition("=")[0].lstrip("+") not in ("force", *changes)]
    several = [] if {"-m", "--multirun"} & set(kept) else ["-m"]
    return shlex.join([*several, *kept, *(f"{key}={value}" for key, value in changes.items())])
