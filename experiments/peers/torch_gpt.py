"""The same GPT in PyTorch, written independently of numpygpt: to check it against, and to race it.

Plain modules, PyTorch's own fused attention, and for generation a cache of keys and values.
"""

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

ACTIVATIONS: dict[str, nn.Module] = {
    "relu": nn.ReLU(),
    "leaky_relu": nn.LeakyReLU(),
    "gelu": nn.GELU(approximate="tanh"),
}


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
        self.activation = ACTIVATIONS[c.activation]

    def forward(self, x, cache=None):
        """With a cache (keys and values of the positions before, or None at first) x holds the new positions."""
        B, T, C = x.shape
        q, k, v = self.qkv(self.ln1(x)).view(B, T, 3, self.n_head, C // self.n_head).permute(2, 0, 3, 1, 4)
        if cache is not None:
            k, v = (torch.cat([old, new], dim=2) for old, new in zip(cache, (k, v), strict=True))
        heads = F.scaled_dot_product_attention(q, k, v, is_causal=cache is None)
        x = x + self.attn_proj(heads.transpose(1, 2).reshape(B, T, C))
        x = x + self.proj(self.activation(self.fc(self.ln2(x))))
        return x, (k, v)


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
            x, _ = block(x)
        return self.head(self.norm(x))

    def step(self, ids, caches, position):
        """Logits after ids (B, T) at `position` onwards, and the caches with their keys and values added."""
        x = self.tokens(ids) + self.positions.weight[position : position + ids.shape[1]]
        kept = []
        for block, cache in zip(self.blocks, caches, strict=True):
            x, cache = block(x, cache)
            kept.append(cache)
        return self.head(self.norm(x[:, -1])), kept

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


@torch.no_grad()
def generate_with_cache(model: TorchGPT, ids: list[int], n: int, block_size: int) -> list[int]:
    """n tokens drawn after ids; when the window is full, its last half is kept and recomputed."""
    fresh = [None] * len(model.blocks)
    logits, caches = model.step(torch.tensor([ids]), fresh, 0)
    window = list(ids)
    for _ in range(n):
        token = int(torch.multinomial(F.softmax(logits, dim=-1), 1))
        ids.append(token)
        if len(window) == block_size:
            window = window[-(block_size // 2) :]
            _, caches = model.step(torch.tensor([window]), fresh, 0)
        logits, caches = model.step(torch.tensor([[token]]), caches, len(window))
        window.append(token)
    return ids


@torch.no_grad()
def generate_without_cache(model: TorchGPT, ids: list[int], n: int, block_size: int) -> list[int]:
    """nanoGPT's way: the whole window, cropped to block_size, through the model for every token."""
    for _ in range(n):
        logits = model(torch.tensor([ids[-block_size:]]))[:, -1]
        ids.append(int(torch.multinomial(F.softmax(logits, dim=-1), 1)))
    return ids
