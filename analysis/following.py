"""A run that goes on, as its folder tells it: only what has changed is read, and nothing is written.

Looking at a run costs a few file statuses. Of a log that grows only the new lines are read, and a last line that
is half written waits for its other half.
"""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from analysis.pace import Cost, Pace
from analysis.plans import Plan, setting_of
from numpygpt.errors import UserError
from numpygpt.runs import RunFolder, is_locked, metric_row

LOCK = "run.lock"
Stamp = tuple[int, int, int, int]


class Evaluation(NamedTuple):
    """An estimate made while training, in bits per byte; `chars` of training text were seen by then."""

    step: int
    chars: float
    val: float
    train: float


@dataclass
class Log:
    """metrics.jsonl as it grows."""

    path: Path
    evaluations: list[Evaluation] = field(default_factory=list)
    step: int = 0
    chars: float = 0.0
    loss: float | None = None  # of the last logged update, nats per token
    pace: Pace = field(default_factory=Pace)
    _file: tuple[int, int] | None = None
    _offset: int = 0

    def update(self) -> None:
        """Reads what was added. Raises UserError for a line that is not what was written."""
        with self.path.open("rb") as file:
            status = os.fstat(file.fileno())
            if (status.st_dev, status.st_ino) != self._file or status.st_size < self._offset:
                self._begin((status.st_dev, status.st_ino))
            file.seek(self._offset)
            *lines, _ = file.read().split(b"\n")
        for line in lines:
            row = metric_row(line)
            if row is None:
                raise UserError(f"{self.path} is damaged after its byte {self._offset:,}")
            self._offset += len(line) + 1
            self._add(row)
        self.pace.watched(status.st_mtime, self.step)

    def _begin(self, file: tuple[int, int]) -> None:
        """From the first line: a run that is resumed puts a shorter file in the place of its log."""
        self._file, self._offset, self.evaluations, self.step, self.loss = file, 0, [], 0, None

    def _add(self, row: Mapping[str, Any]) -> None:
        self.step, self.chars = row["step"], row["chars"]
        if row["kind"] == "eval":
            self.evaluations.append(Evaluation(self.step, self.chars, row["val_bpb"], row["train_bpb"]))
        else:
            self.loss = row["loss"]
            self.pace.logged(row["seconds"], self.step)


class Followed:
    """One run folder. `problems`: what of it cannot be read, by file."""

    def __init__(self, folder: RunFolder) -> None:
        self.folder, self.log = folder, Log(folder.metrics_path)
        self.record: dict[str, Any] = {}
        self.setting = ""
        self.result: dict[str, Any] = {}
        self.failure: dict[str, Any] = {}
        self.problems: dict[str, str] = {}
        self.locked = False
        self._stamps: dict[str, Stamp | None] = {}
        self._files: dict[str, Callable[[bool], None]] = {
            "run.json": self._read_record,
            "metrics.jsonl": self._read_log,
            "result.json": self._read_result,
            "failure.json": self._read_failure,
        }

    def update(self) -> bool:
        """Reads what has changed since the last call, and says whether anything has."""
        changed = [self._look(name) for name in self._files]  # a list: at each of them
        locked = self.locked
        self.locked = not self.ended and is_locked(self.folder.path / LOCK)
        if self.locked and not locked:
            self.log.pace.rest()
        return any(changed) or locked != self.locked

    def _look(self, name: str) -> bool:
        """A file that cannot be read is tried again the next time."""
        problem = self.problems.pop(name, None)
        try:
            stamp = _stamp(f"{self.folder.path}/{name}")
            if stamp == self._stamps.get(name) and problem is None:
                return False
            self._stamps[name] = stamp
            self._files[name](stamp is not None)
        except OSError as error:
            self.problems[name] = f"{self.folder.path / name} cannot be read ({error.strerror})"
        except UserError as error:
            self.problems[name] = str(error)
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            self.problems[name] = f"{self.folder.path / name} lacks what this version writes ({error!r})"
        return problem != self.problems.get(name) or problem is None

    def _read_record(self, there: bool) -> None:
        self.record, self.setting = {}, ""
        self.record = self.folder.run() if there else {}
        self.setting = setting_of(self.record["identity"]) if there else ""

    def _read_log(self, there: bool) -> None:
        if there:
            self.log.update()
        else:
            self.log = Log(self.folder.metrics_path)

    def _read_result(self, there: bool) -> None:
        self.result = {}
        self.result = self.folder.result() if there else {}

    def _read_failure(self, there: bool) -> None:
        self.failure = {}
        self.failure = (self.folder.failure() or {}) if there else {}

    # --- what that comes to ---

    def _time(self, name: str) -> float:
        """When a file was last written, by the file system's clock; 0 if it is not there."""
        stamp = self._stamps.get(name)
        return stamp[2] / 1e9 if stamp else 0.0

    @property
    def ended(self) -> float:
        """When it was done or failed; 0 if it is not."""
        return self._time("result.json") or self._time("failure.json")

    @property
    def spoke(self) -> float:
        """When its log last grew; before that, when it began, or began again."""
        return max(self._time("metrics.jsonl"), self._time("run.json"))

    @property
    def is_preparing(self) -> bool:
        """Whether it has logged nothing since it began, or began again."""
        return not self.log.evaluations or self._time("run.json") > self._time("metrics.jsonl")

    @property
    def iters(self) -> int:
        """Updates in all; 0 before that is decided."""
        return int((self.record.get("resolved") or {}).get("iters") or 0)

    @property
    def tokenizer(self) -> str:
        chosen = (self.record.get("config") or {}).get("tokenizer") or {}
        return str(self.result.get("tokenizer") or chosen.get("name") or chosen.get("kind") or "")

    def begun(self, plan: Plan | None) -> bool:
        """Whether what it holds is of now, and not of before a sweep that has it still to do.

        A run that is done is never among those.
        """
        return plan is None or bool(self._time("result.json")) or not 0 < self.ended < plan.began

    def state(self, plan: Plan | None) -> str:
        """As RunFolder.state has it, or "waiting" if `plan`, of a sweep that goes on, has this run before it."""
        if self.locked:
            return "running"
        if self.ended and self.begun(plan):
            return "done" if self._time("result.json") else "failed"
        return "waiting" if plan else "interrupted"

    def cost(self) -> Cost | None:
        total, training = self.result.get("total_seconds"), self.result.get("train_seconds")
        return Cost(total, total - training) if total and training else None


def _stamp(path: str) -> Stamp | None:
    """What changes when a file does; None if it is not there."""
    try:
        status = os.stat(path)  # noqa: PTH116  (Path.stat takes several times as long)
    except (FileNotFoundError, NotADirectoryError):
        return None
    return status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns
