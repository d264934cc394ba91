"""What the fault tests share: a sandbox in which commands are typed, and what must be equal after every fault."""

import json
import os
import re
import signal
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

from forks import Disk, Failing, fork

from numpygpt.errors import UserError
from numpygpt.runs import RunFolder, find_runs

CLOCKS = ("second", "_generated", "peak_rss_mb")  # keys with these in their names are measured, not computed
TINY = (
    *(
        "model=tiny",
        "model.dropout=0.1",
        "optimizer.warmup_ratio=0.1",
        "train.eval_interval=10",
        "train.eval_windows=4",
    ),
    *("train.log_interval=1", "train.checkpoint_interval=2", "sample.tokens=12", "sample.number=2"),
    "eval.texts=[emoji]",
)
SWEEP = ("tokenizer=char,word", "budget.iters=40")
SHORT = ("tokenizer=word", "budget.iters=12", "train.workers=1")


class Wrong(Exception):
    """What must never happen: a lost line, a doubled one, another number, a fault without a sentence."""


@dataclass(frozen=True)
class Sandbox:
    """A folder with a text, outputs and one cache per study: what is typed here touches nothing else."""

    folder: Path
    settings: Sequence[str]

    @classmethod
    def make(cls, folder: Path, settings: Sequence[str] = SWEEP) -> "Sandbox":
        folder.mkdir(parents=True, exist_ok=True)
        rng = Random(0)
        words = ["".join(rng.choices("aeinorst", k=rng.randint(1, 6))) for _ in range(300)]
        lines = (" ".join(rng.choices(words, k=8)).capitalize() + "." for _ in range(600))
        (folder / "text.txt").write_text("\n".join(lines), encoding="utf-8")
        return cls(folder, settings)

    def study(self, name: str) -> Path:
        return self.folder / "outputs" / name

    def start(
        self, study: str, settings: Sequence[str] | None = None, disk: Failing | None = None, log: str = ""
    ) -> "Started":
        """A sweep, in the background. disk: (error, the first write that it strikes)."""
        data = ("data=file", f"data.path={self.folder / 'text.txt'}", f"outputs={self.folder / 'outputs'}")
        arguments = ["-m", *TINY, *data, *(settings or self.settings), f"study={study}"]
        return self._start("run", arguments, study, log or study, disk)

    def type(
        self, study: str, settings: Sequence[str] | None = None, disk: Failing | None = None
    ) -> tuple[int, str]:
        """The exit code of a sweep, and what was printed."""
        return self.start(study, settings, disk).end()

    def report(self, study: str) -> "Started":
        return self._start("report", [str(self.study(study))], study, f"{study}-report", None)

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
        """Waits for its end. Raises Wrong where a person would see a traceback."""
        while (code := self.poll()) is None:
            time.sleep(0.01)
        if "Traceback" in (printed := self.printed()):
            raise Wrong(f"a traceback: {printed[max(0, printed.index('Traceback') - 500) :][:4000]}")
        return code, self.printed()

    def works(self, seconds: float = 60) -> bool:
        """Waits until its first run has begun; False if it ended before."""
        deadline = time.monotonic() + seconds
        while self.poll() is None and time.monotonic() < deadline:
            if "[" in self.printed():
                return True
            time.sleep(0.01)
        return False

    def phase(self) -> str:
        """What it was at when last heard of."""
        said = re.findall(r"^\[\S+\] +(.*)$", self.printed(), re.MULTILINE)
        last = said[-1] if said else "starting"
        if len(re.findall(r"\] done", self.printed())) == 2:
            return "reporting"
        return next((name for name in PHASES if name in last), "training" if said else "starting")

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


PHASES = ("reading", "fitting the", "encoding", "scoring", "generating", "taking")


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
    """Raises Wrong unless the study ended in the bits of the undisturbed one."""
    found = all_results(study)
    if found.keys() != whole.keys():
        raise Wrong(f"{study} has the runs {sorted(found)}, not {sorted(whole)}")
    for name, parts in found.items():
        for part, value in parts.items():
            if value != whole[name][part]:
                raise Wrong(f"{study / name}: {part} differ from those of the undisturbed run")


def check_unfinished(study: Path, whole: dict[str, dict[str, Any]]) -> None:
    """Raises Wrong if a study that was disturbed holds a line or a number that the undisturbed one does not."""
    for folder in find_runs(study):
        found = rows(folder)
        if found != whole[folder.name]["rows"][: len(found)]:
            raise Wrong(f"{folder.metrics_path} does not begin as that of the undisturbed run")
        if folder.state() == "done" and unclocked(folder.result()) != whole[folder.name]["result"]:
            raise Wrong(f"{folder.path} has another result than the undisturbed run")


def check_report(study: Path, whole: dict[str, dict[str, Any]], may_lack: bool = False) -> None:
    """Raises Wrong if the report's bits per byte are not those of the undisturbed runs."""
    import csv

    with (study / "report" / "tables" / "runs.csv").open(encoding="utf-8", newline="") as file:
        shown = {row["run"]: row["bits_per_byte"] for row in csv.DictReader(file) if row["bits_per_byte"]}
    right = {name: parts["result"]["bits_per_byte"] for name, parts in whole.items()}
    wrong = {name: value for name, value in shown.items() if float(value) != right.get(name)}
    if wrong or (not may_lack and shown.keys() != right.keys()):
        raise Wrong(f"the report of {study} shows {shown}, where {right} is right")


def checkpoint_step(folder: RunFolder) -> int:
    """The update of the last checkpoint, -1 if there is none."""
    if not folder.checkpoint_path.exists():
        return -1
    raw = folder.checkpoint_path.read_bytes()
    header = json.loads(raw[8 : 8 + int.from_bytes(raw[:8], "little")])
    return int(json.loads(header["__metadata__"]["state"])["step"])


def stopped_cleanly(code: int, printed: str) -> bool:
    """Whether a command that was sent SIGTERM ended as it should: asked, or before it could be asked."""
    return code in (0, -signal.SIGTERM) or (
        code == 128 + signal.SIGTERM and "type the same command again" in printed
    )


def readable(folder: RunFolder) -> str | None:
    """The sentence with which the folder refuses to be read, or None."""
    try:
        folder.run(), folder.metrics(), folder.failure()
        if folder.state() == "done":
            folder.result(), folder.scores(), folder.passages(), folder.samples()
    except UserError as error:
        return str(error)
    return None
