"""Training in PyTorch by the recipe of a model and an optimizer of numpygpt: the same start, the same formulas."""

from typing import Any

import numpy as np
import torch
from torch import nn

from benchmarks.processes import THREADS
from benchmarks.torch_gpt import TorchGPT, TorchMuon, load, torch_name
from numpygpt.models import GPT
from numpygpt.optim import Muon


class TorchTraining:
    """What NumpyTraining is, in PyTorch."""

    def __init__(self, model: GPT, optimizer: Any, clip: float | None, *, compiled: bool = False) -> None:
        torch.set_num_threads(THREADS)
        self.clip = clip
        self.peer = load(TorchGPT(model.config), model.state_dict())
        named = dict(self.peer.named_parameters())
        self.named = {name: named[torch_name(name)] for name, _ in model.named_parameters()}
        n_matrices = {name: p.n_matrices for name, p in model.named_parameters()}
        self.optimizers = optimizers(self.named, n_matrices, optimizer)
        self.loss = torch.compile(self.peer.loss) if compiled else self.peer.loss

    def gradients(self, x: np.ndarray, y: np.ndarray) -> torch.Tensor:
        """The loss of a batch (B, T), whose gradients are ready for `step`."""
        self.peer.zero_grad(set_to_none=True)
        loss = self.loss(torch.from_numpy(x), torch.from_numpy(y))
        loss.backward()
        return loss.detach()

    def step(self, lr: float) -> None:
        """Clip the gradients and apply them."""
        if self.clip is not None:
            nn.utils.clip_grad_norm_(self.peer.parameters(), self.clip)
        for optimizer, share in self.optimizers:
            for group in optimizer.param_groups:
                group["lr"] = lr * share
            optimizer.step()

    def weights(self) -> dict[str, np.ndarray]:
        """Under numpygpt's names."""
        return {name: p.detach().numpy() for name, p in self.named.items()}


def optimizers(named, n_matrices, ours):
    """PyTorch's counterparts of `ours`, each with its share of the learning rate."""
    is_muon = isinstance(ours, Muon)
    matrices = {name: n for name, n in n_matrices.items() if n and is_muon}
    others = [p for name, p in named.items() if name not in matrices]
    share = ours.embedding_lr / ours.lr if is_muon else 1.0
    groups = [
        {"params": [p for p in others if p.ndim >= 2], "weight_decay": ours.weight_decay},
        {"params": [p for p in others if p.ndim < 2], "weight_decay": 0.0},
    ]
    found: list[tuple[Any, float]] = [
        (torch.optim.AdamW(groups, ours.lr * share, ours.betas, ours.eps, fused=True), share)
    ]
    if is_muon:
        stacks = [(named[name], n) for name, n in matrices.items()]
        found.append((TorchMuon(stacks, ours.lr, ours.momentum, ours.weight_decay), 1.0))
    return found
