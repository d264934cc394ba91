"""Tokenizers by name: those of runs, and those of conf/tokenizer trained on a corpus."""

from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass

from experiments.configuration.build import build_tokenizer, composed, corpus_at_hand, corpus_parts
from experiments.configuration.schema import DataConfig, TokenizerConfig, options
from experiments.configuration.validation import check
from experiments.trained.load import corpus_of, load_tokenizer
from numpygpt.data import Part
from numpygpt.errors import UserError
from numpygpt.runs import RunFolder, find_run
from numpygpt.tokenizers import Tokenizer

Parts = tuple[Part, Part]  # the training part and the judged one


@dataclass(frozen=True)
class NamedTokenizer:
    """A tokenizer, what to call it, and what gives its corpus, or raises UserError if that is not here."""

    name: str
    tokenizer: Tokenizer
    parts: Callable[[], Parts]


def named_tokenizers(runs: Iterable[str], choices: str | None) -> list[NamedTokenizer]:
    """Of runs by name, and of choices as they are typed, `A,B,...`, trained on the default corpus.

    UserError: there is no such run or choice.
    """
    found = [of_run(find_run(name)) for name in runs]
    configs = {name.strip(): _config(name.strip()) for name in choices.split(",")} if choices else {}
    if configs:  # all are known before one is trained
        parts = parts_at_hand(composed().data)
    for name, config in configs.items():
        tokenizer = build_tokenizer(config)
        tokenizer.train(parts[0].chunks())
        found.append(NamedTokenizer(name, tokenizer, lambda: parts))
    return found


def of_run(run: RunFolder) -> NamedTokenizer:
    return NamedTokenizer(
        run.name, load_tokenizer(run), lambda: corpus_parts(corpus_of(run), run.run()["config"]["data"])
    )


def parts_at_hand(data: DataConfig) -> Parts:
    """Of the corpus that is meant, or that stands in for it, with a warning."""
    return corpus_parts(corpus_at_hand(data.kind, data.path, data.fallback is not None), asdict(data))


def _config(name: str) -> TokenizerConfig:
    """Of `bpe`, or of `bpe:512` with that vocabulary size. Raises UserError if it cannot be trained."""
    kind, _, size = name.partition(":")
    overrides = [f"tokenizer={kind}", *([f"tokenizer.vocab_size={size}"] if size else [])]
    config = composed(*overrides)
    check(config)
    if size and "vocab_size" not in options("tokenizer", config.tokenizer.kind):
        raise UserError(f"{name!r} is not possible: {kind} has no vocabulary size to choose")
    return config.tokenizer
