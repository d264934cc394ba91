"""What the fault tests share: a sandbox in which commands are typed, and what must be equal after every fault."""

import csv
import json
import os
import re
import shutil
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from random import Random
from typing import Any

from forks import Disk, Failing, fork

from numpygpt.errors import UserError
from numpygpt.runs import RunFolder, find_runs

# Keys with these in their names are measured, not computed.
CLOCKS = ("second", "_generated", "peak_rss_mb", "ended")
TINY = (
    *("model=tiny", "model.dropout=0.1", "optimizer.warmup_ratio=0.1", "train.eval_interval=10"),
    *("train.eval_windows=4", "train.log_interval=1", "train.checkpoint_interval=2", "sample.tokens=12"),
    *("sample.number=2", "eval.texts=[emoji]"),
)
SWEEP = ("tokenizer=char,word", "budget.iters=40")
SHORT = ("tokenizer=word", "budget.iters=40", "train.workers=1")


@dataclass(frozen=True)
class Sandbox:
    """A folder with a text, outputs and one cache per study: what is typed here touches nothing else."""

    folder: Path
    settings: Sequence[str]

    @classmethod
    def make(cls, folder: Path, settings: Sequence[str]) -> "Sandbox":
        """With the undisturbed sweep, against which all else is held, in the study `whole`."""
        rng = Random(0)
        words = ["".join(rng.choices("aeinorst", k=rng.randint(1, 6))) for _ in range(300)]
        lines = (" ".join(rng.choices(words, k=8)).capitalize() + "." for _ in range(600))
        (folder / "text.txt").write_text("\n".join(lines), encoding="utf-8")
        sandbox = cls(folder, settings)
        code, printed = sandbox.type("whole")
        assert code == 0, printed
        return sandbox

    def study(self, name: str) -> Path:
        return self.folder / "outputs" / name

    @cached_property
    def whole(self) -> dict[str, dict[str, Any]]:
        """What the undisturbed sweep gave."""
        return all_results(self.study("whole"))

    def start(
        self, study: str, *more: str, settings: Sequence[str] = (), disk: Failing | None = None, log: str = ""
    ) -> "Started":
        """A sweep, in the background. disk: (error, the first write that it strikes)."""
        data = ("data=file", f"data.path={self.folder / 'text.txt'}", f"outputs={self.folder / 'outputs'}")
        arguments = ["-m", *TINY, *data, *(settings or self.settings), f"study={study}", *more]
        return self._start("run", arguments, study, log or study, disk)

    def type(self, study: str, disk: Failing | None = None) -> tuple[int, str]:
        """The exit code of a sweep, and what was printed."""
        return self.start(study, disk=disk).end()

    def report(self, study: str) -> "Started":
        return self._start("report", [str(self.study(study))], study, f"{study}-report", None)

    def finish(self, study: str) -> str:
        """The same command again: now it must end in the bits of the undisturbed sweep. What was printed."""
        code, printed = self.type(study)
        assert code == 0, printed
        check_equal(self.study(study), self.whole)
        shutil.rmtree(self.study(study))
        shutil.rmtree(self.folder / "caches" / study, ignore_errors=True)
        return printed

    def _start(
        self, program: str, arguments: Sequence[str], study: str, log: str, disk: Failing | None
    ) -> "Started":
        path = self.folder / f"{log}.log"
        path.unlink(missing_ok=True)
        environment = {"NUMPYGPT_CACHE": str(self.folder / "caches" / study), "COLUMNS": "200"}
        failing = None if disk is None else Disk(*disk, str(self.folder))
        return Started(fork(program, arguments, environment, path, failing), path)


