"""A wrong gradient that trains: attention's key gradient transposed and silently reshaped, and who notices.

    python examples/wrong_key_gradient.py                         which tests notice it (seconds)
    python examples/wrong_key_gradient.py FILE [SEED ...]         what it does to a loss curve: records, into FILE
                                                                  (two trainings per seed, a minute or two each)

Scores are q k^T, so with ds the gradient of the scores, dk = ds^T q. Write q^T ds instead and each head's dk
comes out transposed, (D, T) for (T, D). The line after it merges the heads into (B, T, C), with a reshape that
takes any array of the right size; so nothing fails, and every entry lands in the wrong place. The library has no
such switch: here the function is exchanged while a model trains. docs/results/wrong-gradient keeps such records.
"""

import argparse
import itertools
import json
import math
import sys
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
from weak_tests import STRONG, TESTS, loss_and_gradient

from experiments.configuration import build
from experiments.configuration.build import composed
from numpygpt.data.batches import sample_batch
from numpygpt.models import GPT
from numpygpt.nn import functional as F
from numpygpt.nn.functional import Array
from numpygpt.streams import generator
from numpygpt.training import Engine, Text, Trainer, score_tokens

ITERS = 1000  # updates
RECIPE = (
    "tokenizer=char",
    "model=nanogpt",
    "optimizer=adamw",
    "train.batch_size=12",
    "train.eval_interval=50",
)


right_backward = F.causal_attention_backward


def wrong_backward(dout: Array, cache: Any, new: F.Allocator = F.fresh) -> Array:
    """dqkv (B, T, 3, H, D) with the key gradient transposed per head, then merged as if it were not."""
    dqkv = right_backward(dout, cache, new)
    B, T, _, H, D = dqkv.shape
    transposed = dqkv[:, :, 1].transpose(0, 2, 3, 1)  # (B, H, D, T): what q^T ds gives
    # Right for (B, H, T, D), and only for that.
    merged = transposed.transpose(0, 2, 1, 3).reshape(B, T, H * D)
    dqkv[:, :, 1] = merged.reshape(B, T, H, D)
    return dqkv


BACKWARDS = {"right": right_backward, "wrong": wrong_backward}


def key_gradient(kind: str) -> AbstractContextManager[Any]:
    """Within it, every attention layer of this process uses one of BACKWARDS."""
    return mock.patch.object(F, "causal_attention_backward", BACKWARDS[kind])


def train(kind: str, seed: int) -> dict[str, Any]:
    """Trains by RECIPE with one of BACKWARDS, in this process; returns what is kept of it."""
    config = composed(*RECIPE, f"seed={seed}")
    parts = build.corpus_parts(build.build_corpus(config.data), vars(config.data))
    tokenizer = build.build_tokenizer(config.tokenizer)
    tokenizer.train(parts[0].chunks())
    train_text, val_text = (Text(tokenizer.encode(part.text), part.n_bytes, part.n_chars) for part in parts)
    model = build.build_model(config.model, seed, tokenizer.vocab_size, 1.0)
    optimizer = build.build_optimizer(config.optimizer, model)
    schedule, settings = build.build_schedule(config.optimizer, ITERS), build.train_config(config, ITERS)
    rows: list[dict[str, Any]] = []
    shape = config.train.batch_size, config.model.block_size
    batch = sample_batch(train_text.ids, *shape, generator(seed, "evaluation"))
    agreement = {"first": compare_gradients(model, *batch)}
    with key_gradient(kind), Engine(model, config.train.slices, workers=1) as engine:
        Trainer(engine, optimizer, schedule, train_text, val_text, settings, on_row=rows.append).run()
        val_loss = float(score_tokens(engine, val_text.ids).mean())
    agreement["last"] = compare_gradients(model, *batch)
    bits = val_text.bits_per_byte(val_loss)
    return {"key_gradient": kind, "seed": seed, "val_loss": val_loss, "bits_per_byte": bits,
            "wrong_against_right": agreement, "rows": rows}  # fmt: skip


def compare_gradients(model: GPT, x: Array, y: Array) -> dict[str, float]:
    """The wrong gradient of all weights beside the right one, at one place: cosine, and |wrong - right| / |right|.

    `key_share` is how much of the right gradient's square stands in the keys' rows of the qkv weights.
    """
    found = {}
    for kind in ("right", "wrong"):
        with key_gradient(kind):
            found[kind] = loss_and_gradient(model, x, y)[1]
    right, wrong = (found[kind].astype(np.float64) for kind in ("right", "wrong"))
    loss_and_gradient(model, x, y)
    width = model.config.n_embd
    keys = [block.attn.qkv.weight.grad[width : 2 * width] for block in model.blocks]
    norm = float(np.linalg.norm(right))
    return {
        "cosine": float(right @ wrong) / norm / float(np.linalg.norm(wrong)),
        "error": float(np.linalg.norm(wrong - right)) / norm,
        "key_share": math.fsum(float(np.square(k, dtype=np.float64).sum()) for k in keys) / norm**2,
    }


def run_tests() -> dict[str, dict[str, bool]]:
    """For each test whether it passes, with the right key gradient and with the wrong one."""
    found: dict[str, dict[str, bool]] = {}
    for kind in BACKWARDS:
        with key_gradient(kind):
            for name, passes in TESTS.items():
                found.setdefault(name, {})[kind] = passes()
    return found


def main(arguments: list[str]) -> None:
    """A test of any use passes with the right gradient and fails with the wrong one."""
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("file", nargs="?", type=Path, help="the records of two trainings per seed")
    parser.add_argument("seeds", nargs="*", type=int, metavar="SEED")
    chosen = parser.parse_args(arguments)
    if chosen.file:
        for seed, kind in itertools.product(chosen.seeds or [1], BACKWARDS):
            record = train(kind, seed)
            print(f"{kind}, seed {seed}: {record['bits_per_byte']:.3f} bits per byte of validation text")
            with chosen.file.open("a", encoding="utf-8") as file:
                file.write(json.dumps(record) + "\n")
        return
    words = {True: "pass", False: "FAIL"}
    print(f"{'with the key gradient':<60}{'right':>8}{'wrong':>8}")
    for name, passes in run_tests().items():
        print(f"{name:<60}{words[passes['right']]:>8}{words[passes['wrong']]:>8}")
    for kind in BACKWARDS:
        with key_gradient(kind):
            print(f"by the last test the {kind} dk is off by {STRONG.error():.0e} of the norm")


if __name__ == "__main__":
    main(sys.argv[1:])
