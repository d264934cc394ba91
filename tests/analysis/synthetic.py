"""Run folders made of plausible numbers, written through numpygpt.runs like those of real runs."""

import os
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np

from numpygpt.runs import RunFolder

SHA = "86c4e6aa9db7c042ec79f339dcb96d42b0075e16b8fc2e86bf0ca57e2dc565ed"
N_BLOCKS, VAL = 27, 111_540
SIZES = [4131] * (N_BLOCKS - 1) + [VAL - 4131 * (N_BLOCKS - 1)]
SCENES = np.random.default_rng(3).normal(0, 0.12, N_BLOCKS)
# tokenizer: vocabulary, bits of tokens, bits of the residual, characters per token, losses
KINDS: dict[str, tuple[int, float, float, float, str]] = {
    "char": (65, 2.62, 0.0, 1.0, ""),
    "word": (6114, 1.93, 0.41, 4.1, "loses case, spaces, unknown words"),
    "bpe": (2048, 2.29, 0.0, 2.56, ""),
    "bpe-bytefallback": (2048, 2.30, 0.0, 2.55, ""),
    "byte": (256, 2.64, 0.0, 1.0, ""),
}
BASELINES = {
    "gzip": {"label": "gzip -9", "bits_per_byte": 3.096, "history": "the last 32 KiB of training text"},
    "bz2": {"label": "bz2", "bits_per_byte": 2.398, "history": "the last 101 KiB of training text"},
    "xz": {"label": "xz -9e", "bits_per_byte": 2.518, "history": "all of the training text"},
    "kneser_ney_6": {
        "label": "Kneser-Ney, order 6",
        "bits_per_byte": 2.248,
        "history": "all of the training text",
    },
}


def identity(tokenizer: str, seed: int, **changes: Any) -> dict[str, Any]:
    vocabulary = {"vocab_size": 2048} if tokenizer.startswith("bpe") else {}
    base: dict[str, Any] = {
        "tokenizer": {"kind": tokenizer, "specials": None, **vocabulary},
        "model": {"n_layer": 4, "n_head": 4, "n_embd": 128, "block_size": 64, "activation": "gelu"},
        "optimizer": {"kind": "adamw", "lr": 1e-3, "warmup": 100},
        "budget": {"kind": "iters", "iters": 1000},
        "train": {"batch_size": 12, "slices": 2},
        "data": {"sha256": SHA, "val_fraction": 0.1},
        "seed": seed,
        "results_version": 1,
    }
    for dotted, value in changes.items():
        group, _, key = dotted.partition("__")
        (base[group] if key else base)[key or group] = value
    return base


def record(
    tokenizer: str, seed: int, name: str, corpus: str = "shakespeare", **changes: Any
) -> dict[str, Any]:
    kept = identity(tokenizer, seed, **changes)
    config = {
        **kept,
        "tokenizer": {**kept["tokenizer"], "name": tokenizer},
        "model": {**kept["model"], "name": "small"},
    }
    split = {"val_chars": VAL, "val_bytes": VAL, "train_chars": 1_003_854, "train_bytes": 1_003_854}
    return {
        "name": name,
        "identity": kept,
        "config": config,
        "corpus": {
            "name": corpus,
            "sha256": SHA,
            "bytes": 1_115_394,
            "chars": 1_115_394,
            "val_fraction": 0.1,
            **split,
        },
        "environment": {"python": "3.11.2", "cpu": "AMD EPYC", "cores": 2, "packages": {"numpy": "2.4.6"}},
        "git": {"commit": "0123456789abcdef", "changed": False},
    }


def result(tokenizer: str, seed: int, kept: dict[str, Any], total: float, rest: float) -> dict[str, Any]:
    _, _, _, chars, losses = KINDS[tokenizer]
    vocab = int(kept["tokenizer"].get("vocab_size", KINDS[tokenizer][0]))
    width, iters = kept["model"]["n_embd"], kept["budget"].get("iters", 1000)
    embedding, body = vocab * width + 64 * width, 12 * 4 * width * width
    rng = np.random.default_rng(seed)
    nats = (total - rest) * chars * np.log(2)
    seen = 12.0 * 64 * iters * chars
    return {
        **{
            "tokenizer": tokenizer,
            "vocab_size": vocab,
            "model": "small",
            "seed": seed,
            "corpus": "shakespeare",
        },
        **{"val_loss": nats, "train_loss": nats - 0.1, "bits_per_byte": total, "bits_per_char": total},
        **{"bits_per_byte_tokens": total - rest, "bits_per_byte_residual": rest},
        **{
            "losses": losses,
            "best_val_loss": nats - 0.01,
            "best_bits_per_byte": total - 0.01,
            "best_step": iters,
            "lost_since_best_bits_per_byte": 0.0,
        },
        **{
            "train_bits_per_byte": total - 0.2,
            "gap_bits_per_byte": 0.2,
            "gap_change_bits_per_byte": 0.06 * chars,
        },
        **{"chars_per_token": chars, "n_params": embedding + body, "n_params_embedding": embedding},
        **{
            "n_params_body": body,
            "train_seconds": 40 + 0.02 * vocab**0.8 + rng.normal(0, 1),
            "total_seconds": 60.0,
        },
        **{"iters": iters, "epochs": seen / 1_003_854, "chars_seen": seen, "tokens_seen": 12 * 64 * iters},
        **{"context_chars_mean": 48 * chars, "context_chars_min": 32 * chars, "lr_peak": 1e-3},
        **{
            "schedule_iters": iters,
            "warmup_iters": iters // 10,
            "budget": kept["budget"]["kind"],
            "corpus_sha256": SHA,
            "peak_rss_mb": 180.0,
        },
        **{
            "train_flops": 6.0 * (body + vocab * width) * 12 * 64 * iters,
            "flops_per_byte": 6.0 * body / chars,
        },
        **{"seconds_per_mb": 50 / chars, "tokens_per_second_generated": 900.0},
        **{"chars_per_second_generated": 900.0 * chars, "grad_spikes": 2, "clipped_share": 0.013},
        **{
            "chars_in_500_tokens": 500 * chars * 0.98 + rng.normal(0, 9),
            "n_layer": 4,
            "n_embd": width,
            "block_size": 64,
        },
        "tokenizer_measures": {
            **{
                "fertility": 5.6 / chars,
                "words_kept_whole": 1 - 0.9 / chars,
                "unknown_rate_tokens": 0.049 * bool(losses),
            },
            **{"round_trip": not losses, "char_edit_rate": 0.11 * bool(losses), "renyi_efficiency": 0.61},
        },
        "generated": {"word_share": 0.93 + rng.normal(0, 0.01), "speaker_share": 0.7, "ngram3_heldout": 0.11},
        "human": {"word_share": 0.985, "speaker_share": 0.55, "ngram3_heldout": 0.24},
        "baselines": BASELINES,
        "bits_by": {
            "byte_kind": {"inside a word": 1.1 * total - 0.4, "space": 0.4 - 0.1 * total},
            "share_of_bytes": {"byte_kind": {"inside a word": 0.8, "space": 0.2}},
        },
        "perturbed": [{"name": "typos 2.5 %", "bits_per_byte": total + 0.1 * chars}],
        "texts": [
            {
                "name": "emoji",
                "bits_per_byte": 5.0 + chars / 4,
                "bits_per_byte_tokens": 5.0 + chars / 4,
                "unknown_rate_tokens": 0.2,
                "round_trip": not losses,
            },
            {
                "name": "code",
                "bits_per_byte": 4.0 + chars / 4,
                "bits_per_byte_tokens": 4.0 + chars / 4,
                "unknown_rate_tokens": 0.1,
                "round_trip": not losses,
            },
        ],
    }


