"""Training and encoding speeds of this project's tokenizers and of every installed peer, in turns.

All do the same work on the Shakespeare text with one thread each: byte-level BPE (SentencePiece: its own) to the
vocabulary of the original experiment, then that text into ids, by a tokenizer that has seen no text before.
tiktoken and Hugging Face's are given our vocabulary, and must give our ids.
"""

import importlib.util
import io
import zlib
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.processes import Answer, Row, Timings, in_turns, row, timed
from numpygpt.data import resolve
from numpygpt.tokenizers import Tokenizer, create, from_dict
from numpygpt.tokenizers.bpe.bytelevel import PRINTABLE
from numpygpt.tokenizers.pretokenize import PATTERNS

VOCAB_SIZE = 6551
OURS, HUGGING_FACE, TIKTOKEN = "ours, bpe-bytelevel", "Hugging Face, bpe", "tiktoken"
SAME_IDS = (OURS, HUGGING_FACE, TIKTOKEN)
TRAINED = (
    OURS, "ours, bpe", "ours, superbpe", "ours, unigram",
    HUGGING_FACE, "SentencePiece, bpe", "SentencePiece, unigram",
)  # fmt: skip
OTHER_KINDS = [f"ours, {kind}" for kind in ("bpe", "bpe-bytefallback", "superbpe", "unigram", "word", "char")]
ENCODERS = (*SAME_IDS, "SentencePiece, bpe", "SentencePiece, unigram", *OTHER_KINDS)
SENTENCEPIECE: dict[str, Any] = {  # nothing about the text is changed
    "normalization_rule_name": "identity", "remove_extra_whitespaces": False, "add_dummy_prefix": False,
    "hard_vocab_limit": False, "num_threads": 1, "minloglevel": 2,
}  # fmt: skip
PACKAGES = {"Hugging Face": "tokenizers", "SentencePiece": "sentencepiece", "tiktoken": "tiktoken"}


def race(rounds: int, path: str | None = None, vocab_size: int = VOCAB_SIZE) -> list[Row]:
    """All rows of `benchmarks tokenizers`, on the text at `path`; UserError: there is none.

    relative_speed: to that of Hugging Face's in training, of tiktoken in encoding, where it is installed.
    """
    path = path or str(resolve("shakespeare").path)
    rows: list[Row] = []
    for case, names, against, work in (
        (f"train to {vocab_size:,}", TRAINED, HUGGING_FACE, train),
        ("encode", ENCODERS, TIKTOKEN, encode),
    ):
        there = [n for n in names if importlib.util.find_spec(PACKAGES.get(n.split(",")[0], "numpygpt"))]
        tasks = {name: partial(work, name, path, vocab_size) for name in there}
        found = in_turns(tasks, rounds, 1, threads=1)
        check_ids(found)
        for name, timings in found.items():
            own = row(case, name, timings) | {"chars_per_second": len(read(path)) / timings.median}
            own["relative_speed"] = found[against].median / timings.median if against in found else None
            rows.append(own)
    return rows


def check_ids(found: dict[str, Timings]) -> None:
    """SystemExit unless all that have one vocabulary gave the same ids."""
    sums = {name: timings.results for name, timings in found.items() if name in SAME_IDS}
    if different := [name for name, results in sums.items() if results != sums[OURS]]:
        raise SystemExit(f"{', '.join(different)} and ours give different ids: not the same work")


# --- in the process ---


def train(name: str, path: str, vocab_size: int) -> Answer:
    return timed(lambda: trainer(name, path, vocab_size))


def encode(name: str, path: str, vocab_size: int) -> Answer:
    """By an encoder that has seen one letter, as some of it is compiled when first needed."""
    text, new_encoder = read(path), encoders(name, path, vocab_size)

    def prepare() -> Callable[[], Any]:
        encoder = new_encoder()
        encoder("a")
        return partial(encoder, text)

    return timed(prepare, checksum)


def read(path: str) -> str:
    return Path(path).read_bytes().decode()


def checksum(ids: Any) -> int:
    return zlib.crc32(np.asarray(getattr(ids, "ids", ids), np.int64).tobytes())


def trainer(name: str, path: str, vocab_size: int) -> Callable[[], Any]:
    """What trains on the text at `path` when it is called, and returns what it has trained, if it is to encode."""
    library, _, kind = name.partition(", ")
    if library == "Hugging Face":
        import tokenizers as hf

        theirs = hugging_face()
        alphabet = hf.pre_tokenizers.ByteLevel.alphabet()
        shape: dict[str, Any] = {"vocab_size": vocab_size, "min_frequency": 2, "initial_alphabet": alphabet}
        return partial(theirs.train, [path], hf.trainers.BpeTrainer(**shape, show_progress=False))
    text = read(path)

    def ours() -> Tokenizer:
        tokenizer = create(kind, **({} if kind in ("word", "char") else {"vocab_size": vocab_size}))
        tokenizer.train(text)
        return tokenizer

    def sentencepiece() -> bytes:
        from sentencepiece import SentencePieceTrainer

        written = io.BytesIO()
        settings = SENTENCEPIECE | {"input": path, "model_writer": written, "model_type": kind}
        SentencePieceTrainer.train(vocab_size=vocab_size, **settings)
        return written.getvalue()

    return sentencepiece if library == "SentencePiece" else ours


def hugging_face(*trained: Any) -> Any:
    """A byte-level BPE of Hugging Face's, with this vocabulary and these merges."""
    import tokenizers as hf

    theirs = hf.Tokenizer(hf.models.BPE(*trained))
    theirs.pre_tokenizer = hf.pre_tokenizers.ByteLevel(add_prefix_space=False)
    return theirs


def encoders(name: str, path: str, vocab_size: int) -> Callable[[], Callable[[str], Any]]:
    """What makes encoders that have seen no text, trained on the one at `path`."""
    trained = trainer(OURS if name in SAME_IDS else name, path, vocab_size)()
    if name.startswith("SentencePiece"):
        import sentencepiece

        return lambda: sentencepiece.SentencePieceProcessor(model_proto=trained).encode
    described = trained.to_dict()
    if name not in (TIKTOKEN, HUGGING_FACE):
        return lambda: from_dict(described).encode
    ranks = {trained.token_bytes(id) or b"": id for id in range(trained.vocab_size)}
    if name == HUGGING_FACE:
        vocabulary = {"".join(map(PRINTABLE.__getitem__, text)): id for text, id in ranks.items()}
        merges = [tuple(pair) for pair in described["merges"]]
        return lambda: hugging_face(vocabulary, merges).encode
    import tiktoken

    settings: dict[str, Any] = {"mergeable_ranks": ranks, "special_tokens": {}}
    pattern = PATTERNS["gpt2"].pieces or ""
    return lambda: tiktoken.Encoding("race", pat_str=pattern, **settings).encode_ordinary
