"""What one process does of the work: some slices of every batch, on replicas that view one parameter memory."""

from collections.abc import Callable, Sequence
from itertools import accumulate

import numpy as np

from numpygpt.models import GPT
from numpygpt.nn import Workspace
from numpygpt.optim import Optimizer
from numpygpt.optim.optimizer import Array, Piece, chunks
from numpygpt.streams import generator

Batch = tuple[Array, Array]  # inputs and targets, (B, T) integers each
Job = tuple[Array, Array, int]  # inputs and targets (B, T), and the position from which they are scored


class SliceRunner:
    """Process `number` of `n_processes`: it runs slices number, number + n_processes, ... of n_slices.

    grads (n_slices, n_params): the gradient of each slice, in memory that all processes see. Whoever calls `step`
    sets the optimizer first.
    """

    optimizer: Optimizer

    def __init__(self, model: GPT, number: int, n_processes: int, n_slices: int, grads: Array) -> None:
        self.number, self.n_processes, self.n_slices, self.grads = number, n_processes, n_slices, grads
        model.flat.bind_grad(grads[0], written=True)  # where the sum over slices ends up
        self.replicas = {s: model.replica(grads[s]) for s in range(number, n_slices, n_processes)}
        self.first_replica = next(iter(self.replicas.values()))
        self.learned = model.flat.parameters
        for replica in self.replicas.values():
            replica.use_workspace(Workspace())

    def gradients(self, batches: Sequence[Batch], scale: float, key: tuple[int, int]) -> list[float]:
        """Forward and backward of its slices; leaves their gradients in `grads`, returns their sums of nats.

        scale multiplies the loss; key, (seed, step), is what dropout's random numbers depend on.
        """
        nats = dict.fromkeys(self.replicas, 0.0)
        for s, replica in self.replicas.items():
            replica.flat.zero_grad()
            if replica.config.dropout:
                replica.set_rng(generator(key[0], "dropout", key[1], s))
            for inputs, targets in batches:
                x, y = np.array_split(inputs, self.n_slices)[s], np.array_split(targets, self.n_slices)[s]
                if len(x):
                    nats[s] += float(replica.loss(x, y).sum(dtype=np.float64))
                    replica.loss_backward(scale)
            replica.flat.zero_unwritten()
        return list(nats.values())

    def add_up(self) -> list[float]:
        """Add all slices' gradients into the first one's, in slice order, in this process's part of memory.

        Returns the sum of squares of each chunk of the part.
        """
        first, squares = self.grads[0], []
        for _, here in self._part(chunks([first]), lambda chunk: 1):
            for other in self.grads[1:]:
                first[here] += other[here]
            squares.append(float(np.dot(first[here], first[here])))
        return squares

    def step(self, n_steps: int, lr: float, grad_scale: float) -> None:
        """This process's part of the optimizer's update number n_steps, counted from 1."""
        self.optimizer.n_steps = n_steps
        pieces = self._part(self.optimizer.pieces(), self.optimizer.cost)
        self.optimizer.update_pieces(pieces, lr, grad_scale)

    def losses(self, jobs: Sequence[Job]) -> list[Array]:
        """For each job nats (B, T - first) of its targets, in evaluation mode."""
        model = self.first_replica.eval()
        nats = [model.loss(x, y, first).reshape(len(x), -1).copy() for x, y, first in jobs]
        model.train()
        return nats

    def _part(self, pieces: Sequence[Piece], cost: Callable[[Piece], float]) -> list[Piece]:
        """The pieces that are this process's: a run of neighbours, about as much work as any other process's."""
        ends = list(accumulate(cost(piece) for piece in pieces))
        middles = [end - cost(piece) / 2 for end, piece in zip(ends, pieces, strict=True)]
        return [
            piece
            for middle, piece in zip(middles, pieces, strict=True)
            if int(self.n_processes * middle / ends[-1]) == self.number
        ]
