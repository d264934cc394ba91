"""Writes golden.npz beside this file: what PyTorch makes of a small GPT, so that tests can do without PyTorch.

`PYTHONPATH=. python tests/golden/make_golden.py` stores weights, a batch, logits, gradients and the losses of ten
AdamW steps.
"""

from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from benchmarks.torch_gpt import TorchGPT, load, torch_name
from numpygpt.models import GPT, GPTConfig
from numpygpt.optim import warmup_cosine


def adamw(model: nn.Module, lr: float, weight_decay: float):
    """AdamW with decay on matrices only, as in nanoGPT."""
    groups = [
        {"params": [p for p in model.parameters() if p.ndim >= 2], "weight_decay": weight_decay},
        {"params": [p for p in model.parameters() if p.ndim < 2], "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(groups, lr=lr, betas=(0.9, 0.99), eps=1e-8)


def ten_steps(model: TorchGPT, x: np.ndarray, y: np.ndarray, schedule, clip: float) -> list[float]:
    """Losses before each of ten AdamW steps on one batch, with clipping and a schedule."""
    optimizer = adamw(model, 0.0, 0.1)
    losses = []
    for step in range(10):
        for group in optimizer.param_groups:
            group["lr"] = schedule(step)
        optimizer.zero_grad()
        loss = model.loss(torch.from_numpy(x), torch.from_numpy(y))
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), clip)
        optimizer.step()
        losses.append(loss.item())
    return losses


def main() -> None:
    config = GPTConfig(vocab_size=13, block_size=7, n_layer=2, n_head=3, n_embd=12, activation="gelu")
    rng = np.random.default_rng(5)
    state = GPT(config, rng=rng, dtype=np.float64).state_dict()
    state = {name: a + rng.normal(0, 0.2, a.shape) for name, a in state.items()}
    x, y = rng.integers(0, 13, (3, 7)), rng.integers(0, 13, (3, 7))
    model = load(TorchGPT(config).double(), state)
    logits = model(torch.from_numpy(x))
    F.cross_entropy(logits.flatten(0, 1), torch.from_numpy(y).flatten()).backward()
    gradients = {name: p.grad.numpy() for name, p in model.named_parameters()}
    arrays = {f"weights/{name}": a for name, a in state.items()}
    arrays |= {f"gradients/{name}": gradients[torch_name(name)] for name in state}
    losses = ten_steps(model, x, y, warmup_cosine(0.01, 0.001, 3, 10), clip=0.5)
    path = Path(__file__).with_name("golden.npz")
    np.savez_compressed(path, **arrays, x=x, y=y, logits=logits.detach().numpy(), losses=np.array(losses))
    print(f"wrote {path}: losses {losses[0]:.6f} to {losses[-1]:.6f}, PyTorch {torch.__version__}")


if __name__ == "__main__":
    main()
