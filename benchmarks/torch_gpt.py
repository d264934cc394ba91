"""The same GPT in PyTorch, written independently of numpygpt: to check it against, and to race it.

Plain modules, and PyTorch's own fused attention.
"""

from collections.abc import Callable
from functools import partial

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

QUINTIC = ((3.4445, -4.7750, 2.0315),) * 5


ACTIVATIONS: dict[str, Callable[[torch.Tensor], torch.Tensor]] = {
    "relu": F.relu,
    "relu_squared": lambda x: F.relu(x).square(),
    "leaky_relu": F.leaky_relu,
    "gelu": partial(F.gelu, approximate="tanh"),
}


def new_norm(c, width):
    """A layer norm, or RMSNorm without a gain."""
    if c.norm == "rmsnorm":
        return nn.RMSNorm(width, eps=1e-6, elementwise_affine=False)
    return nn.LayerNorm(width, bias=c.bias)


def rotation(T, D):
    """cos and sin of t 10000^(-2j / D), t < T, j < D / 2: (2, T, D / 2) in float64."""
    t = torch.arange(T, dtype=torch.float64)
    angles = torch.outer(t, 10000.0 ** (-torch.arange(0, D, 2, dtype=torch.float64) / D))
    return torch.stack([angles.cos(), angles.sin()])


def rotate(x, cos, sin):
    """Channels 2j and 2j + 1 of x (..., T, D) turned by the angles of cos and sin (T, D / 2)."""
    even, odd = x[..., ::2], x[..., 1::2]
    return torch.stack([even * cos - odd * sin, even * sin + odd * cos], dim=-1).flatten(-2)


class Block(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.n_head = c.n_head
        self.qk_norm = nn.RMSNorm(c.n_embd // c.n_head, 1e-6, False) if c.qk_norm else nn.Identity()
        self.ln1 = new_norm(c, c.n_embd)
        self.ln2 = new_norm(c, c.n_embd)
        self.qkv = nn.Linear(c.n_embd, 3 * c.n_embd, bias=c.bias)
        self.attn_proj = nn.Linear(c.n_embd, c.n_embd, bias=c.bias)
        self.fc = nn.Linear(c.n_embd, 4 * c.n_embd, bias=c.bias)
        self.proj = nn.Linear(4 * c.n_embd, c.n_embd, bias=c.bias)
        self.activation = ACTIVATIONS[c.activation]

    def forward(self, x, turn=None):
        """turn: of rotary positions, the (cos, sin) of those in x (B, T, C)."""
        B, T, C = x.shape
        qkv = self.qkv(self.ln1(x)).view(B, T, 3, self.n_head, C // self.n_head).permute(2, 0, 3, 1, 4)
        qk, v = qkv[:2], qkv[2]
        q, k = self.qk_norm(qk if turn is None else rotate(qk, *turn))
        heads = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        x = x + self.attn_proj(heads.transpose(1, 2).reshape(B, T, C))
        return x + self.proj(self.activation(self.fc(self.ln2(x))))


class TorchGPT(nn.Module):
    """Takes a numpygpt GPTConfig (or anything with its fields) and numpygpt's weights."""

    def __init__(self, c):
        super().__init__()
        self.tokens = nn.Embedding(c.vocab_size, c.n_embd)
        self.positions = nn.Embedding(c.block_size, c.n_embd) if c.positions == "learned" else None
        self.rotation = rotation(c.block_size, c.n_embd // c.n_head) if c.positions == "rotary" else None
        self.embedding_norm = new_norm(c, c.n_embd) if c.norm == "rmsnorm" else nn.Identity()
        self.blocks = nn.ModuleList(Block(c) for _ in range(c.n_layer))
        self.norm = new_norm(c, c.n_embd)
        self.head = nn.Linear(c.n_embd, c.vocab_size, bias=c.head_bias)
        if c.tied:
            self.head.weight = self.tokens.weight

    def forward(self, ids):
        """Logits (B, T, V) of ids (B, T)."""
        T = ids.shape[1]
        x = self.tokens(ids)
        if self.positions is not None:
            x = x + self.positions.weight[:T]
        x = self.embedding_norm(x)
        turn = None if self.rotation is None else self.rotation[:, :T].to(x.dtype)
        for block in self.blocks:
            x = block(x, turn)
        return self.head(self.norm(x))

    def loss(self, ids, targets):
        return F.cross_entropy(self(ids).flatten(0, 1), targets.flatten())


class TorchMuon(torch.optim.Optimizer):
    """numpygpt's Muon in plain PyTorch, in the parameters' own precision: Jordan et al. 2024, step by step.

    matrices: parameters and how many matrices each holds, one below the other.
    """

    def __init__(self, matrices, lr, momentum=0.95, weight_decay=0.0, coefficients=QUINTIC):
        self.n_matrices = dict(matrices)
        self.momentum, self.weight_decay, self.coefficients = momentum, weight_decay, coefficients
        super().__init__([p for p, _ in matrices], {"lr": lr})

    @torch.no_grad()
    def step(self, closure=None):
        for group in self.param_groups:
            for p in group["params"]:
                m = self.state[p].setdefault("momentum", torch.zeros_like(p))
                m.lerp_(p.grad, 1 - self.momentum)
                update = p.grad.lerp(m, self.momentum).view(self.n_matrices[p], -1, p.shape[1])
                p.mul_(1 - group["lr"] * self.weight_decay)
                scale = max(1.0, update.shape[1] / update.shape[2]) ** 0.5
                p.add_(self.orthogonalised(update).view_as(p), alpha=-group["lr"] * scale)

    def orthogonalised(self, g):
        x = g.mT if g.shape[-2] > g.shape[-1] else g
        x = x / (x.norm(dim=(-2, -1), keepdim=True) + 1e-7)
        for a, b, c in self.coefficients:
            gram = x @ x.mT
            x = a * x + (b * gram + c * gram @ gram) @ x
        return x.mT if g.shape[-2] > g.shape[-1] else x


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
