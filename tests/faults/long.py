"""The long fault suite, by hand: python tests/faults/long.py [--kills 200] [--terms 50] [--pairs 20] [--only PART]

It kills, stops, starves and damages small sweeps, types the same command again after each fault, and holds what
comes out to an undisturbed sweep, bit for bit. It ends with a table, and exit code 1 if anything was wrong.
"""

import argparse
import math
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from damage import damage_finished, damage_unfinished
from disks import failing_writes, full_disks
from harness import (
    SWEEP,
    Sandbox,
    Wrong,
    all_results,
    check_equal,
    check_report,
    check_unfinished,
    checkpoint_step,
    rows,
    stopped_cleanly,
)

from numpygpt.runs import find_runs


@dataclass
class Tally:
    """What was tried of one kind of fault, where it struck, and what went wrong."""

    fault: str
    tried: int = 0
    places: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    started: float = field(default_factory=time.monotonic)
    minutes: float = math.inf

    def in_time(self) -> bool:
        """Whether its time is not over yet."""
        return time.monotonic() - self.started < 60 * self.minutes

    def row(self) -> str:
        places = ", ".join(f"{place} {n}" for place, n in self.places.most_common())
        return f"| {self.fault} | {self.tried} | {self.tried - len(self.wrong)} | {places} |"


