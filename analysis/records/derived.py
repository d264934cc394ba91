"""Measures that no run records because they follow from others."""

import math

import numpy as np
import pandas as pd

from analysis.records.serving import DEFAULT, Deployment, cache_bytes_per_token, flops_per_token


def with_derived(runs: pd.DataFrame, deployment: Deployment = DEFAULT) -> pd.DataFrame:
    """A frame with a row per run, and a column for each measure that follows from its others."""

    def of(key: str) -> pd.Series:
        column = runs[key] if key in runs else pd.Series(np.nan, runs.index)
        return pd.to_numeric(column, errors="coerce").astype(float)

    # By how much the last evaluation lies above the best one, on the same windows.
    final_minus_best = of("lost_since_best_bits_per_byte").mask(of("best_step") == of("iters"), 0.0)
    floor = of("bits_per_byte_tokens")
    begin, end, host = of("started").to_numpy(), of("ended").to_numpy(), runs["host"].to_numpy()
    at_once = (begin[:, None] < end) & (begin < end[:, None]) & (host[:, None] == host)
    at_once &= begin[:, None] != begin  # neither with itself nor with a copy
    bytes_per_token = of("val_loss") / math.log(2) / floor.where(floor > 0)  # 0: a single token
    served, vocab_size = (deployment.n_layer, deployment.n_embd), of("vocab_size")
    context = deployment.context_chars / of("chars_per_token_val").fillna(of("chars_per_token"))
    trained = flops_per_token(of("n_layer"), of("n_embd"), of("block_size"), vocab_size)
    return runs.assign(
        shared_cores=np.where(np.isnan(end), np.nan, at_once.any(axis=1)),
        bits_per_token=of("val_loss") / math.log(2),
        bytes_per_token=bytes_per_token,
        forward_flops_per_byte=trained / bytes_per_token,
        serving_flops_per_byte=flops_per_token(*served, context, vocab_size) / bytes_per_token,
        cache_bytes_per_byte=cache_bytes_per_token(*served) / bytes_per_token,
        embedding_share=of("n_params_embedding") / of("n_params"),
        final_minus_best=final_minus_best,
        bits_per_byte_at_best=of("bits_per_byte") - final_minus_best,
        train_chars_per_second=of("chars_seen") / of("train_seconds"),
        other_seconds=of("total_seconds") - of("train_seconds"),
    )
