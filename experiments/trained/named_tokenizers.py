"""Tokenizers by name: those of runs, and those of conf/tokenizer trained on the default corpus and kept."""

import hashlib
import json
import sys
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from functools import cache
from typing import Any

from omegaconf import OmegaConf

from experiments.configuration.build import build_tokenizer, corpus_parts
from experiments.configuration.corpora import corpus_of
from experiments.configuration.schema import CONF, IMPORTED, TokenizerConfig, options
from experiments.configuration.validation import did_you_mean
from experiments.sample import find_run
from numpygpt import tokenizers
from numpygpt.data import Corpus, resolve
from numpygpt.data.cache import cache_folder, lock_for
from numpygpt.errors import UserError

VAL_FRACTION = 0.1
CACHE_VERSION = 1  # raised when the same settings train another tokenizer


@dataclass(frozen=True)
class Named:
    """A tokenizer, what to call it, and the corpus whose first part it was trained on (None: not to be had)."""

    name: str
    tokenizer: tokenizers.Tokenizer
    corpus: Corpus | None
    data: Mapping[str, Any] = field(default_factory=lambda: {"val_fraction": VAL_FRACTION})


def training_text(named: Named) -> str:
    """The text that the tokenizer was trained on. UserError: it is not to be had."""
    if named.corpus is None:
        raise UserError(f"the corpus of {named.name} is not here: put it where it was, to count its tokens")
    return corpus_parts(named.corpus, named.data)[0].text


def from_runs(names: Iterable[str]) -> list[Named]:
    """The tokenizers of runs. UserError: there is no such run."""
    found = []
    for name in names:
        run = find_run(name)
        data = run.run()["config"]["data"]
        found.append(Named(run.name, tokenizers.load(run.tokenizer_path), corpus_of(run), data))
    return found


def from_choices(names: Iterable[str]) -> list[Named]:
    """The tokenizers of conf/tokenizer by name, trained. UserError: there is no such choice."""
    corpus = None
    found = []
    for name in names:
        config = _settings(name.strip())
        corpus = corpus or _default_corpus()
        found.append(Named(name.strip(), _trained(config, corpus), corpus))
    return found


def _default_corpus() -> Corpus:
    corpus = resolve("shakespeare", allow_fallback=True)
    if corpus.fallback_reason:
        print(f"WARNING: trained on {corpus.name} instead: {corpus.fallback_reason}", file=sys.stderr)
    return corpus


def _settings(name: str) -> TokenizerConfig:
    """Of `bpe`, or of `bpe:512` with that vocabulary size."""
    kind, _, size = name.partition(":")
    choices = sorted(path.stem for path in (CONF / "tokenizer").glob("*.yaml") if path.stem not in IMPORTED)
    if kind not in choices:
        listed = ", ".join(choices)
        raise UserError(
            f"there is no tokenizer {kind!r} to train: choose from {listed}{did_you_mean(kind, choices)}"
        )
    values = dict(OmegaConf.load(CONF / "tokenizer" / f"{kind}.yaml"))
    known = {f.name for f in fields(TokenizerConfig)}
    config = TokenizerConfig(**{"name": kind, **{str(k): v for k, v in values.items() if k in known}})
    if not size:
        return config
    if not size.isdecimal():
        raise UserError(f"{name!r} is not possible: a vocabulary size is a number, as in {kind}:512")
    if "vocab_size" not in options("tokenizer", config.kind):
        raise UserError(f"{name!r} is not possible: {kind} has no vocabulary size to choose")
    return replace(config, vocab_size=int(size))


@cache
def _text(corpus: Corpus) -> str:
    return corpus.parts(VAL_FRACTION)[0].text


def _trained(config: TokenizerConfig, corpus: Corpus) -> tokenizers.Tokenizer:
    """From the cache if it is there and undamaged."""
    key = json.dumps([CACHE_VERSION, corpus.sha256, VAL_FRACTION, asdict(config)], sort_keys=True)
    path = cache_folder() / f"tokenizer-{hashlib.sha256(key.encode()).hexdigest()[:32]}.json"
    try:
        return tokenizers.load(path)
    except UserError:
        tokenizer = build_tokenizer(config)
        tokenizer.train(_text(corpus))
        with lock_for(path):
            tokenizer.save(path)
        return tokenizer
