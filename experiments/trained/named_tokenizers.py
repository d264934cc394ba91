"""Tokenizers by name: those of runs, and those of conf/tokenizer trained on a corpus."""

import sys
from collections.abc import Iterable
from dataclasses import asdict

from experiments.configuration.build import build_tokenizer, composed, corpus_parts
from experiments.configuration.schema import DataConfig
from experiments.configuration.validation import check
from experiments.trained.load import load_tokenizer
from numpygpt.data import Part, resolve
from numpygpt.runs import find_run
from numpygpt.tokenizers import Tokenizer


def named_tokenizers(runs: Iterable[str], choices: str | None) -> dict[str, Tokenizer]:
    """Of runs by name, and of choices as they are typed, `A,B,...`, trained on the default corpus.

    UserError: there is no such run or choice.
    """
    found = {run.name: load_tokenizer(run) for run in map(find_run, runs)}
    names = [name.strip() for name in choices.split(",")] if choices else []
    configs = {name: composed(f"tokenizer={name}") for name in names}
    for config in configs.values():  # all are known before one is trained
        check(config)
    if configs:
        train, _ = parts_at_hand(composed().data)
    for name, config in configs.items():
        found[name] = build_tokenizer(config.tokenizer)
        found[name].train(train.chunks())
    return found


def parts_at_hand(data: DataConfig) -> tuple[Part, Part]:
    """The training part and the judged one: of the corpus that is meant, or of its stand-in, with a warning."""
    corpus = resolve(data.kind, data.path, data.fallback is not None)
    if corpus.fallback_reason:
        print(f"WARNING: {corpus.name} is used instead: {corpus.fallback_reason}", file=sys.stderr)
    return corpus_parts(corpus, asdict(data))