def metrics(
    total: float, iters: int, chars: float, rng: np.random.Generator, every: int = 10
) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    start = 6.0
    for step in range(0, iters + 1, every):
        bits = total + (start - total) * np.exp(-4.5 * (step / iters) ** 0.6)
        seen = {"tokens": step * 768, "chars": step * 768.0 * chars, "seconds": 0.045 * step}
        nats = bits * chars * np.log(2)
        noise = rng.normal(0, 0.03)
        norm = 0.6 + 2 * np.exp(-step / 60) + abs(rng.normal(0, 0.08))
        lr = 1e-3 * min(1, (step + 1) / 100) * (0.55 + 0.45 * np.cos(np.pi * step / iters))
        rows.append({"step": step, "kind": "train", "loss": nats + noise, "lr": lr, "grad_norm": norm,
                     "clipped": bool(norm > 1), **seen})  # fmt: skip
        if step % (every * 10) == 0:
            train = bits - 0.12 * step / iters
            rows.append({"step": step, "kind": "eval", "train_loss": train * chars * np.log(2), "val_loss": nats,
                         "train_bpb": train, "val_bpb": bits, **seen})  # fmt: skip
    return rows


def make_run(
    root: Path,
    tokenizer: str = "char",
    seed: int = 1,
    *,
    state: str = "done",
    shift: float = 0.0,
    corpus: str = "shakespeare",
    name: str | None = None,
    extra: dict[str, Any] | None = None,
    every: int = 10,
    imported: str | None = None,
    **changes: Any,
) -> RunFolder:
    """One run folder under `root`. `changes` are identity keys such as model__n_embd=64.

    imported: the file of the tokenizer
    """
    rng = np.random.default_rng([seed, sum(map(ord, tokenizer))])
    suffix = "-".join(f"{key.rpartition('__')[2]}{value}" for key, value in changes.items())
    folder = RunFolder(Path(root) / (name or f"{tokenizer}-small{suffix}-s{seed}"))
    run = record(tokenizer, seed, folder.name, corpus, **changes)
    run["config"]["tokenizer"]["path"] = imported
    _, floor, rest, chars, _ = KINDS[tokenizer]
    width, vocabulary = (
        run["identity"]["model"]["n_embd"],
        run["identity"]["tokenizer"].get("vocab_size", 2048),
    )
    floor += (
        shift + rng.normal(0, 0.006) - 0.12 * np.log2(width / 128) + 0.01 * np.log2(vocabulary / 2048) ** 2
    )
    with mock.patch.object(os, "fsync"):  # speed: nothing here has to survive a power cut
        folder.create(run)
        lines = metrics(floor + rest, int(run["identity"]["budget"].get("iters") or 1000), chars, rng, every)
        for row in lines if state != "empty" else []:
            folder.append_metrics(row)
        if state == "failed":
            folder.write_failure("diverged", "the loss is not finite at step 40")
        if state == "done":
            wobble = rng.normal(0, 0.01, N_BLOCKS)
            rates = (
                floor
                + SCENES
                - np.average(SCENES, weights=SIZES)
                + wobble
                - np.average(wobble, weights=SIZES)
            )
            sizes = np.array(SIZES)
            folder.write_scores({"block_bytes": SIZES, "block_chars": SIZES, "bits_tokens": rates * sizes,
                                 "bits_residual": rest * sizes})  # fmt: skip
            folder.write_result(result(tokenizer, seed, run["identity"], floor + rest, rest) | (extra or {}))
    return folder


def make_study(
    root: Path, tokenizers=("char", "word", "bpe", "bpe-bytefallback"), seeds=range(1, 6), **more: Any
):
    return [make_run(root, tokenizer, seed, **more) for tokenizer in tokenizers for seed in seeds]
