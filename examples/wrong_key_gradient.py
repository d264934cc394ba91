"""A wrong gradient that trains: attention's key gradient transposed and silently reshaped, and who notices.

    python examples/wrong_key_gradient.py                       which tests notice it (seconds)
    python examples/wrong_key_gradient.py --train right wrong none --seeds 1 2 3
                                                                what it does to a loss curve (minutes per run)

Scores are q k^T, so with ds the gradient of the scores, dk = ds^T q. Write q^T ds instead and each head's dk
comes out transposed, (D, T) for (T, D). The line after it merges the heads into (B, T, C), with a reshape that
takes any array of the right size; so nothing fails, and every entry lands in the wrong place. The library has no
such switch: here the function is exchanged while a model trains. Records go to docs/results/wrong-gradient.
"""

from __future__ import annotations

import argparse
import json
import math
import platform
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
from weak_tests import STRONG, TESTS, loss_and_gradient

from experiments.configuration import build
from experiments.configuration.compose import composed
from numpygpt.commands import run_command
from numpygpt.data.batches import sample_batch
from numpygpt.errors import UserError
from numpygpt.models import GPT
from numpygpt.nn import functional as F
from numpygpt.nn.functional import Array
from numpygpt.streams import generator
from numpygpt.training import Engine, Text, Trainer, score_tokens

RECIPE = (
    "tokenizer=char",
    "model=nanogpt",
    "optimizer=adamw",
    "train.batch_size=12",
    "train.eval_interval=50",
)
RECORDS = Path(__file__).resolve().parents[1] / "docs" / "results" / "wrong-gradient" / "records.jsonl"

# ---- the fault -------------------------------------------------------------------------------------------

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


def none_backward(dout: Array, cache: Any, new: F.Allocator = F.fresh) -> Array:
    """dqkv with a key gradient of zero: the keys' weights stay as they were drawn."""
    dqkv = right_backward(dout, cache, new)
    dqkv[:, :, 1] = 0
    return dqkv


BACKWARDS = {"right": right_backward, "wrong": wrong_backward, "none": none_backward}


@contextmanager
def key_gradient(kind: str) -> Iterator[None]:
    """Within it, every attention layer of this process uses one of BACKWARDS."""
    with mock.patch.object(F, "causal_attention_backward", BACKWARDS[kind]):
        yield


# ---- what it does to a loss curve ------------------------------------------------------------------------


def train(kind: str, seed: int, iters: int, on_row: Callable[[dict], None] = lambda row: None) -> dict:
    """Trains by RECIPE with one of BACKWARDS, in this process; returns what is kept of it."""
    config = composed(*RECIPE, f"seed={seed}")
    parts = build.corpus_parts(build.build_corpus(config.data), vars(config.data))
    tokenizer = build.build_tokenizer(config.tokenizer)
    tokenizer.train(parts[0].chunks())
    train_text, val_text = (Text(tokenizer.encode(part.text), part.n_bytes, part.n_chars) for part in parts)
    model = build.build_model(config.model, seed, tokenizer.vocab_size, 1.0)
    optimizer, schedule = (
        build.build_optimizer(config.optimizer, model),
        build.build_schedule(config.optimizer, iters),
    )
    rows: list[dict] = []

    def keep(row: dict) -> None:
        rows.append({key: value for key, value in row.items() if key != "seconds"})
        on_row(row)

    shape = config.train.batch_size, config.model.block_size
    batch = sample_batch(train_text.ids, *shape, generator(seed, "evaluation"))
    agreement = {"first": compare_gradients(model, *batch)}
    settings = build.train_config(config, iters)
    with key_gradient(kind), Engine(model, config.train.slices, workers=1) as engine:
        Trainer(engine, optimizer, schedule, train_text, val_text, settings, on_row=keep).run()
        val_loss = float(score_tokens(engine, val_text.ids).mean())
    agreement["last"] = compare_gradients(model, *batch)
    return {
        "what": "examples/wrong_key_gradient.py: not a run of run.py; see docs/BACKPROP.md",
        "key_gradient": kind,
        "seed": seed,
        "recipe": {"overrides": RECIPE, "iters": iters},
        "val_loss": val_loss,
        "bits_per_byte": val_text.bits_per_byte(val_loss),
        "wrong_against_right": agreement,
        "versions": {"python": platform.python_version(), "numpy": np.__version__},
        "rows": rows,
    }


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


# ---- the command -----------------------------------------------------------------------------------------


def run_tests() -> dict[str, dict[str, bool]]:
    """For each test whether it passes, with the right key gradient and with the wrong one."""
    found: dict[str, dict[str, bool]] = {}
    for kind in ("right", "wrong"):
        with key_gradient(kind):
            for name, passes in TESTS.items():
                found.setdefault(name, {})[kind] = passes()
    return found


def print_tests() -> None:
    """A table of TESTS: a test of any use passes with the right gradient and fails with the wrong one."""
    print(f"{'with the key gradient':<60}{'right':>8}{'wrong':>8}")
    for name, passes in run_tests().items():
        print(f"{name:<60}{_word(passes['right']):>8}{_word(passes['wrong']):>8}")
    with key_gradient("right"):
        dk, numeric = STRONG.gradients()
    with key_gradient("wrong"):
        error = np.abs(STRONG.gradients()[0] - numeric).max()
    print(
        f"\nLast test: the largest true entry of dk is {np.abs(numeric).max():.2f}; the right formula is off by"
    )
    print(f"{np.abs(dk - numeric).max():.0e} at most, the wrong one by {error:.2f}.")


def _word(passes: bool) -> str:
    return "pass" if passes else "FAIL"


def train_all(kinds: Sequence[str], seeds: Sequence[int], iters: int, file: Path) -> None:
    """A line of `file` for each; one that is there is left as it is."""
    lines = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
    records = {(record["key_gradient"], record["seed"]): record for record in map(json.loads, lines)}
    for seed in seeds:
        for kind in kinds:
            name = f"{kind}-s{seed}"
            if (kind, seed) not in records:
                record = train(kind, seed, iters, lambda row, name=name: _say(name, row))
                records[kind, seed] = json.loads(json.dumps(record))
                with file.open("a", encoding="utf-8") as opened:
                    opened.write(json.dumps(record) + "\n")
            record = records[kind, seed]
            if record["recipe"]["iters"] != iters:
                raise UserError(f"{file} holds {name} of other settings: name another file")
            print(f"{name}: {record['bits_per_byte']:.3f} bits per byte of the validation text")


def _say(name: str, row: dict) -> None:
    if row["kind"] == "eval":
        print(f"{name} {row['step']:>5}  validation loss {row['val_loss']:.3f}", flush=True)


def new_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="wrong_key_gradient.py",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--train", nargs="+", choices=BACKWARDS, metavar="KIND", help="right, wrong, none")
    parser.add_argument("--seeds", nargs="+", type=int, default=[1], metavar="N")
    parser.add_argument("--iters", type=int, default=1000, metavar="N", help="updates (1000)")
    parser.add_argument("--records", type=Path, default=RECORDS, metavar="FILE", help="where records go")
    return parser


def work(chosen: argparse.Namespace) -> None:
    if chosen.train:
        train_all(chosen.train, chosen.seeds, chosen.iters, chosen.records)
    else:
        print_tests()


def main(arguments: Sequence[str] | None = None) -> int:
    return run_command(new_parser(), work, arguments)


if __name__ == "__main__":
    sys.exit(main())
