"""Training and encoding speeds of this project's tokenizers and of every installed peer, in turns.

All do the same work on the whole Shakespeare text with one thread each: byte-level BPE (SentencePiece: its own BPE)
to the vocabulary of the original experiment, then that text into ids, with a tokenizer that has seen no text
before (first call) and with one that has (warm). Encoders of byte-level BPE are given one vocabulary, and their ids
are compared before anything is timed. What is timed is processor time of this process, which on a busy machine says
more than the clock.
"""

from __future__ import annotations

import importlib.util
import io
import json
import os
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from experiments.benchmarks.table import Row
from numpygpt.data import resolve
from numpygpt.tokenizers import Tokenizer, create, from_dict
from numpygpt.tokenizers.pretokenize import PATTERNS
from numpygpt.tokenizers.to_hf import hugging_face_json

VOCAB_SIZE = 6551
HF_TRAINER = "Hugging Face (file)"


@dataclass(frozen=True)
class Racer:
    """`prepare` gets ready, untimed; what it returns is timed, once."""

    name: str
    prepare: Callable[[], Callable[[], Any]]


def installed(*packages: str) -> bool:
    return all(importlib.util.find_spec(package) is not None for package in packages)


def in_turns(racers: list[Racer], rounds: int) -> dict[str, list[float]]:
    """Seconds of each racer: every round lets each one work once."""
    seconds: dict[str, list[float]] = {racer.name: [] for racer in racers}
    for _ in range(rounds):
        for racer in racers:
            work = racer.prepare()
            started = time.process_time()
            work()
            seconds[racer.name].append(time.process_time() - started)
    return seconds


def rows(case: str, against: str, n_chars: int, seconds: dict[str, list[float]]) -> list[Row]:
    """`ratio` is the speed relative to the peer that the case is measured against; None where it is missing."""
    medians = {name: statistics.median(values) for name, values in seconds.items()}
    return [
        {
            "case": case,
            "implementation": name,
            "median_ms": 1e3 * median,
            "spread": (max(seconds[name]) - min(seconds[name])) / 2 / median,
            "chars_per_second": n_chars / median,
            "ratio": medians[against] / median if against in medians else None,
            "against": against if against in medians else None,
        }
        for name, median in medians.items()
    ]


# ---------------------------------------------------------------------- training


def _train_ours(kind: str, text: str) -> Callable[[], None]:
    return partial(create(kind, vocab_size=VOCAB_SIZE).train, text)