class Suite:
    """The undisturbed sweep, and the faults done to others like it."""

    def __init__(
        self, folder: Path, seed: int, settings: Sequence[str] = SWEEP, reports: bool = True
    ) -> None:
        self.rng, self.reports = Random(seed), reports
        self.sandbox = Sandbox.make(folder, settings)
        started = time.monotonic()
        code, printed = self.sandbox.type("whole")
        if code:
            raise SystemExit(f"the undisturbed sweep fails: {printed}")
        self.seconds = time.monotonic() - started
        self.whole = all_results(self.sandbox.study("whole"))
        self.studies = 0

    def new_study(self) -> str:
        self.studies += 1
        return f"study{self.studies}"

    def kills(self, tally: Tally, n: int, signum: signal.Signals) -> None:
        """Signals at random moments; the same command is typed until the sweep is through, and then another one."""
        while tally.tried < n and tally.in_time():
            study = self.new_study()
            while tally.tried < n and tally.in_time():
                if self._kill_once(study, tally, signum):
                    break
            self._finish(study)

    def _kill_once(self, study: str, tally: Tally, signum: signal.Signals) -> bool:
        """Whether the sweep was through before the signal came."""
        workers = self.rng.choices((1, 2), (3, 1))[0]  # of which results do not depend
        started = self.sandbox.start(study, (*self.sandbox.settings, f"train.workers={workers}"))
        if not started.works():
            started.end()
            return True
        time.sleep(self.rng.uniform(0, self.seconds / 3))
        child = signum == signal.SIGKILL and self.rng.random() < 0.2
        if started.poll() is not None or not started.kill(signum, child):
            started.end()
            return True
        code, printed = started.end()
        tally.tried += 1
        tally.places[started.phase() + (" (a worker)" if child else "")] += 1
        if signum == signal.SIGTERM:
            if not stopped_cleanly(code, printed):
                raise Wrong(f"SIGTERM ended it with {code}: {printed[-500:]}")
            self._check_nothing_lost(study)
        check_unfinished(self.sandbox.study(study), self.whole)
        return False

    def _check_nothing_lost(self, study: str) -> None:
        for folder in find_runs(self.sandbox.study(study)):
            found = rows(folder)
            if folder.checkpoint_path.exists() and found and found[-1]["step"] > checkpoint_step(folder):
                raise Wrong(
                    f"{folder.path} was stopped at update {found[-1]['step']}, its checkpoint is older"
                )

    def _finish(self, study: str) -> None:
        code, printed = self.sandbox.type(study)
        if code:
            raise Wrong(f"typed again, it ends with {code}: {printed[-500:]}")
        check_equal(self.sandbox.study(study), self.whole)
        if self.reports:
            code, printed = self.sandbox.report(study).end()
            if code:
                raise Wrong(f"its report ends with {code}: {printed[-500:]}")
            check_report(self.sandbox.study(study), self.whole)
        shutil.rmtree(self.sandbox.study(study))

    def report_kills(self, tally: Tally, n: int) -> None:
        """Kills of the report alone; what stands there afterwards shows right numbers, and the next is whole."""
        study = self.sandbox.study("whole")
        for _ in range(n):
            started = self.sandbox.report("whole")
            time.sleep(self.rng.uniform(0, 2))
            tally.tried += 1
            tally.places["killed" if started.kill(signal.SIGKILL) else "after its end"] += 1
            started.end()
            if (study / "report" / "tables" / "runs.csv").exists():
                check_report(study, self.whole)
        self.sandbox.report("whole").end()
        check_report(study, self.whole)

    def pairs(self, tally: Tally, n: int) -> None:
        """The same sweep typed twice at once; every second time one of the two is killed on the way."""
        for number in range(n):
            if not tally.in_time():
                return
            study = self.new_study()
            both = [self.sandbox.start(study)]
            time.sleep(self.rng.uniform(0, 1))
            both.append(self.sandbox.start(study, log=f"{study}-second"))
            if number % 2:
                time.sleep(self.rng.uniform(1, self.seconds))
                both[number // 2 % 2].kill(signal.SIGKILL)
            codes = [one.end()[0] for one in both]
            tally.tried += 1
            tally.places["one of them killed" if number % 2 else "both to the end"] += 1
            if not number % 2 and any(codes):
                raise Wrong(f"of two at once one ended with {codes}: {both[0].printed()[-500:]}")
            check_unfinished(self.sandbox.study(study), self.whole)
            self._finish(study)


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    for name, default in (("kills", 200), ("terms", 50), ("reports", 20), ("pairs", 20), ("seed", 0)):
        parser.add_argument(f"--{name}", type=int, default=default)
    parser.add_argument("--minutes", type=float, default=math.inf, help="for each part, at most")
    parser.add_argument("--only", choices=("kills", "terms", "reports", "pairs", "writes", "disks", "damage"))
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="faults-") as folder:
        suite = Suite(Path(folder), options.seed)
        print(f"undisturbed: {len(suite.whole)} runs, {suite.seconds:.1f} s", flush=True)
        parts: dict[str, tuple[str, Callable[[Tally], None]]] = {
            "kills": ("kill -9 of a sweep", lambda t: suite.kills(t, options.kills, signal.SIGKILL)),
            "terms": ("SIGTERM of a sweep", lambda t: suite.kills(t, options.terms, signal.SIGTERM)),
            "reports": ("kill -9 of the report", lambda t: suite.report_kills(t, options.reports)),
            "pairs": ("two sweeps at once", lambda t: suite.pairs(t, options.pairs)),
            "writes": ("a write that fails, and all after it", lambda t: failing_writes(suite.sandbox, t)),
            "disks": ("a full disk (tmpfs)", lambda t: full_disks(suite.sandbox, t)),
            "damage": ("a damaged file", lambda t: _damage(suite, t)),
        }
        tallies = [run_part(*parts[name], options.minutes) for name in parts if options.only in (None, name)]
    print("| fault | tried | survived | where |\n|---|---|---|---|")
    print("\n".join(tally.row() for tally in tallies))
    return int(any(tally.wrong for tally in tallies))


def _damage(suite: Suite, tally: Tally) -> None:
    damage_finished(suite.sandbox, suite.whole, tally, suite.rng)
    damage_unfinished(suite.sandbox, suite.whole, tally, suite.rng)


def run_part(fault: str, part: Callable[[Tally], None], minutes: float) -> Tally:
    """A part ends at the first thing that is wrong: what comes after it would hang on it."""
    tally = Tally(fault, minutes=minutes)
    try:
        part(tally)
    except Wrong as error:
        tally.wrong.append(str(error))
        print(f"WRONG: {fault}: {error}", flush=True)
    print(f"{tally.row()} {time.monotonic() - tally.started:.0f} s", flush=True)
    return tally


if __name__ == "__main__":
    sys.exit(main())
