"""The engine: a model, replicated, running slices of a batch on worker threads.

NumPy and BLAS let go of Python's lock while they work, so threads are enough. A batch is cut into `n_slices`
parts, always; threads only carry slices. Sums over slices are taken in slice order, and BLAS has one thread
inside a slice (it gives other bits with other thread counts). So the number of workers changes the time and not
one bit of the result.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Self, TypeVar

import numpy as np
from threadpoolctl import threadpool_limits

from numpygpt.errors import UserError
from numpygpt.models import GPT
from numpygpt.nn import Workspace
from numpygpt.optim import global_norm
from numpygpt.optim.optimizer import Array, stretches

Item = TypeVar("Item")
Result = TypeVar("Result")
Batch = tuple[Array, Array]  # inputs and targets, (B, T) integers each


class Engine:
    """Use as a context: on leaving, the threads end and BLAS gets back the threads that it had.

    workers: threads to use, by default as many as there are slices or cores, whichever is fewer.
    """

    def __init__(self, model: GPT, n_slices: int = 2, workers: int | None = None) -> None:
        if n_slices < 1:
            raise UserError(f"slices is {n_slices}; it must be at least 1")
        self.model = model.use_workspace(Workspace())
        self.replicas = [model] + [model.replica() for _ in range(n_slices - 1)]
        self.workers = min(n_slices, workers or available_cores())

    def __enter__(self) -> Self:
        self._blas = threadpool_limits(limits=1, user_api="blas")
        self._pool = ThreadPoolExecutor(self.workers) if self.workers > 1 else None
        return self

    def __exit__(self, *_: object) -> None:
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)
        self._blas.restore_original_limits()
        self.model.use_workspace(None)

    def map(self, function: Callable[[Item], Result], items: Iterable[Item]) -> list[Result]:
        """[function(item) for item in items], on the worker threads."""
        if self._pool is None:
            return [function(item) for item in items]
        return list(self._pool.map(function, items))

    def map_stretches(self, function: Callable[[Any], Result], items: Iterable[Any]) -> list[Result]:
        """Like `map`, for many short tasks: each worker takes a run of neighbours."""
        tasks = list(items)
        if self._pool is None or len(tasks) < 2 * self.workers:
            return [function(task) for task in tasks]
        size = -(-len(tasks) // self.workers)
        runs = [tasks[i : i + size] for i in range(0, len(tasks), size)]
        return [result for run in self._pool.map(lambda r: [function(t) for t in r], runs) for result in run]

    def map_replicas(self, function: Callable[[GPT, Item], Result], items: Sequence[Item]) -> list[Result]:
        """[function(replica, item) for item in items]; replica s takes items s, s + n_slices, ..."""
        n = len(self.replicas)

        def share(s: int) -> list[Result]:
            return [function(self.replicas[s], item) for item in items[s::n]]

        shares = self.map(share, range(n))
        return [shares[i % n][i // n] for i in range(len(items))]

    def gradients(self, batches: Sequence[Batch], rngs: Sequence[np.random.Generator]) -> tuple[float, float]:
        """Mean loss in nats per token over all micro-batches, and the norm of its gradient.

        The gradient itself is left in `self.model.flat`. `rngs`, one per slice, are for dropout.
        """
        n_slices = len(self.replicas)
        scale = 1 / sum(targets.size for _, targets in batches)

        def run_slice(s: int) -> float:
            replica = self.replicas[s]
            replica.zero_grad()
            if replica.config.dropout:
                replica.set_rng(rngs[s])
            nats = 0.0
            for inputs, targets in batches:
                x, y = np.array_split(inputs, n_slices)[s], np.array_split(targets, n_slices)[s]
                if len(x):
                    nats += float(replica.loss(x, y).sum(dtype=np.float64))
                    replica.loss_backward(scale)
            replica.flat.settle()
            return nats

        total = sum(self.map(run_slice, range(n_slices)))
        self._add_up_gradients()
        return total * scale, global_norm([self.model.flat.grad], self.map_stretches)

    def _add_up_gradients(self) -> None:
        """Add the gradients of the other replicas to the first one's, in slice order."""
        first, *others = (replica.flat.grad for replica in self.replicas)

        def add(stretch: tuple[int, slice]) -> None:
            for other in others:
                first[stretch[1]] += other[stretch[1]]

        self.map_stretches(add, stretches([first]))


def available_cores() -> int:
    """Cores that this process may run on."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