@dataclass
class Started:
    """A command that goes on; what it prints lies in `log`."""

    pid: int
    log: Path
    code: int | None = None

    def poll(self) -> int | None:
        """The exit code (of a signal, its negative number), None while it goes on."""
        if self.code is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            self.code = os.waitstatus_to_exitcode(status) if pid else None
        return self.code

    def printed(self) -> str:
        return self.log.read_text(encoding="utf-8", errors="replace") if self.log.exists() else ""

    def end(self) -> tuple[int, str]:
        """Waits for its end. Fails where a person would see a traceback."""
        while (code := self.poll()) is None:
            time.sleep(0.01)
        printed = self.printed()
        assert "Traceback" not in printed, printed
        return code, printed

    def says(self, pattern: str) -> bool:
        """Waits until it has printed that; False if it ended before."""
        while self.poll() is None:
            if re.search(pattern, self.printed(), re.DOTALL):
                return True
            time.sleep(0.01)
        return False

    def kill(self, signum: int, child: bool = False) -> bool:
        """Sends a signal to it, or to a process that it started; False if there was none to send it to."""
        pid = self.pid
        if child:
            children = Path(f"/proc/{pid}/task/{pid}/children")
            found = children.read_text().split() if children.exists() else []
            if not found:
                return False
            pid = int(found[0])
        try:
            os.kill(pid, signum)
        except ProcessLookupError:
            return False
        return True


# --- what must be equal ---


def results(folder: RunFolder) -> dict[str, Any]:
    """Everything in a finished run's folder that no clock has measured."""
    checkpoint = folder.checkpoint_path.read_bytes()
    size = int.from_bytes(checkpoint[:8], "little")
    names = ("samples.txt", "samples.json", "tokenizer.json", "scores.json", "passages.json")
    return {
        "result": unclocked(folder.result()),
        "rows": rows(folder),
        "weights": checkpoint[8 + size :],
        "files": [(folder.path / name).read_bytes() for name in names],
    }


def unclocked(values: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in values.items() if not any(clock in key for clock in CLOCKS)}


def rows(folder: RunFolder) -> list[dict[str, Any]]:
    return [unclocked(row) for row in folder.metrics()]


def all_results(study: Path) -> dict[str, dict[str, Any]]:
    return {folder.name: results(folder) for folder in find_runs(study)}


def check_equal(study: Path, whole: dict[str, dict[str, Any]]) -> None:
    """The study ended in the bits of the undisturbed one."""
    found = all_results(study)
    assert found.keys() == whole.keys()
    for name, parts in found.items():
        differ = [part for part, value in parts.items() if value != whole[name][part]]
        assert not differ, f"of {study / name}"


def check_unfinished(study: Path, whole: dict[str, dict[str, Any]]) -> None:
    """A study that was disturbed holds no line and no number that the undisturbed one does not."""
    for folder in find_runs(study):
        found = rows(folder)
        assert found == whole[folder.name]["rows"][: len(found)], folder.metrics_path
        if folder.state() == "done":
            assert unclocked(folder.result()) == whole[folder.name]["result"], folder.path


def check_report(study: Path, whole: dict[str, dict[str, Any]]) -> None:
    """The report's bits per byte are those of the undisturbed runs."""
    with (study / "report" / "runs.csv").open(encoding="utf-8", newline="") as file:
        shown = {row["run"]: float(row["bits_per_byte"]) for row in csv.DictReader(file)}
    assert shown == {name: parts["result"]["bits_per_byte"] for name, parts in whole.items()}


def checkpoint_step(folder: RunFolder) -> int:
    """The update of the last checkpoint, -1 if there is none."""
    if not folder.checkpoint_path.exists():
        return -1
    raw = folder.checkpoint_path.read_bytes()
    header = json.loads(raw[8 : 8 + int.from_bytes(raw[:8], "little")])
    return int(json.loads(header["__metadata__"]["state"])["step"])


def readable(folder: RunFolder) -> bool:
    """Whether the folder refuses nothing of what it holds."""
    try:
        folder.run(), folder.metrics(), folder.failure()
        if folder.state() == "done":
            folder.result(), folder.scores(), folder.passages(), folder.samples()
    except UserError:
        return False
    return True
