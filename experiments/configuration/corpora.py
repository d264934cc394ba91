"""Which files a sweep uses: decided once, by content, before its first run; and which a run was given."""

import functools
from dataclasses import replace

from experiments.configuration.schema import DataConfig
from numpygpt.data import Corpus, resolve
from numpygpt.errors import UserError


class Corpora:
    """The corpora of a sweep, each found, checked and (if it must be) downloaded once."""

    def __init__(self) -> None:
        self._by_sha256: dict[str, Corpus] = {}
        self._resolve = functools.cache(resolve)

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
