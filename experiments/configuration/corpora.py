"""Which files a sweep uses: decided once, by content, before its first run; and which a run was given."""

import functools
from dataclasses import replace

from experiments.configuration.schema import IMPORTED, DataConfig, RunConfig
from numpygpt.data import Corpus, Part, resolve
from numpygpt.errors import UserError

BY_CHARACTER = ("char", "word", "bpe")  # each of their tokens stands for a character or more
PARTS = {"train": "training", "val": "validation"}


class Corpora:
    """The corpora of a sweep, each found, checked and (if it must be) downloaded once."""

    def __init__(self) -> None:
        self._by_sha256: dict[str, Corpus] = {}
        self._resolve = functools.cache(resolve)
        self._parts = functools.cache(self._split)

    def decide(self, data: DataConfig, may_fall_back: bool) -> DataConfig:
        """`data` with the corpus really used: its kind, absolute path and sha256, and no fallback left.

        Raises UserError if it cannot be had, or is not the one that `data.sha256` asks for.
        """
        corpus = self._resolve(data.kind, data.path, may_fall_back and data.fallback is not None)
        if data.sha256 not in (None, corpus.sha256):
            raise UserError(
                f"the corpus {corpus.path} has sha256 {corpus.sha256}, not data.sha256={data.sha256}: "
                f"use the text that was meant, or leave data.sha256 out"
            )
        self._by_sha256[corpus.sha256] = corpus
        kind = "pydoc" if corpus.fallback_reason else data.kind
        path = str(corpus.path) if kind == "file" else None
        return replace(data, kind=kind, path=path, sha256=corpus.sha256, fallback=None)

    @property
    def fallback_reason(self) -> str:
        """Why one of them is not the corpus that was asked for; empty if all are."""
        return next(filter(None, (corpus.fallback_reason for corpus in self._by_sha256.values())), "")

    def check(self, config: RunConfig) -> None:
        """Raises UserError if its text, which is decided, is surely too short."""
        train, val = self._parts(config.data.sha256, config.data.val_fraction)
        _check_length(config, train)
        _check_length(config, val)

    def _split(self, sha256: str, val_fraction: float) -> tuple[Part, Part]:
        return self._by_sha256[sha256].parts(val_fraction)


def _check_length(config: RunConfig, part: Part) -> None:
    """Raises UserError if the part is shorter than a window, be each token but a character, or a byte.

    Nothing is known yet of an imported tokenizer, nor what `context_chars` comes to in tokens.
    """
    if config.tokenizer.kind in IMPORTED:
        return
    most, unit = (
        (part.n_chars, "characters") if config.tokenizer.kind in BY_CHARACTER else (part.n_bytes, "bytes")
    )
    window = 3 if config.model.context_chars is not None else config.model.block_size + 1
    if most < window:
        raise UserError(
            f"the {PARTS[part.name]} text has {most:,} {unit}, too few for one window of {window:,} tokens: use a "
            "longer text, another data.val_fraction or a smaller model.block_size"
        )
