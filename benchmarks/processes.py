"""Functions of this folder at work in processes of their own, several of them in turns.

Called in a fresh process, a function gets ready and returns what answers questions there, a line of JSON each. Each
process has its own threads and memory, and a machine that gets slower gets slower for all.
"""

import importlib
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from subprocess import PIPE
from typing import Any

from experiments.cli import VARIABLES
from numpygpt.machine import own_peak_mb
from numpygpt.training.worker_pool import search_path

THREADS = 2  # of each implementation

Row = dict[str, Any]  # of a table
Answer = Callable[[Any], Any]
Work = partial[Answer]


@contextmanager
def process(work: Work, threads: int = THREADS) -> Iterator[Answer]:
    """Yields what asks a process that does `work`, with arguments that can be written as JSON.

    It raises SystemExit if the process has died.
    """
    command = [work.func.__module__, work.func.__name__, json.dumps(work.args)]
    own = dict.fromkeys((*VARIABLES, "RAYON_NUM_THREADS"), str(threads))
    environment = os.environ | own | {"PYTHONPATH": search_path()}
    started = [sys.executable, "-P", "-m", "benchmarks.processes", *command]
    with subprocess.Popen(started, env=environment, stdin=PIPE, stdout=PIPE, text=True) as worker:

        def ask(question: Any) -> Any:
            assert worker.stdin is not None
            assert worker.stdout is not None
            print(json.dumps(question), file=worker.stdin, flush=True)
            if not (line := worker.stdout.readline()):
                raise SystemExit(f"a process of the benchmark died: {' '.join(command)}")
            return json.loads(line)

        try:
            yield ask
        finally:
            worker.kill()


@dataclass
class Timings:
    """What one process did: seconds of each unit of work, what each came to, the peak memory."""

    seconds: list[float] = field(default_factory=list)
    results: list[Any] = field(default_factory=list)
    peak_mb: float = 0.0

    @property
    def median(self) -> float:
        return statistics.median(self.seconds)


def in_turns(
    works: Mapping[str, Work], rounds: int, units: int, warm_up: int = 1, threads: int = THREADS
) -> dict[str, Timings]:
    """Has works that answer by `timed` do `units` units at a time; the warm-up's seconds are dropped."""
    with ExitStack() as opened:
        workers = {name: opened.enter_context(process(work, threads)) for name, work in works.items()}
        found = {name: Timings(results=ask(warm_up)["results"]) for name, ask in workers.items()}
        for _ in range(rounds):
            for name, ask in workers.items():
                answer = ask(units)
                found[name].seconds += answer["seconds"]
                found[name].results += answer["results"]
                found[name].peak_mb = answer["peak_mb"]
        return found


def row(case: str, by: str, timings: Timings) -> Row:
    return {"case": case, "by": by, "median_ms": 1e3 * timings.median, "peak_mb": timings.peak_mb}


# --- in the process ---


def timed(
    prepare: Callable[[], Callable[[], Any]], result: Callable[[Any], Any] = lambda value: None
) -> Answer:
    """Answers n with the seconds of n units of work, the `result` of what each returned, and the peak memory.

    `prepare` gets ready, untimed; what it returns is timed, once.
    """

    def answer(n: int) -> dict[str, Any]:
        seconds, results = [], []
        for _ in range(n):
            unit = prepare()
            started = time.perf_counter()
            value = unit()
            seconds.append(time.perf_counter() - started)
            results.append(result(value))
        return {"seconds": seconds, "results": results, "peak_mb": peak_mb()}

    return answer


def peak_mb() -> float:
    """Peak resident memory in MiB, of this process and of the worker processes that it started.

    Memory that they share is counted once: with workers, it is the sum of proportional set sizes in the steady
    state, or this process's own peak if that is more.
    """
    children = Path(f"/proc/self/task/{os.getpid()}/children")
    if not children.exists():
        return own_peak_mb()
    family = ["self", *children.read_text().split()]
    pages = [Path(f"/proc/{pid}/smaps_rollup").read_text() for pid in family]
    return max(own_peak_mb(), sum(int(page.partition("Pss:")[2].split()[0]) for page in pages) / 1024)


if __name__ == "__main__":
    module, name, arguments = sys.argv[1:]
    answer = getattr(importlib.import_module(module), name)(*json.loads(arguments))
    for line in sys.stdin:
        print(json.dumps(answer(json.loads(line))), flush=True)
