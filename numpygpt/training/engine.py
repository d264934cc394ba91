"""The engine: a model, replicated, running slices of a batch in worker processes.

A batch is cut into `n_slices` parts, always; processes only carry slices. Sums over slices are taken in slice
order, and BLAS has one thread (it gives other bits with other thread counts). So the number of workers changes
the time and not one bit of the result.
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import asdict
from typing import Any, Self

import numpy as np
from numpy.typing import DTypeLike
from threadpoolctl import threadpool_limits

from numpygpt.errors import UserError
from numpygpt.models import GPT
from numpygpt.optim import Optimizer
from numpygpt.optim.optimizer import Array
from numpygpt.training.slice_runner import Batch, Share
from numpygpt.training.worker_pool import Crew, Message, SharedArray

Job = tuple[Array, Array, int]  # inputs and targets (B, T), and the position from which they are scored


class Engine:
    """Use as a context: on leaving, the workers end and BLAS gets back the threads that it had.

    workers: processes to use, this one included; by default as many as there are slices or cores, whichever is
    fewer. With one, all happens here.
    """

    def __init__(self, model: GPT, n_slices: int = 2, workers: int | None = None) -> None:
        if n_slices < 1:
            raise UserError(f"slices is {n_slices}; it must be at least 1")
        self.model, self.n_slices = model, n_slices
        self.workers = min(n_slices, workers or available_cores())
        self._crew: Crew | None = None
        self._attached: Optimizer | None = None

    def __enter__(self) -> Self:
        self._blas = threadpool_limits(limits=1, user_api="blas")
        try:
            if self.workers == 1:
                grads = np.zeros((self.n_slices, self.model.flat.data.size), self.model.flat.data.dtype)
                self._own = Share(self.model, 0, 1, self.n_slices, grads)
            else:
                self._start_workers()
        except BaseException:
            self.__exit__()
            raise
        return self

    def _start_workers(self) -> None:
        """Start them, and move weights and gradients to where they see them."""
        self._crew = Crew(self.workers - 1)
        size, dtype = self.model.flat.data.size, self.model.flat.data.dtype
        with ExitStack() as opened:
            weights, grads = (_shared(opened, shape, dtype) for shape in ((size,), (self.n_slices, size)))
            self.model.flat.move(weights.array)
            self._own = Share(self.model, 0, self.workers, self.n_slices, grads.array)
            start = {
                "do": "start",
                "config": asdict(self.model.config),
                "dtype": dtype.str,
                "paths": [str(weights.path), str(grads.path)],
                "n_processes": self.workers,
                "n_slices": self.n_slices,
            }
            self._crew.run([(start | {"number": n}, ()) for n in range(1, self.workers)], lambda: None)

    def __exit__(self, *_: object) -> None:
        if self._crew is not None:
            self._crew.end()
        self._blas.restore_original_limits()

    def gradients(self, batches: Sequence[Batch], key: tuple[int, int] = (0, 0)) -> tuple[float, float]:
        """Mean loss in nats per token over micro-batches of one shape, and the norm of its gradient.

        The gradient itself is left in `self.model.flat`. key: (seed, step), what dropout depends on.
        """
        scale = 1 / sum(targets.size for _, targets in batches)
        x, y = (np.stack(part) for part in zip(*batches, strict=True))
        message = {"do": "gradients", "scale": scale, "key": list(key)}
        own, answers = self._all(message, (x, y), lambda: self._own.gradients(batches, scale, key))
        nats = [0.0] * self.n_slices
        for number, sums in enumerate([own, *(header["nats"] for header, _ in answers)]):
            nats[number :: self.workers] = sums
        own, answers = self._all({"do": "add_up"}, (), self._own.add_up)
        squares = [s for part in (own, *(header["squares"] for header, _ in answers)) for s in part]
        return sum(nats) * scale, math.sqrt(math.fsum(squares))

    def step(self, optimizer: Optimizer, lr: float, grad_scale: float = 1.0) -> None:
        """One update with the gradients that `gradients` left.

        Raises ValueError unless the optimizer holds `model.flat.parameters`: each process updates a part of that
        list, and parts of another list would leave gaps and overlap.
        """
        if self._attached is not optimizer:
            self._attach(optimizer)
        optimizer.n_steps += 1
        message = {"do": "step", "lr": lr, "grad_scale": grad_scale, "n_steps": optimizer.n_steps}
        self._all(message, (), lambda: self._own.step(optimizer, lr, grad_scale))

    def _attach(self, optimizer: Optimizer) -> None:
        """Let the workers share the optimizer's state."""
        if [id(p) for p in optimizer.parameters] != [id(p) for p in self.model.flat.parameters]:
            raise ValueError("the optimizer must hold model.flat.parameters, as they are listed there")
        self._attached = optimizer
        if self._crew is None:
            return
        shape = (len(optimizer.state_names), self.model.flat.data.size)
        with ExitStack() as opened:
            state = _shared(opened, shape, self.model.flat.data.dtype)
            optimizer.move_state(state.array)
            message = {"do": "attach", "kind": type(optimizer).__name__, "settings": optimizer.settings()}
            self._all(message | {"path": str(state.path)}, (), lambda: None)

    def losses(self, jobs: Sequence[Job]) -> list[Array]:
        """For each job nats (B, T - first) of its targets, in evaluation mode."""
        share = [jobs[n :: self.workers] for n in range(self.workers)]
        messages = [
            (
                {"do": "losses", "first": [first for *_, first in part]},
                [a for x, y, _ in part for a in (x, y)],
            )
            for part in share[1:]
        ]

        def own() -> list[Array]:
            return [self._own.losses(*job) for job in share[0]]

        if self._crew is None:
            return own()
        mine, answers = self._crew.run(messages, own)
        found: list[Array] = [mine[0]] * len(jobs) if jobs else []
        for n, part in enumerate([mine, *(arrays for _, arrays in answers)]):
            found[n :: self.workers] = part
        return found

    def _all(
        self, message: dict, arrays: Sequence[Array], own: Callable[[], Any]
    ) -> tuple[Any, list[Message]]:
        """Every worker does what the same message says, this process does `own`."""
        if self._crew is None:
            return own(), []
        return self._crew.run([(message, arrays)] * (self.workers - 1), own)


def _shared(opened: ExitStack, shape: tuple[int, ...], dtype: DTypeLike) -> SharedArray:
    """Memory that others can open by its path until `opened` is left."""
    shared = SharedArray(shape, dtype)
    opened.callback(shared.forget)
    return shared


def available_cores() -> int:
    """Cores that this process may run on."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
