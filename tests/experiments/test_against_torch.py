"""The harness's own builders, trainer and worker processes beside the same training in PyTorch."""

import dataclasses

import numpy as np
import pytest

from experiments.configuration.build import build_model, build_optimizer, build_schedule, train_config
from numpygpt.data.batches import sample_batch
from numpygpt.streams import generator
from numpygpt.training import Engine
from numpygpt.training.trainer import Text, Trainer

torch = pytest.importorskip("torch")

ITERS = 12
RECIPES = {  # overrides, and the optimizer in PyTorch's words
    "adamw": (["optimizer=adamw"], lambda groups, lr: torch.optim.AdamW(groups, lr, betas=(0.9, 0.99))),
    "adam": (
        ["optimizer=adam"],
        lambda groups, lr: torch.optim.Adam([p for g in groups for p in g["params"]], lr, betas=(0.9, 0.99)),
    ),
    "sgd": (
        ["optimizer=sgd", "optimizer.lr=0.05", "optimizer.momentum=0.9"],
        lambda groups, lr: torch.optim.SGD(
            [p for g in groups for p in g["params"]], lr, momentum=0.9, nesterov=True
        ),
    ),
}


@pytest.mark.parametrize("name", RECIPES)
def test_twelve_updates_on_two_workers_are_those_of_torch(name, composer):
    """Losses, gradient norms and, at the end, every single weight; float32 on both sides."""
    overrides, make_torch_optimizer = RECIPES[name]
    common = ["model=nanogpt", "budget=iters", f"budget.iters={ITERS}", "optimizer.warmup_ratio=0.1"]
    logged = ["train.log_interval=1", "train.eval_interval=12", "train.eval_windows=2"]
    config = composer("tokenizer=char", *overrides, *common, *logged, "seed=3")
    vocab_size = 30
    ids = generator(1, "data").integers(0, vocab_size, 2000) // 3
    model = build_model(config.model, config.seed, vocab_size, 1.0)
    start = {key: array.copy() for key, array in model.state_dict().items()}
    rows = []
    optimizer, schedule = build_optimizer(config.optimizer, model), build_schedule(config.optimizer, ITERS)
    text = Text(ids, len(ids), len(ids))
    with Engine(model, config.train.slices, workers=2) as engine:
        settings = dataclasses.replace(train_config(config, ITERS), checkpoint_seconds=1e9)
        Trainer(engine, optimizer, schedule, text, text, settings, on_row=rows.append).run()
        ours = {key: array.copy() for key, array in model.state_dict().items()}
    theirs, weights = train_in_torch(model.config, start, ids, config, schedule, make_torch_optimizer)
    mine = np.array([(row["loss"], row["grad_norm"]) for row in rows if row["kind"] == "train"])
    np.testing.assert_allclose(mine, theirs, rtol=2e-4)
    for key, array in ours.items():
        moved = np.abs(weights[key] - start[key]).max()
        assert moved > 0
        np.testing.assert_allclose(array, weights[key], rtol=0, atol=0.02 * moved, err_msg=key)


def train_in_torch(shape, start, ids, config, schedule, make_optimizer):
    """(loss, gradient norm) of each update, and the weights at the end under our names."""
    from benchmarks.torch_gpt import TorchGPT, load, torch_name

    peer = load(TorchGPT(shape), start)
    named = dict(peer.named_parameters())
    matrices = [p for p in named.values() if p.ndim >= 2]
    vectors = [p for p in named.values() if p.ndim < 2]
    groups = [{"params": matrices, "weight_decay": config.optimizer.weight_decay},
              {"params": vectors, "weight_decay": 0.0}]  # fmt: skip
    optimizer = make_optimizer(groups, config.optimizer.lr)
    rows = []
    for step in range(ITERS):
        x, y = sample_batch(
            ids, config.train.batch_size, shape.block_size, generator(config.seed, "data", step)
        )
        loss = peer.loss(torch.from_numpy(x), torch.from_numpy(y))
        optimizer.zero_grad()
        loss.backward()
        norm = torch.nn.utils.clip_grad_norm_(peer.parameters(), config.optimizer.grad_clip)
        for group in optimizer.param_groups:
            group["lr"] = schedule(step)
        optimizer.step()
        rows.append((loss.item(), norm.item()))
    return np.array(rows), {key: named[torch_name(key)].detach().numpy() for key in start}
