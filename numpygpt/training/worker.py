"""A worker process: `python -m numpygpt.training.worker` handles the messages on its standard input.

It ends when its input does, so it cannot outlive the process that started it. Signals to stop are ignored: the
parent handles them.
"""

import signal
import sys
import traceback
from pathlib import Path
from typing import Any

from numpygpt import optim
from numpygpt.models import GPT, GPTConfig, NoDraws
from numpygpt.nn import FlatMemory
from numpygpt.training.slice_runner import SliceRunner
from numpygpt.training.worker_pool import open_shared, receive, send


class Worker(SliceRunner):
    """A SliceRunner on memory that another process made; it can do nothing before `start`."""

    def __init__(self) -> None:
        pass

    def start(self, config: dict, dtype: str, paths: list[str], *share: int) -> None:
        """Build the model on the shared memory of weights and gradients.

        paths: of both. share: the process's number, the number of processes, the number of slices.
        """
        model = GPT(GPTConfig(**config), rng=NoDraws(), dtype=dtype)
        size = model.flat.data.size
        weights = open_shared(Path(paths[0]), (size,), dtype)
        model.flat = FlatMemory(model, weights)
        number, n_processes, n_slices = share
        grads = open_shared(Path(paths[1]), (n_slices, size), dtype)
        super().__init__(model, number, n_processes, n_slices, grads)

    def attach(self, kind: str, settings: dict, path: str) -> None:
        """Build the optimizer on its shared state."""
        self.optimizer = getattr(optim, kind)(self.learned, **settings)
        shape = (len(self.optimizer.state_names), self.grads.shape[1])
        self.optimizer.move_state(open_shared(Path(path), shape, self.grads.dtype), adopt=True)


def handle(worker: Worker, method: str, arguments: list[Any]) -> tuple[str, Any]:
    """What `WorkerPool` is answered: "result" and what the method returned, or what went wrong and its text."""
    try:
        return "result", getattr(worker, method)(*arguments)
    except MemoryError as error:
        return "no_memory", str(error)
    except Exception:
        return "error", traceback.format_exc()


def main() -> None:
    for name in ("SIGINT", "SIGTERM", "SIGUSR1", "SIGUSR2"):  # Windows does not know the last two
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_IGN)
    worker = Worker()
    try:
        while True:
            send(sys.stdout.buffer, handle(worker, *receive(sys.stdin.buffer)))
    except (EOFError, BrokenPipeError):
        sys.stderr.close()  # whatever the interpreter says on its way out is of no interest


if __name__ == "__main__":
    main()
