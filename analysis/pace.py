"""How fast runs go, and how long they still take: honest figures, or none."""

import heapq
import math
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

SPAN = 90.0  # seconds of the latest past that say how fast a run goes
ENOUGH = 15.0  # seconds that have to be watched before a run's own clock is not asked any more
RECENT = 20  # logged updates by which the run's own clock is read


@dataclass(frozen=True)
class Left:
    """Time that something still takes, in seconds; with `at_least`, more will come that nobody can tell yet."""

    seconds: float
    at_least: bool = False

    def __str__(self) -> str:
        return f"{'at least ' if self.at_least else ''}{clock(self.seconds)}"

    @property
    def short(self) -> str:
        return f"{'≥ ' if self.at_least else ''}{clock(self.seconds)}"


def clock(seconds: float) -> str:
    """`m:ss` or `h:mm:ss`."""
    minutes, rest = divmod(round(max(seconds, 0.0)), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


class Pace:
    """Seconds per update of a run.

    Its own clock counts updates only. So what is watched from outside, with evaluations, pauses and whatever else
    keeps the machine busy, counts as soon as there is enough of it.
    """

    def __init__(self) -> None:
        self._marks: deque[tuple[float, int]] = deque()  # when the log was written to, and how far it went
        self._own: deque[tuple[float, int]] = deque(maxlen=RECENT)  # the run's own clock, and updates

    def watched(self, time: float, step: int) -> None:
        """At `time` (the file system's clock) the log reached `step`."""
        if self._marks and step < self._marks[-1][1]:
            self._marks.clear()  # the run was set back to its last checkpoint
        if not self._marks or step > self._marks[-1][1]:
            self._marks.append((time, step))
        while len(self._marks) > 2 and time - self._marks[1][0] > SPAN:
            self._marks.popleft()

    def rest(self) -> None:
        """Nobody was at the run: the time since it was last watched says nothing of its pace."""
        self._marks.clear()

    def logged(self, seconds: float, step: int) -> None:
        """After `seconds` of training, counted by the run itself, `step` updates were done."""
        if self._own and step <= self._own[-1][1]:
            self._own.clear()
        self._own.append((seconds, step))

    @property
    def seconds_per_update(self) -> float:
        """NaN before anything is known."""
        for marks, enough in ((self._marks, ENOUGH), (self._own, 0.0)):
            if len(marks) > 1 and marks[-1][0] - marks[0][0] > enough:
                return (marks[-1][0] - marks[0][0]) / (marks[-1][1] - marks[0][1])
        return math.nan


@dataclass(frozen=True)
class Cost:
    """What a finished run took, in seconds: in all, and beside its updates (setting up, evaluating, scoring)."""

    total: float
    beside: float


def typical(costs: Sequence[Cost]) -> Cost | None:
    """Of runs of one setting; None without any."""
    if not costs:
        return None
    return Cost(median(c.total for c in costs), median(c.beside for c in costs))


def running_left(steps: int, seconds_per_update: float, idle: float, like: Cost | None) -> Left | None:
    """Of a run that has `steps` updates before it and has been silent for `idle` seconds; None if unknown.

    What comes after the last update is known only from a finished run `like` it.
    """
    if steps > 0 and not math.isfinite(seconds_per_update):
        return None
    after = like.beside if like else 0.0
    training = steps * seconds_per_update if steps else 0.0
    if not steps and like is None:
        return None
    spent = idle if not steps else min(idle, seconds_per_update)
    return Left(max(training + after - spent, 0.0), at_least=like is None)


def all_left(running: Sequence[Left | None], waiting: Sequence[Left | None], at_once: int) -> Left | None:
    """Of a sweep that does `at_once` runs at a time, the waiting ones in their order; None if nothing is known."""
    known = [left for left in (*running, *waiting) if left is not None]
    if not known:
        return None
    ends = [left.seconds if left else 0.0 for left in running]
    ends += [0.0] * (max(at_once, 1) - len(ends))
    heapq.heapify(ends)
    for left in waiting:
        heapq.heappush(ends, heapq.heappop(ends) + (left.seconds if left else 0.0))
    sure = len(known) == len(running) + len(waiting) and not any(left.at_least for left in known)
    return Left(max(ends), at_least=not sure)
