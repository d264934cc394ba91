"""Training and encoding speeds of this project's tokenizers and of every installed peer, in turns.

All do the same work on the whole Shakespeare text with one thread each: byte-level BPE (SentencePiece: its own BPE)
to the vocabulary of the original experiment, then that text into ids, with a tokenizer that has seen no text
before (first call) and with one that has (warm). Encoders of byte-level BPE are given one vocabulary, and their ids
are compared before anything is timed. What is timed is processor time of this process, which on a busy machine says
more than the clock.
"""

import importlib.util
import io
import json
import os
import statistics
import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from experiments.benchmarks.table import Row
from experiments.configuration.build import default_corpus
from numpygpt.tokenizers import Tokenizer, create, from_dict
from numpygpt.tokenizers.pretokenize import PATTERNS
from numpygpt.tokenizers.to_hf import hugging_face_json

VOCAB_SIZE = 6551
HF_TRAINER = "Hugging Face (file)"
Preparation = Callable[[], Callable[[], Any]]  # gets ready, untimed; what it returns is timed, once
NewEncoder = Callable[[], Callable[[str], Any]]  # makes an encoder that has seen no text


def race(rounds: int) -> list[Row]:
    """All rows of `benchmark.py tokenizers`."""
    os.environ |= {"RAYON_NUM_THREADS": "1", "TOKENIZERS_PARALLELISM": "false"}  # before it is loaded
    corpus = default_corpus()
    text = corpus.text
    trained = create("bpe-bytelevel", vocab_size=VOCAB_SIZE)
    trained.train(text)
    same_ids = encoders(trained)
    check_ids(same_ids, text)
    training = in_turns(trainers(text, corpus.path), rounds)
    result = rows(f"train to {VOCAB_SIZE:,}", HF_TRAINER, len(text), training)
    groups = {
        "same ids": (same_ids, "tiktoken"),
        "others": (other_encoders(text, corpus.path), "SentencePiece, bpe"),
    }
    for group, (new_encoders, against) in groups.items():
        for moment, warm_up in (
            ("first call", "a"),
            ("warm", text),
        ):  # "a": what is compiled when first needed
            racers = {name: partial(prepared, new, warm_up, text) for name, new in new_encoders.items()}
            seconds = in_turns(racers, 2 * rounds + 1)
            result += rows(f"encode, {moment}, {group}", against, len(text), seconds)
    return result


def in_turns(racers: Mapping[str, Preparation], rounds: int) -> dict[str, list[float]]:
    """Seconds of each racer: every round lets each one work once."""
    seconds: dict[str, list[float]] = {name: [] for name in racers}
    for _ in range(rounds):
        for name, prepare in racers.items():
            work = prepare()
            started = time.process_time()
            work()
            seconds[name].append(time.process_time() - started)
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


def is_installed(package: str) -> bool:
    return importlib.util.find_spec(package) is not None


# ---------------------------------------------------------------------- training


def trainers(text: str, path: Path) -> dict[str, Preparation]:
    racers: dict[str, Preparation] = {
        f"ours, {kind}": lambda kind=kind: partial(create(kind, vocab_size=VOCAB_SIZE).train, text)  # type: ignore[misc]
        for kind in ("bpe", "bpe-bytelevel")
    }
    if is_installed("tokenizers"):
        racers[HF_TRAINER] = partial(_hugging_face_training, path)
    if is_installed("sentencepiece"):
        for kind in ("bpe", "unigram"):
            racers[f"SentencePiece, {kind}"] = lambda kind=kind: partial(train_sentencepiece, path, kind)  # type: ignore[misc]
    return racers


def _hugging_face_training(path: Path) -> Callable[[], None]:
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


def train_sentencepiece(path: Path, model_type: str) -> bytes:
    """The trained model, which changes nothing about the text."""
    import sentencepiece

    written = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        input=str(path),
        model_writer=written,
        model_type=model_type,
        vocab_size=VOCAB_SIZE,
        hard_vocab_limit=False,
        normalization_rule_name="identity",
        remove_extra_whitespaces=False,
        add_dummy_prefix=False,
        num_threads=1,
        minloglevel=2,
    )
    return written.getvalue()


# ---------------------------------------------------------------------- encoding


def prepared(new_encoder: NewEncoder, warm_up: str, text: str) -> Callable[[], Any]:
    encode = new_encoder()
    encode(warm_up)
    return partial(encode, text)


def encoders(trained: Tokenizer) -> dict[str, NewEncoder]:
    """All that can have the vocabulary of `trained`."""
    found: dict[str, NewEncoder] = {"ours": _new_encoder(trained)}
    if is_installed("tiktoken"):
        import tiktoken

        ranks = {trained.token_bytes(id) or b"": id for id in range(trained.vocab_size)}
        settings: dict[str, Any] = {"mergeable_ranks": ranks, "special_tokens": {}}
        pattern = PATTERNS["gpt2"].pieces or ""
        found["tiktoken"] = lambda: tiktoken.Encoding("race", pat_str=pattern, **settings).encode_ordinary
    if is_installed("tokenizers"):
        import tokenizers

        page = json.dumps(hugging_face_json(trained))
        found["Hugging Face"] = lambda: tokenizers.Tokenizer.from_str(page).encode
    return found


def other_encoders(text: str, path: Path) -> dict[str, NewEncoder]:
    """Of other vocabularies: what else this project has, and SentencePiece."""
    found: dict[str, NewEncoder] = {}
    for kind in ("char", "word", "byte", "bpe", "bpe-bytefallback"):
        tokenizer = create(kind, **({"vocab_size": VOCAB_SIZE} if kind.startswith("bpe") else {}))
        tokenizer.train(text)
        found[f"ours, {kind}"] = _new_encoder(tokenizer)
    if is_installed("sentencepiece"):
        import sentencepiece

        model = train_sentencepiece(path, "bpe")
        found["SentencePiece, bpe"] = lambda: sentencepiece.SentencePieceProcessor(model_proto=model).encode
    return found


def _new_encoder(trained: Tokenizer) -> NewEncoder:
    described = trained.to_dict()
    return lambda: from_dict(described).encode


def check_ids(found: dict[str, NewEncoder], text: str) -> None:
    """SystemExit unless all give the same ids."""
    ids = {name: new()(text) for name, new in found.items()}
    listed = {name: list(getattr(value, "ids", value)) for name, value in ids.items()}
    different = [name for name, value in listed.items() if value != listed["ours"]]
    if different:
        raise SystemExit(f"{', '.join(different)} and ours give different ids: not the same work")
