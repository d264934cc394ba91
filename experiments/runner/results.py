"""The end of a run: the whole validation text scored, samples drawn, the measures taken, result.json written."""

import math
import time
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from experiments.configuration.build import schedule_iters, warmup_iters
from experiments.configuration.schema import RunConfig
from experiments.runner.budget import flops_per_update
from experiments.runner.environment import PeakMemory
from experiments.runner.failures import NotScored
from experiments.runner.measures import corpus_baselines, further_measures
from experiments.runner.progress import Reporter
from experiments.runner.samples import sample_metrics
from experiments.runner.texts import Texts
from experiments.trained.scoring import merged, passage_entry
from numpygpt.measures.bits.parts import parts_of
from numpygpt.measures.bits.scores import TextScore, block_edges, score_text
from numpygpt.measures.bits.source import Source
from numpygpt.measures.cost import grad_spikes, loss_spread
from numpygpt.measures.text.vocabulary import unigram_gap
from numpygpt.runs import RunFolder
from numpygpt.training import Trainer, score_tokens
from numpygpt.training.checkpoints import TrainState
from numpygpt.training.evaluation import context_tokens

PASSAGES, PASSAGE_BYTES = 4, 800
STEADY_EVERY = 10  # updates: how often steadiness looks, however often the run logs


@dataclass(frozen=True)
class TrainedRun:
    """A run whose training is over: what its scores and measures are made from."""

    config: RunConfig
    folder: RunFolder
    texts: Texts
    trainer: Trainer
    reporter: Reporter


def finish(run: TrainedRun, memory: PeakMemory, started: float) -> None:
    """Writes scores.json, passages.json, samples.txt, samples.json, curves.png and, last, result.json.

    A fault costs one figure, which result.json then names under `not_scored`; what the whole validation text costs
    is what a run is made for, and must be had. `started`: by `time.perf_counter`, had nothing interrupted the run.
    """
    texts, folder, block_size = run.texts, run.folder, run.trainer.engine.model.config.block_size
    # measured again: what was added since is kept
    before = folder.result() if folder.state() == "done" else {}
    score = score_validation(run)
    result = {**loss_metrics(texts, score), **training_metrics(run)}
    lacking = NotScored(folder, run.reporter)
    with lacking.unless("passages"):
        added = [entry for entry in folder.passages() if "name" in entry] if before else []
        folder.write_passages([*passages(texts, score), *added])
    with lacking.unless("context"):
        result |= context_metrics(texts, block_size)
    with lacking.unless("training text"):
        result |= overfitting_metrics(run, score)
    with lacking.unless("samples"):
        result |= sample_metrics(run.config, folder, texts, run.trainer.engine.model)
    blocks: dict[str, Any] = dict(vars(score.blocks))
    with lacking.unless("baselines"):
        found = corpus_baselines(texts.train_part, texts.val_part)
        result["baselines"], blocks["bits_baselines"] = found["baselines"], found["blocks"]
    folder.write_scores(blocks)
    with lacking.unless("parts of the bits"):
        bits = score.bits_tokens + score.bits_residual
        context = context_tokens(len(texts.val.ids), block_size)
        chunks = texts.train_part.chunks()
        result["bits_by"] = parts_of(texts.val_source, bits, score.bits_tail, chunks, context, block_size)
    result |= further_measures(run.config, texts, run.trainer, lacking)
    with lacking.unless("curves"):
        from analysis.figures import draw_curves  # matplotlib takes its time to load

        draw_curves(folder)
    if lacking.reasons:
        result["not_scored"] = lacking.reasons
    result["texts"] = merged(before.get("texts", []), result["texts"])
    result |= {key: before[key] for key in ("perturbed",) if key in before}
    costs = {"peak_rss_mb": memory.mb(), "total_seconds": time.perf_counter() - started, "ended": time.time()}
    folder.write_result(result | {key: before.get(key, value) for key, value in costs.items()})


def score_validation(run: TrainedRun) -> TextScore:
    """Every token of the validation text, predicted once."""
    texts = run.texts
    run.reporter.phase("scoring the whole validation text")
    nats = score_tokens(run.trainer.engine, np.asarray(texts.val.ids))
    return score_text(texts.val_source, nats, texts.coder)


def loss_metrics(texts: Texts, score: TextScore) -> dict[str, Any]:
    """What the whole validation text costs, and on what vocabulary."""
    tokenizer = texts.tokenizer
    return {
        **score.to_dict(),
        "vocab_size": tokenizer.vocab_size,
        "lossless": tokenizer.lossless,
        "losses": tokenizer.losses,
        "chars_per_token": texts.chars_per_token,
        "chars_per_token_val": texts.val.n_chars / len(texts.val.ids),
        "val_tokens": len(texts.val.ids),
        "train_tokens": len(texts.train.ids),
    }


