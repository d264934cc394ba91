"""Which runs there are: in folders, as runs leave them, and in studies packed into one file."""

from collections.abc import Iterable
from pathlib import Path

from analysis.records.packed import PackedRun, packed_studies, read_packed
from numpygpt import runs
from numpygpt.runs import RunFolder

Run = RunFolder | PackedRun


def runs_in(places: Iterable[Path]) -> list[Run]:
    """All runs in `places` (runs, studies, packed studies, or folders of them), each once, sorted by path.

    Raises UserError for a place that is not there or holds none.
    """
    found: dict[Path, Run] = {}
    for place in places:
        is_packed = place.suffix == ".jsonl" and not runs.is_folder(place)
        files = [place] if is_packed else packed_studies(place) if runs.is_folder(place) else []
        packed = [run for file in files for run in read_packed(file)]
        folders: list[RunFolder] = (
            [] if is_packed else runs.find_runs(place) if packed else runs.runs_in([place])
        )
        every: tuple[Run, ...] = (*folders, *packed)
        found.update({run.path.resolve(): run for run in every})
    return sorted(found.values(), key=lambda run: run.path)
