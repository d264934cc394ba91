"""A study in one file: STUDY.jsonl holds a line per run that ended, with all that a report needs and no weights.

A line is an object with the content of a run's files, by their names: `run` (run.json), `result` or `failure`,
`metrics` (a list of rows), `scores`, and of the lowest seed of each setting `passages` and `samples`. A packed run
is read by the same methods as a run folder. `python analysis/pack.py STUDY` writes such a file.
"""

import itertools
import json
import re
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partialmethod
from pathlib import Path
from typing import Any

from analysis.records.identity import setting_of
from numpygpt.errors import UserError
from numpygpt.files import replacing, writing
from numpygpt.runs import RunFolder, RunUnfinished, find_runs

EVERY = 10  # of the logged updates, of which there are many, every tenth is kept; of the evaluations all
FOLDERS = re.compile(r"(?<![\w.])/(?:[^\s/=,]+/)+")  # all of an absolute path but its last name


@dataclass(frozen=True, order=True)
class PackedRun:
    """One line of a packed study: `path` is STUDY.jsonl/NAME. Reads as a RunFolder does, and raises the same."""

    path: Path
    content: dict[str, Any] = field(compare=False, repr=False)

    name = property(lambda self: self.path.name)

    def state(self) -> str:
        return "done" if "result" in self.content else "failed"

    def failure(self) -> dict[str, Any] | None:
        return self.content.get("failure")

    def _get(self, part: str) -> Any:
        if part not in self.content:
            raise RunUnfinished(f"{self.path.parent} keeps no {part} of {self.name}")
        return self.content[part]

    run = partialmethod(_get, "run")
    result = partialmethod(_get, "result")
    metrics = partialmethod(_get, "metrics")
    scores = partialmethod(_get, "scores")
    passages = partialmethod(_get, "passages")
    samples = partialmethod(_get, "samples")


def read_packed(file: Path) -> list[PackedRun]:
    """The runs of a packed study. Raises UserError if it is none."""
    try:
        lines = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
        return [PackedRun(file / line["run"]["name"], line) for line in lines]
    except (OSError, ValueError, KeyError, TypeError) as error:
        why = f"{file} is no packed study ({error}): make it with python analysis/pack.py"
        raise UserError(why) from error


def pack(study: Path, out: Path) -> int:
    """Writes the runs of a study that are done or failed to `out`; returns their number.

    Absolute paths are cut down to their last name, and passages that a user added are left out. Raises UserError if
    there is no such run, or if one is damaged: nothing is written then.
    """
    ended = [run for run in find_runs(study) if run.state() in ("done", "failed")]
    if not ended:
        raise UserError(f"{study} holds no finished run: name a folder under outputs/ that does")
    seen: set[str] = set()  # settings of which a run has been met: the one of the lowest seed is the first
    lines = {}
    for run in sorted(ended, key=lambda run: run.run()["identity"]["seed"]):
        setting = setting_of(run.run()["identity"])
        lines[run.path] = json.dumps(_content(run, with_passages=setting not in seen))
        if run.state() == "done":
            seen.add(setting)
    text = "".join(f"{lines[run.path]}\n" for run in ended)
    with writing(out):
        out.parent.mkdir(parents=True, exist_ok=True)
        with replacing(out) as temporary:
            temporary.write_text(text, encoding="utf-8", newline="\n")
    return len(ended)


def _content(run: RunFolder, with_passages: bool) -> dict[str, Any]:
    """The line of one run."""
    updates = itertools.count()
    rows = [row for row in run.metrics() if row["kind"] != "train" or next(updates) % EVERY == 0]
    content: dict[str, Any] = {"run": _without_folders(run.run()), "metrics": rows}
    if failure := run.failure():
        return content | {"failure": failure}
    content |= {"result": run.result(), "scores": run.scores()}
    if with_passages:
        with suppress(RunUnfinished):  # not all runs write them
            content["passages"] = [p for p in run.passages() if "name" not in p]
        with suppress(RunUnfinished):
            content["samples"] = run.samples()
    return content


def _without_folders(value: Any) -> Any:
    """The value with each absolute path in it, at any depth, cut down to its last name."""
    if isinstance(value, str):
        return FOLDERS.sub("", value)
    if isinstance(value, list):
        return [_without_folders(item) for item in value]
    return {k: _without_folders(v) for k, v in value.items()} if isinstance(value, dict) else value