def _train_hugging_face(path: Path) -> Callable[[], None]:
    import tokenizers as hf

    tokenizer = hf.Tokenizer(hf.models.BPE())
    tokenizer.pre_tokenizer = hf.pre_tokenizers.ByteLevel(add_prefix_space=False)
    trainer = hf.trainers.BpeTrainer(
        vocab_size=VOCAB_SIZE,
        min_frequency=2,
        initial_alphabet=hf.pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    return lambda: tokenizer.train([str(path)], trainer)


def _train_sentencepiece(path: Path, model_type: str) -> Callable[[], None]:
    import sentencepiece

    return lambda: sentencepiece.SentencePieceTrainer.train(
        input=str(path),
        model_writer=io.BytesIO(),
        model_type=model_type,
        vocab_size=VOCAB_SIZE,
        hard_vocab_limit=False,
        normalization_rule_name="identity",
        remove_extra_whitespaces=False,
        add_dummy_prefix=False,
        num_threads=1,
        minloglevel=2,
    )


def trainers(text: str, path: Path) -> list[Racer]:
    racers = [Racer(f"ours, {kind}", partial(_train_ours, kind, text)) for kind in ("bpe", "bpe-bytelevel")]
    if installed("tokenizers"):
        racers.append(Racer(HF_TRAINER, partial(_train_hugging_face, path)))
    if installed("sentencepiece"):
        racers += [
            Racer(f"SentencePiece, {kind}", partial(_train_sentencepiece, path, kind))
            for kind in ("bpe", "unigram")
        ]
    return racers


# ---------------------------------------------------------------------- encoding


def _ranks(tokenizer: Tokenizer) -> dict[bytes, int]:
    return {tokenizer.token_bytes(id) or b"": id for id in range(tokenizer.vocab_size)}


def encoders(trained: Tokenizer) -> dict[str, Callable[[], Callable[[str], Any]]]:
    """Name -> what makes a fresh encoder with the vocabulary of `trained`."""
    described = trained.to_dict()
    found: dict[str, Callable[[], Callable[[str], Any]]] = {"ours": lambda: from_dict(described).encode}
    if installed("tiktoken"):
        import tiktoken

        encoding = partial(
            tiktoken.Encoding,
            "race",
            pat_str=PATTERNS["gpt2"].pieces or "",
            mergeable_ranks=_ranks(trained),
            special_tokens={},
        )
        found["tiktoken"] = lambda: encoding().encode_ordinary
    if installed("tokenizers"):
        import tokenizers

        page = json.dumps(hugging_face_json(trained))
        found["Hugging Face"] = lambda: tokenizers.Tokenizer.from_str(page).encode
    return found


def _first_call(make: Callable[[], Callable[[str], Any]], text: str) -> Callable[[], Any]:
    encode = make()
    encode("a")  # whatever is compiled when it is first needed
    return partial(encode, text)


def _warm(make: Callable[[], Callable[[str], Any]], text: str) -> Callable[[], Any]:
    encode = make()
    encode(text)
    return partial(encode, text)


def _check(found: dict[str, Callable[[], Callable[[str], Any]]], text: str) -> None:
    """SystemExit unless all give the same ids."""
    ids = {name: make()(text) for name, make in found.items()}
    listed = {name: list(getattr(value, "ids", value)) for name, value in ids.items()}
    different = [name for name, value in listed.items() if value != listed["ours"]]
    if different:
        raise SystemExit(f"{', '.join(different)} and ours give different ids: not the same work")


def others(text: str, path: Path) -> dict[str, Callable[[], Callable[[str], Any]]]:
    """Encoders of other vocabularies: what else this project has, and SentencePiece."""
    found: dict[str, Callable[[], Callable[[str], Any]]] = {}
    for kind in ("char", "word", "byte", "bpe", "bpe-bytefallback"):
        tokenizer = create(kind, **({"vocab_size": VOCAB_SIZE} if kind.startswith("bpe") else {}))
        tokenizer.train(text)
        described = tokenizer.to_dict()
        found[f"ours, {kind}"] = lambda described=described: from_dict(described).encode  # type: ignore[misc]
    if installed("sentencepiece"):
        import sentencepiece

        written = io.BytesIO()
        sentencepiece.SentencePieceTrainer.train(
            input=str(path), model_writer=written, model_type="bpe", vocab_size=VOCAB_SIZE, minloglevel=2
        )
        model = written.getvalue()
        found["SentencePiece, bpe"] = lambda: sentencepiece.SentencePieceProcessor(model_proto=model).encode
    return found


def race(rounds: int) -> list[Row]:
    """All rows of `benchmark.py tokenizers`."""
    os.environ |= {"RAYON_NUM_THREADS": "1", "TOKENIZERS_PARALLELISM": "false"}  # before it is loaded
    corpus = resolve("shakespeare", allow_fallback=True)
    if corpus.fallback_reason:
        print(f"WARNING: timed on {corpus.name} instead: {corpus.fallback_reason}", file=sys.stderr)
    text = corpus.text
    trained = create("bpe-bytelevel", vocab_size=VOCAB_SIZE)
    trained.train(text)
    found = encoders(trained)
    _check(found, text)
    case = f"train to {VOCAB_SIZE:,}"
    result = rows(case, HF_TRAINER, len(text), in_turns(trainers(text, corpus.path), rounds))
    groups = {
        "same ids": (found, "tiktoken"),
        "others": (others(text, corpus.path), "SentencePiece, bpe"),
    }
    for name, (makers, against) in groups.items():
        for moment, prepare in (("encode, first call", _first_call), ("encode, warm", _warm)):
            racers = [Racer(n, partial(prepare, make, text)) for n, make in makers.items()]
            result += rows(f"{moment}, {name}", against, len(text), in_turns(racers, 2 * rounds + 1))
    return result
