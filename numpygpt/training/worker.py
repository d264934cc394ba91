"""A worker process: `python -m numpygpt.training.worker` obeys the messages on its standard input.

It ends when its input does, so it cannot outlive the process that started it. Interrupts are that one's business.
"""

from __future__ import annotations

import signal
import sys
import traceback
from pathlib import Path
from typing import Any

from numpygpt import optim
from numpygpt.models import GPT, GPTConfig, NoDraws
from numpygpt.nn import FlatMemory
from numpygpt.optim import Optimizer
from numpygpt.optim.optimizer import Array
from numpygpt.training.slice_runner import Share
from numpygpt.training.worker_pool import open_shared, receive, send


class Worker:
    """One method per kind of message; `start` comes first."""

    share: Share
    optimizer: Optimizer

    def start(
        self, config: dict, dtype: str, paths: list[str], number: int, n_processes: int, n_slices: int
    ) -> tuple[dict, list[Array]]:
        """Build the model on the shared memory of weights and gradients."""
        model = GPT(GPTConfig(**config), rng=NoDraws(), dtype=dtype)
        size = model.flat.data.size
        weights = open_shared(Path(paths[0]), (size,), dtype)
        model.flat = FlatMemory(model, weights)
        grads = open_shared(Path(paths[1]), (n_slices, size), dtype)
        self.share = Share(model, number, n_processes, n_slices, grads)
        return {}, []

    def attach(self, kind: str, settings: dict, path: str) -> tuple[dict, list[Array]]:
        """Build the optimizer on its shared state."""
        self.optimizer = getattr(optim, kind)(self.share.learned, **settings)
        shape = (len(self.optimizer.state_names), self.share.grads.shape[1])
        self.optimizer.move_state(open_shared(Path(path), shape, self.share.grads.dtype), adopt=True)
        return {}, []

    def gradients(self, x: Array, y: Array, scale: float, key: tuple[int, int]) -> tuple[dict, list[Array]]:
        return {"nats": self.share.gradients(list(zip(x, y, strict=True)), scale, key)}, []

    def add_up(self) -> tuple[dict, list[Array]]:
        return {"squares": self.share.add_up()}, []

    def step(self, lr: float, grad_scale: float, n_steps: int) -> tuple[dict, list[Array]]:
        self.optimizer.n_steps = n_steps
        self.share.step(self.optimizer, lr, grad_scale)
        return {}, []

    def losses(self, *batches: Array, first: list[int]) -> tuple[dict, list[Array]]:
        """batches: x and y in turn; first: for each pair, the position from which it is scored."""
        pairs = zip(batches[::2], batches[1::2], first, strict=True)
        return {}, [self.share.losses(x, y, f) for x, y, f in pairs]


def obey(worker: Worker, header: dict[str, Any], arrays: list[Array]) -> tuple[dict, list[Array]]:
    try:
        return getattr(worker, header.pop("do"))(*arrays, **header)
    except MemoryError as error:
        return {"no_memory": str(error)}, []
    except Exception:
        return {"error": traceback.format_exc()}, []


def main() -> None:
    for name in ("SIGINT", "SIGTERM", "SIGUSR1", "SIGUSR2"):  # Windows does not know the last two
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_IGN)
    worker = Worker()
    while (message := receive(sys.stdin.buffer)) is not None:
        try:
            send(sys.stdout.buffer, *obey(worker, *message))
        except BrokenPipeError:
            break
    sys.stderr.close()  # whatever the interpreter says on its way out is of no interest


if __name__ == "__main__":
    main()
