"""Which files a sweep uses: decided once, by content, before its first run; and which a run was given."""

import functools
from collections import Counter
from dataclasses import replace

from experiments.configuration.schema import DataConfig, RunConfig, options
from numpygpt.data import Corpus, resolve
from numpygpt.errors import UserError


class Corpora:
    """The corpora of a sweep, each found, checked and (if it must be) downloaded once."""

    def __init__(self) -> None:
        self._by_sha256: dict[str, Corpus] = {}
        self._resolve = functools.cache(resolve)
        self._characters = functools.cache(self._count_characters)

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
        """Raises UserError if its text, which is decided, has too many characters for its tokenizer."""
        if "vocab_size" not in options("tokenizer", config.tokenizer.kind):
            return
        from experiments.configuration.build import build_tokenizer  # not needed where all is done

        characters = self._characters(config.data.sha256, config.data.val_fraction)
        try:
            build_tokenizer(config.tokenizer).check_characters(characters)
        except UserError as error:
            text = config.data.path or config.data.kind
            raise UserError(f"tokenizer={config.tokenizer.name} does not fit {text}: {error}") from error

    def _count_characters(self, sha256: str, val_fraction: float) -> Counter[str]:
        return self._by_sha256[sha256].parts(val_fraction)[0].characters()
