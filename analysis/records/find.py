"""Which runs there are: in folders, as runs leave them, and in studies packed into one file."""

from collections.abc import Iterable
from pathlib import Path

from analysis.records.packed import PackedRun, read_packed
from numpygpt import runs
from numpygpt.runs import RunFolder

Run = RunFolder | PackedRun


def runs_in(places: Iterable[Path]) -> list[Run]:
    """All runs in `places` (runs, studies, packed studies, or folders of them), each once, sorted by path.

    Raises UserError for a place that is not there or holds none.
    """
    found: list[Run] = []
    for place in places:
        packed = [place] if place.suffix == ".jsonl" else []
        if runs.is_folder(place):
            packed = [file for file in place.glob("*.jsonl") if file.name != "metrics.jsonl"]
        found += [run for file in packed for run in read_packed(file)]
        if place not in packed:
            found += runs.find_runs(place) if packed else runs.runs_in(place)
    each = {run.path.resolve(): run for run in found}
    return sorted(each.values(), key=lambda run: run.path)
