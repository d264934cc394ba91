"""Muon: momentum whose matrices are made orthogonal before they are applied."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from numpygpt.errors import UserError
from numpygpt.optim.adam import AdamW
from numpygpt.optim.optimizer import Array, LearnedArray, Piece, chunks

# Jordan et al. 2024: p(x) = a x + b x^3 + c x^5, five times over, brings every singular value in (0, 1] near 1.
QUINTIC = ((3.4445, -4.7750, 2.0315),) * 5


class Muon(AdamW):
    """Muon for the matrices inside the blocks, AdamW for all else (tables, the head, gains and biases).

    Jordan et al. 2024, "Muon: An optimizer for hidden layers in neural networks". A matrix M gathers gradients,
    M = momentum M + (1 - momentum) g; the update is the orthogonal matrix that is nearest to g + momentum (M - g):
    every direction in which the layer is to change is taken at full length, not only those with large gradients.
    It is scaled by sqrt(max(1, rows / columns)). lr is Muon's rate, embedding_lr AdamW's; a schedule moves both.
    Weight decay is decoupled, as in AdamW. UserError: settings out of range.
    """

    def __init__(
        self,
        parameters: Sequence[LearnedArray],
        lr: float,
        *,
        embedding_lr: float,
        momentum: float = 0.95,
        betas: tuple[float, float] = (0.9, 0.99),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
    ) -> None:
        if not 0 <= momentum < 1:
            raise UserError(f"momentum is {momentum}; it must be at least 0 and below 1")
        if not lr > 0:
            raise UserError(
                f"lr is {lr}; it must be above 0, for the rate of the embeddings is a multiple of it"
            )
        self.embedding_lr, self.momentum = embedding_lr, momentum
        super().__init__(parameters, lr, betas=betas, eps=eps, weight_decay=weight_decay)
        for i, p in enumerate(self.parameters):
            if p.n_matrices:
                self.state["square"][i] = np.zeros(0, p.data.dtype)  # "mean" is the momentum

    def pieces(self) -> list[Piece]:
        """Whole matrices where there are any, and chunks of everything else."""
        found: list[Piece] = []
        for i, p in enumerate(self.parameters):
            n = p.n_matrices
            size = p.data.size // max(n, 1)
            parts = [slice(k * size, (k + 1) * size) for k in range(n)]
            found += [(i, here) for here in parts] or [(i, here) for _, here in chunks([p.data])]
        return found

    def cost(self, piece: Piece) -> float:
        """Operations of a matrix; an entry of the others takes as long as some three hundred of those."""
        p = self.parameters[piece[0]]
        return self._flops(p) if p.n_matrices else super().cost(piece) * 300

    def flops(self) -> int:
        """Of `orthogonalised`."""
        return sum(p.n_matrices * self._flops(p) for p in self.parameters if p.n_matrices)

    def _flops(self, p: LearnedArray) -> int:
        """Of one of its matrices: 3 products an iteration if it is square, else 2 long ones, and up to 4 short."""
        n, (short, long) = len(QUINTIC), sorted(self._shape(p))
        return 2 * short**3 * 3 * n if short == long else 2 * short**2 * (2 * long + short * (4 * n - 3))

    def update_pieces(self, pieces: Any, lr: float, grad_scale: float = 1.0) -> None:
        others = []
        for i, here in pieces:
            p = self.parameters[i]
            if p.n_matrices:
                arrays = (p.data, p.grad, self.state["mean"][i])
                data, grad, mean = (a.reshape(-1)[here].reshape(self._shape(p)) for a in arrays)
                self._update_matrix(data, grad, mean, lr, grad_scale)
            else:
                others.append((i, here))
        super().update_pieces(others, lr * self.embedding_lr / self.lr, grad_scale)

    def _update_matrix(self, p: Array, g: Array, m: Array, lr: float, grad_scale: float) -> None:
        g = g * (grad_scale * (1 - self.momentum))
        m *= self.momentum
        m += g
        g += self.momentum * m  # Nesterov's look ahead
        if self.weight_decay:
            p *= 1 - lr * self.weight_decay
        update = orthogonalised(g)
        update *= lr * max(1.0, p.shape[0] / p.shape[1]) ** 0.5
        p -= update

    def _shape(self, p: LearnedArray) -> tuple[int, int]:
        return p.data.shape[0] // p.n_matrices, p.data.shape[1]


def orthogonalised(g: Array, eps: float = 1e-7) -> Array:
    """About U V^T for g (O, I) = U S V^T: the same directions, all with singular values near 1.

    Newton-Schulz iteration (Jordan et al. 2024): x = a x + b (x x^T) x + c (x x^T)^2 x acts on each singular value
    alone, as p(s) = a s + b s^3 + c s^5. Every factor is a polynomial in x x^T, so they commute: with G = x x^T of
    the start, all of it is Q x for a Q that is built from matrices of the short side alone. That spares products,
    unless the matrix is square.
    """
    rows, columns = g.shape
    if rows == columns:
        x = g / (np.sqrt(np.vdot(g, g)) + eps)
        for abc in QUINTIC:
            x = _polynomial(x @ x.T, *abc) @ x
        return x
    gram = g.T @ g if rows > columns else g @ g.T
    norm = np.sqrt(np.trace(gram)) + eps  # of g
    gram /= norm * norm
    p = q = _polynomial(gram, *QUINTIC[0])
    for abc in QUINTIC[1:]:
        gram = p @ gram @ p  # of q x
        p = _polynomial(gram, *abc)
        q = p @ q
    q /= norm
    return g @ q if rows > columns else q @ g


def _polynomial(gram: Array, a: float, b: float, c: float) -> Array:
    """a + b G + c G^2, for a symmetric G (M, M)."""
    inner = c * gram
    inner.reshape(-1)[:: len(gram) + 1] += b
    p = gram @ inner
    p.reshape(-1)[:: len(gram) + 1] += a
    return p
