"""Keep the small records of finished runs, no weights: `python analysis/keep.py outputs/STUDY docs/results/STUDY`.

What is kept rebuilds the report anywhere (`python analysis/report.py docs/results`): run.json, result.json,
scores.json, samples.txt, and of metrics.jsonl all evaluations and every tenth of the other rows. Passages and
marked samples, the largest files, are kept for the lowest seed of each setting, but not passages that a user added
with score.py. Folders of the machine are left out of run.json.
"""

from __future__ import annotations

import argparse
import re
import shutil
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

from analysis.records.settings import setting_of
from numpygpt.errors import UserError
from numpygpt.printing import print_anything
from numpygpt.runs import RunFolder, RunUnfinished, find_runs

THIN = 10
FOLDERS = re.compile(r"(?<![\w.])/(?:[^\s/=,]+/)+")  # all of an absolute path but its last name


def keep(study: Path, target: Path) -> list[Path]:
    """Copy the records of all finished runs of `study` into folders of the same names in `target`.

    A folder that is there already is made anew. Raises UserError if there is no finished run, or if one is
    damaged: nothing doubtful is kept, and nothing that was kept before is lost.
    """
    done = [run for run in find_runs(study) if run.state() == "done"]
    if not done:
        raise UserError(f"{study} holds no finished run: name a folder under outputs/ that does")
    records = {run.path: (run.run(), run.result()) for run in done}
    lowest: dict[str, int] = {}
    for record, result in records.values():
        setting = setting_of(record["identity"])
        lowest[setting] = min(result["seed"], lowest.get(setting, result["seed"]))
    for run in done:
        if run.path.resolve() == (target / run.name).resolve():
            raise UserError(f"{run.path} would be kept in its own place: name another folder for the records")
        for read in (run.metrics, run.scores, run.passages, run.samples):  # before anything is removed
            with suppress(RunUnfinished):
                read()
    kept = []
    for run in done:
        record, result = records[run.path]
        is_lowest = result["seed"] == lowest[setting_of(record["identity"])]
        kept.append(_keep_run(run, target / run.name, is_lowest))
    return kept


def _keep_run(run: RunFolder, path: Path, with_passages: bool) -> Path:
    record, result, rows = run.run(), run.result(), run.metrics()
    if path.exists():
        shutil.rmtree(path)
    kept = RunFolder(path)
    kept.create({key: _without_folders(value) for key, value in record.items() if key != "schema"})
    logged = 0
    for row in rows:
        is_train = row["kind"] == "train"
        if not is_train or logged % THIN == 0:
            kept.append_metrics(row)
        logged += is_train
    kept.write_scores({key: value for key, value in run.scores().items() if key != "schema"})
    if with_passages:
        kept.write_passages([passage for passage in run.passages() if "name" not in passage])
        if (run.path / "samples.json").exists():
            kept.write_samples({key: value for key, value in run.samples().items() if key != "schema"})
    if run.samples_path.exists():
        shutil.copyfile(run.samples_path, kept.samples_path)
    kept.write_result({key: value for key, value in result.items() if key not in ("schema", "metrics_rows")})
    return path


def _without_folders(value: Any) -> Any:
    """The value with each absolute path in it, at any depth, cut down to its last name."""
    if isinstance(value, str):
        return FOLDERS.sub("", value)
    if isinstance(value, list):
        return [_without_folders(item) for item in value]
    return {k: _without_folders(v) for k, v in value.items()} if isinstance(value, dict) else value


def main(argv: list[str]) -> int:
    print_anything()
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter, prog="keep.py"
    )
    parser.add_argument("study", type=Path, help="a folder of runs, as under outputs/")
    parser.add_argument("target", type=Path, help="where to keep them, as under docs/results/")
    args = parser.parse_args(argv)
    try:
        kept = keep(args.study, args.target)
    except UserError as error:
        print(f"keep.py: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("keep.py: stopped", file=sys.stderr)
        return 130
    print(f"kept the records of {len(kept)} runs in {args.target}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
