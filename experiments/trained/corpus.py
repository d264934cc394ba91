"""The text that a run was trained on, or why it is not to be had; and the residual coder that is fitted on it."""

from collections.abc import Iterator
from typing import Any

from experiments.configuration.build import corpus_parts
from numpygpt.data import Corpus, Part, resolve
from numpygpt.data.tokens import pieces
from numpygpt.errors import UserError
from numpygpt.measures.bits.residual import ResidualCoder
from numpygpt.measures.bits.source import Source
from numpygpt.runs import RunFolder
from numpygpt.tokenizers import Tokenizer

WHERE = {
    "shakespeare": "connect to the network, or set NUMPYGPT_DATA to a folder that holds shakespeare.txt",
    "pydoc": "use the version of Python with which the run was trained",
}


def corpus_of(run: RunFolder) -> Corpus:
    """The corpus that a run was given. Raises UserError if it is not here, or is another text by now."""
    record: dict[str, Any] = run.run()
    data, sha256 = record["config"]["data"], record["corpus"]["sha256"]
    place = WHERE.get(data["kind"], f"put it back at {data['path']}")
    try:
        corpus = resolve(data["kind"], data["path"])
    except UserError as error:
        raise UserError(f"the text of the run {run.name} is needed and cannot be read: {place}") from error
    if corpus.sha256 != sha256:
        raise UserError(
            f"the text of the run {run.name} is needed and is another by now (its sha256 was {sha256}): {place}"
        )
    return corpus


def training_part(run: RunFolder) -> Part:
    """What of its corpus a run was trained on. Raises UserError as `corpus_of`."""
    return corpus_parts(corpus_of(run), run.run()["config"]["data"])[0]


def coder_of(run: RunFolder, tokenizer: Tokenizer) -> ResidualCoder:
    """The run's residual coder, fitted anew. Raises UserError as `corpus_of` if the tokenizer is not lossless."""
    if tokenizer.lossless:
        return ResidualCoder(tokenizer)
    return fit_coder(training_part(run), tokenizer)


def fit_coder(part: Part, tokenizer: Tokenizer) -> ResidualCoder:
    """The residual coder of a training part."""
    return ResidualCoder.fit_pieces(tokenizer, sources(part, tokenizer))


def sources(part: Part, tokenizer: Tokenizer) -> Iterator[Source]:
    """The part and its tokens piece by piece, together those of the whole."""
    before, held = "\n", ""
    for start, stop in pieces(part, tokenizer):
        text = held + part.read(start, stop)
        ids, ends = tokenizer.spans(text)
        source, held = Source(text, ids, ends, before), ""
        if source.tail and stop < part.stop:  # it belongs to the first token of the next piece
            held, text = source.tail, text.removesuffix(source.tail)
            source = Source(text, ids, ends, before)
        yield source
        before = text[-1:] or before
