"""Modules of this room in processes of their own, which answer every line of JSON with a line of JSON.

Several are run in turns: each has its own threads and memory, and a machine that gets slower gets slower for all.
"""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from typing import Any

from experiments.cli.threads import VARIABLES
from numpygpt.training.worker_pool import search_path

THREADS = 2  # of each implementation


class WorkerProcess:
    """`python -m experiments.benchmarks.MODULE ARGUMENTS`, until the context is left."""

    def __init__(self, module: str, *arguments: str) -> None:
        self.name = " ".join((module, *arguments))
        self.process = subprocess.Popen(
            [sys.executable, "-P", "-m", f"experiments.benchmarks.{module}", *arguments],
            env=os.environ | dict.fromkeys(VARIABLES, str(THREADS)) | {"PYTHONPATH": search_path()},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def ask(self, question: Any) -> Any:
        """Raises SystemExit if the process has died."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps(question) + "\n")
        self.process.stdin.flush()
        if not (line := self.process.stdout.readline()):
            raise SystemExit(f"a process of the benchmark died: {self.name}")
        return json.loads(line)

    def __enter__(self) -> "WorkerProcess":
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.wait()


def answer_all(answer: Callable[[Any], Any]) -> None:
    """The process's side: `answer` to every question until there are no more."""
    for line in sys.stdin:
        print(json.dumps(answer(json.loads(line))), flush=True)
