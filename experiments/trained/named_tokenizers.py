"""Tokenizers by name: those of runs, and those of conf/tokenizer trained on a corpus."""

import sys
from collections.abc import Iterable
from dataclasses import asdict

from experiments.configuration.build import build_tokenizer, composed, corpus_parts
from experiments.configuration.schema import DataConfig, TokenizerConfig, options
from experiments.configuration.validation import check
from experiments.trained.load import load_tokenizer
from numpygpt.data import Part, resolve
from numpygpt.errors import UserError
from numpygpt.runs import find_run
from numpygpt.tokenizers import Tokenizer


def named_tokenizers(runs: Iterable[str], choices: str | None) -> dict[str, Tokenizer]:
    """Of runs by name, and of choices as they are typed, `A,B,...`, trained on the default corpus.

    UserError: there is no such run or choice.
    """
    found = {run.name: load_tokenizer(run) for run in map(find_run, runs)}
    configs = {name.strip(): _config(name.strip()) for name in choices.split(",")} if choices else {}
    if configs:  # all are known before one is trained
        parts = parts_at_hand(composed().data)
    for name, config in configs.items():
        found[name] = build_tokenizer(config)
        found[name].train(parts[0].chunks())
    return found


def parts_at_hand(data: DataConfig) -> tuple[Part, Part]:
    """The training part and the judged one: of the corpus that is meant, or of its stand-in, with a warning."""
    corpus = resolve(data.kind, data.path, data.fallback is not None)
    if corpus.fallback_reason:
        print(f"WARNING: {corpus.name} is used instead: {corpus.fallback_reason}", file=sys.stderr)
    return corpus_parts(corpus, asdict(data))


def _config(name: str) -> TokenizerConfig:
    """Of `bpe`, or of `bpe:512` with that vocabulary size. Raises UserError if it cannot be trained."""
    kind, _, size = name.partition(":")
    overrides = [f"tokenizer={kind}", *([f"tokenizer.vocab_size={size}"] if size else [])]
    config = composed(*overrides)
    check(config)
    if size and "vocab_size" not in options("tokenizer", config.tokenizer.kind):
        raise UserError(f"{name!r} is not possible: {kind} has no vocabulary size to choose")
    return config.tokenizer
