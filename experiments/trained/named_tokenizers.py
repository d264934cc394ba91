"""Tokenizers by name: those of runs, and those of conf/tokenizer trained on the default corpus."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache

from experiments.configuration.build import build_tokenizer, composed, default_corpus
from experiments.configuration.schema import TokenizerConfig, options
from experiments.configuration.validation import check
from experiments.trained.load import load_tokenizer, training_part
from numpygpt.errors import UserError
from numpygpt.runs import RunFolder, find_run
from numpygpt.tokenizers import Tokenizer

VAL_FRACTION = 0.1


@dataclass(frozen=True)
class NamedTokenizer:
    """A tokenizer, what to call it, and what gives its training text or raises UserError if that is not here."""

    name: str
    tokenizer: Tokenizer
    training_text: Callable[[], str]


def named_tokenizers(runs: Iterable[str], choices: str | None) -> list[NamedTokenizer]:
    """Of runs by name, and of choices as they are typed, `A,B,...`. UserError: there is no such run or choice."""
    found = [_of_run(find_run(name)) for name in runs]
    names = [name.strip() for name in choices.split(",")] if choices else []
    configs = {name: _config(name) for name in names}  # all are known before one is trained
    for name, config in configs.items():
        tokenizer = build_tokenizer(config)
        tokenizer.train(_default_text())
        found.append(NamedTokenizer(name, tokenizer, _default_text))
    return found


def _of_run(run: RunFolder) -> NamedTokenizer:
    return NamedTokenizer(run.name, load_tokenizer(run), lambda: training_part(run).text)


@cache
def _default_text() -> str:
    """The training part of the default corpus."""
    return default_corpus().parts(VAL_FRACTION)[0].text


def _config(name: str) -> TokenizerConfig:
    """Of `bpe`, or of `bpe:512` with that vocabulary size. Raises UserError if it cannot be trained."""
    kind, _, size = name.partition(":")
    overrides = [f"tokenizer={kind}", *([f"tokenizer.vocab_size={size}"] if size else [])]
    config = composed(*overrides)
    check(config)
    if size and "vocab_size" not in options("tokenizer", config.tokenizer.kind):
        raise UserError(f"{name!r} is not possible: {kind} has no vocabulary size to choose")
    return config.tokenizer
