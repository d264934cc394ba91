"""Studies as tidy frames that can be joined: a row per run, per estimate or per logged line.

`comparison` and `setting` mean the same in all of them; they are missing from runs that count nowhere.
"""

import warnings
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from analysis.inference.comparisons import Comparison, group_runs
from analysis.records.collect import Collection, collect
from analysis.records.find import runs_in
from analysis.records.identity import differences, value_words
from analysis.records.serving import DEFAULT, Deployment
from analysis.records.settings import Estimate
from numpygpt.errors import UserError, did_you_mean

NAMES = ["study", "run", "comparison", "setting", "tokenizer", "model", "seed"]  # of a run, in every frame

Places = Path | str | Sequence[Path | str]


def load(places: Places, serve: Deployment = DEFAULT) -> pd.DataFrame:
    """A row per comparison, setting and measure: its mean, low, high and half over n seeds (95 % t-interval).

    places: a study, a packed study, a run, or several; what cannot be read is warned of. serve: what costs of
    serving are of. Raises UserError for a place without finished runs.
    """
    _, comparisons = _read(places, serve)
    if not comparisons:
        raise UserError("no run has finished: report.py --status tells how far they are")
    return pd.concat([c.estimates for c in comparisons], ignore_index=True).convert_dtypes()


def load_runs(places: Places, serve: Deployment = DEFAULT) -> pd.DataFrame:
    """A row per run, finished or not: NAMES, its state, the settings that differ, and every measure."""
    return run_frame(*_read(places, serve)).reset_index(drop=True)


def measured(places: Places, keys: Sequence[str], by: str, serve: Deployment) -> pd.DataFrame:
    """Of `load`, the measures of these keys (none: all of them), a row for each value of the column `by`.

    Where settings share that value, each keeps a row of its own: nothing is averaged but seeds. by="run": a row per
    run and a column per measure, as in `load_runs`. Raises UserError as `load`, and for a measure that no run has.
    """
    found = load_runs(places, serve) if by == "run" else load(places, serve)
    known = list(found if by == "run" else dict.fromkeys(found["measure"]))
    for key in keys:
        if key not in known:
            raise UserError(f"{key} is neither a file nor a measure of these runs{did_you_mean(key, known)}")
    if by == "run":
        return found[[*dict.fromkeys([*NAMES, *(keys or known)])]]
    found = found[found["measure"].isin(keys or known)]
    names = [by, "comparison", "setting"] if found.duplicated([by, "measure"]).any() else [by]
    return found[[*dict.fromkeys([*names, "measure", *Estimate._fields])]]


def _read(places: Places, serve: Deployment) -> tuple[Collection, list[Comparison]]:
    named = [places] if isinstance(places, str | Path) else places
    collection = collect(runs_in([Path(place) for place in named]), serve)
    comparisons, problems = group_runs(collection)
    for problem in (*collection.problems, *problems):
        warnings.warn(problem.sentence, stacklevel=3)
    return collection, comparisons


def run_frame(collection: Collection, comparisons: Sequence[Comparison]) -> pd.DataFrame:
    """What `load_runs` returns, of runs that have been read; indexed by their folders."""
    counted = [(row["folder"], c.title, s.label) for c in comparisons for s in c.settings for row in s.rows]
    names = pd.DataFrame(counted, columns=["folder", "comparison", "setting"]).set_index("folder")
    differing = differences([collection.records[path].identity for path in collection.runs["folder"]])
    settings = {k: [value_words(v) if isinstance(v, list) else v for v in x] for k, x in differing.items()}
    runs = collection.runs.drop(columns=["folder", "key"]).join(names)
    frame = pd.concat([runs, pd.DataFrame(settings, index=runs.index)], axis=1)
    first = [*NAMES, "state", "reason", *settings]
    return frame[first + [column for column in frame if column not in first]].convert_dtypes()


def scalar_frame(runs: pd.DataFrame, metrics: pd.DataFrame) -> pd.DataFrame:
    """A row per logged line: NAMES of its run, one of `run_frame`, then the line's own keys."""
    names = runs[[name for name in NAMES if name != "seed"]]
    return names.merge(metrics, left_index=True, right_on="folder").drop(columns="folder").convert_dtypes()
