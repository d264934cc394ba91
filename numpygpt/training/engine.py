"""The engine: a model, replicated, running slices of a batch in worker processes.

A batch is cut into `n_slices` parts, always; processes only carry slices. Sums over slices are taken in slice
order, and BLAS has one thread (it gives other bits with other thread counts). So the number of workers changes
the time and not one bit of the result.
"""

import math
from collections.abc import Sequence
from dataclasses import asdict
from functools import partial
from typing import Any, Self

import numpy as np
from threadpoolctl import threadpool_limits

from numpygpt.machine import available_cores
from numpygpt.models import GPT
from numpygpt.optim import Optimizer
from numpygpt.optim.optimizer import Array
from numpygpt.training.slice_runner import Batch, Job, SliceRunner
from numpygpt.training.worker_pool import SharedArray, WorkerPool


class Engine:
    """Use as a context: on leaving, the workers end and BLAS gets back the threads that it had.

    workers: processes to use, this one included; by default as many as there are slices or cores, whichever is
    fewer. With one, all happens here.
    """

    def __init__(self, model: GPT, n_slices: int = 2, workers: int | None = None) -> None:
        self.model, self.n_slices = model, n_slices
        self.workers = min(n_slices, workers or available_cores())
        self._pool: WorkerPool | None = None
        self._attached: Optimizer | None = None

    def __enter__(self) -> Self:
        self._blas = threadpool_limits(limits=1, user_api="blas")
        try:
            if self.workers == 1:
                grads = np.zeros((self.n_slices, self.model.flat.data.size), self.model.flat.data.dtype)
                self._own = SliceRunner(self.model, 0, 1, self.n_slices, grads)
            else:
                self._start_workers()
        except BaseException:
            self.__exit__()
            raise
        return self

    def _start_workers(self) -> None:
        """Start them, and move weights and gradients to where they see them."""
        self._pool = WorkerPool(self.workers - 1)
        size, dtype = self.model.flat.data.size, self.model.flat.data.dtype
        with SharedArray((size,), dtype) as weights, SharedArray((self.n_slices, size), dtype) as grads:
            self.model.flat.move(weights.array)
            self._own = SliceRunner(self.model, 0, self.workers, self.n_slices, grads.array)
            start = [asdict(self.model.config), dtype.str, [str(weights.path), str(grads.path)]]
            numbers = range(1, self.workers)
            self._pool.run("start", [[*start, n, self.workers, self.n_slices] for n in numbers], lambda: None)

    def __exit__(self, *_: object) -> None:
        if self._pool is not None:
            self._pool.end()
        self._blas.restore_original_limits()

    def gradients(self, batches: Sequence[Batch], key: tuple[int, int] = (0, 0)) -> tuple[float, float]:
        """Mean loss in nats per token over micro-batches of one shape, and the norm of its gradient.

        The gradient itself is left in `self.model.flat`. key: (seed, step), what dropout depends on.
        """
        scale = 1 / sum(targets.size for _, targets in batches)
        nats = [0.0] * self.n_slices
        for number, sums in enumerate(self._run("gradients", [(batches, scale, key)] * self.workers)):
            nats[number :: self.workers] = sums
        squares = [square for part in self._run("add_up", [()] * self.workers) for square in part]
        return sum(nats) * scale, math.sqrt(math.fsum(squares))

    def step(self, optimizer: Optimizer, lr: float, grad_scale: float = 1.0) -> None:
        """One update with the gradients that `gradients` left.

        Raises ValueError unless the optimizer holds `model.flat.parameters`: each process updates a part of that
        list, and parts of another list would leave gaps and overlap.
        """
        if self._attached is not optimizer:
            self._attach(optimizer)
        self._run("step", [(optimizer.n_steps + 1, lr, grad_scale)] * self.workers)

    def _attach(self, optimizer: Optimizer) -> None:
        """Let the workers share the optimizer's state."""
        if [id(p) for p in optimizer.parameters] != [id(p) for p in self.model.flat.parameters]:
            raise ValueError("the optimizer must hold model.flat.parameters, as they are listed there")
        self._own.optimizer = self._attached = optimizer
        if self._pool is None:
            return
        shape = (len(optimizer.state_names), self.model.flat.data.size)
        with SharedArray(shape, self.model.flat.data.dtype) as state:
            optimizer.move_state(state.array)
            attach = [type(optimizer).__name__, optimizer.settings(), str(state.path)]
            self._pool.run("attach", [attach] * (self.workers - 1), lambda: None)

    def losses(self, jobs: Sequence[Job]) -> list[Array]:
        """For each job nats (B, T - first) of its targets, in evaluation mode."""
        found: list[Any] = [None] * len(jobs)
        shares = [[jobs[n :: self.workers]] for n in range(self.workers)]
        for n, part in enumerate(self._run("losses", shares)):
            found[n :: self.workers] = part
        return found

    def _run(self, method: str, arguments: Sequence[Sequence[Any]]) -> list[Any]:
        """Process n calls `method(*arguments[n])` of its SliceRunner; the results, in the order of processes."""
        own = partial(getattr(self._own, method), *arguments[0])
        return [own()] if self._pool is None else self._pool.run(method, arguments[1:], own)