def training_metrics(run: TrainedRun) -> dict[str, Any]:
    """What was trained, for how long, on how much, and how steadily."""
    config, folder, texts, trainer = run.config, run.folder, run.texts, run.trainer
    state, settings, model = trainer.state, trainer.config, trainer.engine.model
    rows = folder.metrics()
    tokens = trainer.tokens_per_update * settings.iters
    chars = tokens * texts.chars_per_token
    n_bytes = tokens * texts.train.n_bytes / len(texts.train.ids)
    flops = flops_per_update(config, model.config, trainer.optimizer) * settings.iters
    embedding = model.n_params_embedding()
    steady = [r for r in rows if r["step"] % STEADY_EVERY == 1 or r["step"] == settings.iters]
    logged = [row for row in steady if row["kind"] == "train"]
    every_tenth = STEADY_EVERY % config.train.log_interval == 0
    return {
        "tokenizer": config.tokenizer.name,
        "model": config.model.name,
        **{key: value for key, value in asdict(model.config).items() if key != "vocab_size"},
        "n_params": model.n_params(),
        "n_params_embedding": embedding,
        "n_params_body": model.n_params() - embedding,
        "seed": config.seed,
        "corpus": texts.train_part.corpus.name,
        "corpus_sha256": texts.train_part.corpus.sha256,
        "budget": config.budget.kind,
        "iters": settings.iters,
        "schedule_iters": schedule_iters(config.optimizer, settings.iters),
        "warmup_iters": warmup_iters(config.optimizer, settings.iters),
        "lr_peak": max(trainer.schedule(step) for step in range(settings.iters)),
        "tokens_seen": tokens,
        "chars_seen": chars,
        "epochs": tokens / len(texts.train.ids),
        "train_seconds": state.seconds,
        "train_flops": flops,
        "flops_per_byte": flops / n_bytes,
        "seconds_per_mb": state.seconds / (n_bytes / 1e6),
        "grad_spikes": grad_spikes([row["grad_norm"] for row in logged]) if every_tenth else math.nan,
        "loss_spread": loss_spread([row["loss"] for row in logged]) if every_tenth else math.nan,
        "clipped_share": state.n_clipped / settings.iters,
        **best_evaluation(texts, state, rows),
    }


def best_evaluation(texts: Texts, state: TrainState, rows: list[dict[str, Any]]) -> dict[str, Any]:
    """The best of the evaluations on fixed windows, which was chosen on validation text, and what came after."""
    best, last = texts.val.bits_per_byte(state.best_val_loss), [r for r in rows if r["kind"] == "eval"][-1]
    found = {"best_val_loss": state.best_val_loss, "best_bits_per_byte": best, "best_step": state.best_step}
    return found | {"lost_since_best_bits_per_byte": last["val_bpb"] - best}


def overfitting_metrics(run: TrainedRun, val: TextScore) -> dict[str, float]:
    """The end of the training text, as long as the validation text, scored and charged in the same way.

    The passages differ in difficulty, in bits per byte above all because a tokenizer needs more tokens for text
    that it was not fitted on. Nats per token are alike before training (ln V): what training does to their
    difference, in bits per byte of the validation text, is the change of the gap. How much of it is difficulty that
    any model would learn to see is told by one that has seen neither passage and can memorise nothing, a unigram.
    """
    texts = run.texts
    text = texts.train_part.end(texts.val.n_chars)
    ids, ends = texts.tokenizer.spans(text)
    nats = score_tokens(run.trainer.engine, ids)
    train = score_text(Source(text, ids, ends), nats, texts.coder)
    first = next(row for row in run.folder.metrics() if row["kind"] == "eval")
    grown = (val.val_loss - train.val_loss) - (first["val_loss"] - first["train_loss"])
    seen = np.asarray(texts.train.ids)[: -len(ids)]  # nothing, where the validation text is the longer part
    unigram = unigram_gap(seen, ids, np.asarray(texts.val.ids), texts.tokenizer.vocab_size)
    per_byte = len(texts.val.ids) / texts.val.n_bytes / np.log(2)
    return {
        "train_loss": train.val_loss,
        "train_bits_per_byte": train.bits_per_byte,
        "gap_bits_per_byte": val.bits_per_byte - train.bits_per_byte,
        "gap_change_bits_per_byte": grown * per_byte,
        "gap_unigram_bits_per_byte": unigram * per_byte,
    }


def context_metrics(texts: Texts, block_size: int) -> dict[str, float]:
    """Characters of validation text that the model sees before a token: mean, and least once a window is full."""
    context = context_tokens(len(texts.val.ids), block_size)[1:]
    ends = np.concatenate([[0], texts.val_source.characters(texts.val_source.ends)])
    position = np.arange(len(context))  # inputs; token t + 1 is predicted from input t
    chars = ends[position + 1] - ends[position + 1 - context]
    full = chars[position >= block_size]
    return {
        "context_chars_mean": float(chars.mean()),
        "context_chars_min": float(full.min() if len(full) else chars.max()),
    }


def passages(texts: Texts, score: TextScore) -> list[dict[str, Any]]:
    """A few passages of the validation text, the same for every tokenizer: the tokens that begin in them."""
    source = texts.val_source
    edges = block_edges(source.data, PASSAGE_BYTES)
    found = []
    for number in dict.fromkeys(np.linspace(0, len(edges) - 2, PASSAGES).astype(int).tolist()):
        a, b = int(edges[number]), int(edges[number + 1])
        here = slice(*np.searchsorted(source.starts, [a, b]).tolist())
        text, bits = source.data[a:b].decode(), (score.bits_tokens[here], score.bits_residual[here])
        found.append(passage_entry(a, text, source.ids[here], source.ends[here] - a, *bits))
    return found
