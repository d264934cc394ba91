"""Which runs there are: in folders as runs leave them, and in studies packed into one file."""

from collections.abc import Iterable
from pathlib import Path

from analysis.records.packed import PackedRun, packed_studies, read_packed
from numpygpt.errors import UserError
from numpygpt.runs import RunFolder, find_runs, is_folder

OUTPUTS = Path(__file__).resolve().parents[2] / "outputs"
TRAIN = "train some with: python experiments/run.py -m tokenizer=char,word,bpe"

Run = RunFolder | PackedRun


def runs_in(places: Iterable[Path]) -> list[Run]:
    """All runs in `places` (runs, studies, packed studies, or folders of them), each once, sorted by path.

    Raises UserError for a place that is not there or holds none.
    """
    runs: dict[Path, Run] = {}
    for place in places:
        found: list[Run] = []
        if is_folder(place):
            found += find_runs(place)
            for file in packed_studies(place):
                found += read_packed(file)
        elif place.is_file():
            found += read_packed(place)
        else:
            raise UserError(f"{place} is no folder: name a study or a run under {OUTPUTS}")
        if not found:
            raise UserError(f"there are no runs in {place}: {TRAIN}")
        runs.update({run.path.resolve(): run for run in found})
    return sorted(runs.values(), key=lambda run: run.path)


def newest_study(outputs: Path = OUTPUTS) -> Path:
    """The folder under `outputs` in which a run was last at work. Raises UserError if there is none."""
    studies = sorted(p for p in outputs.glob("*") if p.is_dir() and not p.name.startswith("."))
    at_work = [(max(map(_last_written, runs)), study) for study in studies if (runs := find_runs(study))]
    if not at_work:
        raise UserError(f"there are no runs in {outputs}: {TRAIN}")
    return max(at_work)[1]


def _last_written(run: RunFolder) -> float:
    names = ("result.json", "failure.json", "metrics.jsonl", "run.json")
    return max((p.stat().st_mtime for n in names if (p := run.path / n).exists()), default=0.0)
