"""The same GPT in PyTorch, written independently of numpygpt, to check it against.

`python tests/golden/torch_gpt.py` writes golden.npz beside this file: weights, a batch, logits, gradients and the
losses of ten AdamW steps, so that tests can check them where PyTorch is not installed.
"""

import math
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F


class Block(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.n_head = c.n_head
        self.ln1 = nn.LayerNorm(c.n_embd, bias=c.bias)
        self.ln2 = nn.LayerNorm(c.n_embd, bias=c.bias)
        self.qkv = nn.Linear(c.n_embd, 3 * c.n_embd, bias=c.bias)
        self.attn_proj = nn.Linear(c.n_embd, c.n_embd, bias=c.bias)
        self.fc = nn.Linear(c.n_embd, 4 * c.n_embd, bias=c.bias)
        self.proj = nn.Linear(4 * c.n_embd, c.n_embd, bias=c.bias)
        self.activation = {
            "relu": F.relu,
            "leaky_relu": F.leaky_relu,
            "gelu": lambda x: F.gelu(x, approximate="tanh"),
        }[c.activation]

    def forward(self, x):
        B, T, C = x.shape
        q, k, v = self.qkv(self.ln1(x)).view(B, T, 3, self.n_head, C // self.n_head).permute(2, 0, 3, 1, 4)
        scores = q @ k.transpose(2, 3) / math.sqrt(q.shape[-1])
        future = torch.ones(T, T, dtype=torch.bool).triu(1)
        weights = F.softmax(scores.masked_fill(future, -math.inf), dim=-1)
        x = x + self.attn_proj((weights @ v).transpose(1, 2).reshape(B, T, C))
        return x + self.proj(self.activation(self.fc(self.ln2(x))))


class TorchGPT(nn.Module):
    """Takes a numpygpt GPTConfig (or anything with its fields) and numpygpt's weights."""

    def __init__(self, c):
        super().__init__()
        self.tokens = nn.Embedding(c.vocab_size, c.n_embd)
        self.positions = nn.Embedding(c.block_size, c.n_embd)
        self.blocks = nn.ModuleList(Block(c) for _ in range(c.n_layer))
        self.norm = nn.LayerNorm(c.n_embd, bias=c.bias)
        self.head = nn.Linear(c.n_embd, c.vocab_size, bias=c.head_bias)
        if c.tied:
            self.head.weight = self.tokens.weight

    def forward(self, ids):
        x = self.tokens(ids) + self.positions.weight[: ids.shape[1]]
        for block in self.blocks:
            x = block(x)
        return self.head(self.norm(x))

    def loss(self, ids, targets):
        return F.cross_entropy(self(ids).flatten(0, 1), targets.flatten())


def torch_name(name: str) -> str:
    """numpygpt's name of a parameter to this model's."""
    name = name.replace("attn.proj", "attn_proj").replace("attn.qkv", "qkv").replace("ff.", "")
    return name.replace("gain", "weight")


def load(model: TorchGPT, state: dict[str, np.ndarray]) -> TorchGPT:
    """Copy numpygpt's state_dict into the model, in its dtype."""
    own = dict(model.named_parameters())
    assert {torch_name(name) for name in state} == own.keys()
    with torch.no_grad():
        for name, array in state.items():
            own[torch_name(name)].copy_(torch.from_numpy(np.array(array)))
    return model


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
    from numpygpt.models import GPT, GPTConfig
    from numpygpt.optim import warmup_cosine

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
