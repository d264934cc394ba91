"""How a study stands: which of its runs are done, running or waiting, and how long all of it will still take."""

import math
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from analysis.following import Evaluation, Followed
from analysis.pace import Cost, Left, all_left, clock, running_left, typical
from analysis.plans import Plan, read_plans
from numpygpt.errors import UserError
from numpygpt.runs import RunFolder, find_runs

STATES = ("running", "waiting", "failed", "interrupted", "not begun", "done")  # the most urgent first
# Seconds without a line in the log that are worth saying, if that is also ten times as long as a line takes.
SILENT = 60.0


@dataclass(frozen=True)
class Status:
    """How a run stands. NaN and None are unknown; `left` is also None if nobody is at the run."""

    name: str
    state: str  # one of STATES
    tokenizer: str = ""
    step: int = 0
    iters: int = 0
    loss: float | None = None  # of the last logged update, nats per token
    bits_per_byte: float | None = None  # of a finished run: over the whole validation text
    chars_per_second: float = math.nan
    left: Left | None = None
    phase: str = ""  # what a running run does when it does not train
    reason: str = ""
    evaluations: tuple[Evaluation, ...] = ()

    @property
    def share(self) -> float:
        """Of its updates done."""
        return 1.0 if self.state == "done" else self.step / self.iters if self.iters else 0.0

    @property
    def label(self) -> str:
        """What it is, without its seed and its hash: runs that share it are drawn alike."""
        return self.name.rpartition("-s")[0] or self.name


@dataclass(frozen=True)
class Standing:
    """How a study stands at `time` (seconds since 1970), its runs in the order of STATES.

    sweeps: how many go on.   left: None if unknown, or if nothing goes on.   unknown: waiting runs of which nobody
    knows how long they will take.
    """

    study: Path
    time: float
    runs: tuple[Status, ...]
    sweeps: int
    left: Left | None
    unknown: int
    problems: tuple[str, ...]

    @property
    def goes_on(self) -> bool:
        return self.sweeps > 0 or self.count("running") > 0

    def count(self, state: str) -> int:
        return sum(run.state == state for run in self.runs)

    @property
    def counts(self) -> dict[str, int]:
        """Of the states that there are, what is done first."""
        return {state: n for state in ("done", *STATES[:-1]) if (n := self.count(state))}


def _runs_in(study: Path) -> tuple[list[RunFolder], str]:
    """All runs; where a folder cannot be read, those of the others, and which one it is."""
    try:
        return find_runs(study), ""
    except UserError as error:
        trouble = str(error)
    found: list[RunFolder] = []
    with suppress(OSError):
        for folder in sorted(study.iterdir()):
            with suppress(UserError):
                found += [] if folder.name.startswith(".") else find_runs(folder)
    return found, trouble


class Study:
    """Follows all runs of a folder."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._runs: dict[Path, Followed] = {}
        self._plans: list[Plan] = []
        self._at_once = 1
        self._alive: set[Path] = set()
        self._trouble = ""

    def update(self) -> bool:
        """Looks at all folders; whether anything has changed."""
        before = (self._runs.keys(), self._plans, self._trouble)
        found, self._trouble = _runs_in(self.path)
        if found or not self._trouble:
            self._runs = {run.path: self._runs.get(run.path) or Followed(run) for run in found}
        changed = [run.update() for run in self._runs.values()]
        studies = dict.fromkeys([self.path, *(path.parent for path in self._runs)])
        self._plans = [plan for study in studies for plan in read_plans(study)]
        alive = {plan.path for plan in self._plans if plan.alive}
        ended = self._alive - alive  # their places are empty now
        at_least = 1 if ended else self._at_once
        self._alive = alive
        self._at_once = max(at_least, sum(run.locked for run in self._runs.values()))
        return any(changed) or before != (self._runs.keys(), self._plans, self._trouble)

    def standing(self, now: float) -> Standing:
        """`now`: time.time(). Runs that wait are in the order of their turn."""
        alive = [plan for plan in self._plans if plan.alive]
        runs = list(self._statuses(alive, now))
        running, waiting = ([run.left for run in runs if run.state == state] for state in STATES[:2])
        problems = [problem for run in self._runs.values() for problem in run.problems.values()]
        return Standing(
            self.path,
            now,
            tuple(sorted(runs, key=lambda run: STATES.index(run.state))),
            len(alive),
            all_left(running, waiting, self._at_once),
            waiting.count(None),
            (*([self._trouble] if self._trouble else []), *problems),
        )

    def _statuses(self, alive: list[Plan], now: float) -> Iterator[Status]:
        turn = {plan.study / name: plan for plan in alive for name in plan.runs}
        settings = {plan.study / name: s for plan in self._plans for name, s in plan.runs.items()}
        costs = self._costs()
        for path in dict.fromkeys([*turn, *self._runs, *settings]):
            if path in self._runs:
                yield self._status(self._runs[path], turn.get(path), costs, now)
            elif path in turn:
                yield Status(path.name, "waiting", left=self._whole(settings[path], costs))
            else:
                yield Status(path.name, "not begun")

    def _costs(self) -> dict[str, Cost | None]:
        """What a run of each setting costs, where one is done."""
        found = defaultdict(list)
        for run in self._runs.values():
            if cost := run.cost():
                found[run.setting].append(cost)
        return {setting: typical(costs) for setting, costs in found.items()}

    def _whole(self, setting: str, costs: Mapping[str, Cost | None]) -> Left | None:
        """A run from its beginning: as long as a finished one of its setting, or as one that is under way."""
        if cost := costs.get(setting):
            return Left(cost.total)
        for run in self._runs.values():
            pace = run.log.pace.seconds_per_update
            if run.iters and pace > 0 and run.setting == setting:
                return Left(run.iters * pace, at_least=True)
        return None

    def _left(
        self, run: Followed, state: str, step: int, costs: Mapping[str, Cost | None], idle: float
    ) -> Left | None:
        if state == "running" and run.iters:
            pace = run.log.pace.seconds_per_update
            return running_left(run.iters - step, pace, idle, costs.get(run.setting))
        if state == "waiting" and (whole := self._whole(run.setting, costs)):
            share = 1 - step / run.iters if run.iters else 1.0
            return Left(whole.seconds * share, whole.at_least)
        return None

    def _status(
        self, run: Followed, plan: Plan | None, costs: Mapping[str, Cost | None], now: float
    ) -> Status:
        state, log = run.state(plan), run.log
        running, begun = state == "running", run.begun(plan)
        step = log.step if begun else 0
        pace = log.pace.seconds_per_update
        return Status(
            run.folder.name,
            state,
            run.tokenizer,
            step,
            run.iters,
            log.loss if begun else None,
            run.result.get("bits_per_byte") if state == "done" else None,
            log.chars / step / pace if running and step and pace > 0 else math.nan,
            self._left(run, state, step, costs, now - run.spoke),
            _phase(run, now - run.spoke) if running else "",
            f"{run.failure.get('status')}: {run.failure.get('reason')}" if state == "failed" else "",
            tuple(log.evaluations) if begun else (),
        )


def _phase(run: Followed, idle: float) -> str:
    """What a running run does when it does not train."""
    if run.is_preparing:
        return "preparing"
    if run.iters and run.log.step >= run.iters:
        return "scoring"
    every = (run.record["config"].get("train") or {}).get("log_interval", 1) if run.record else 1
    usual = run.log.pace.seconds_per_update * every
    return "" if idle <= SILENT or idle <= 10 * usual else f"silent for {clock(idle)}"
