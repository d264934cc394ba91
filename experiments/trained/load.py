"""What a finished run was made of: model, tokenizer, training text, residual coder; or why it cannot be had."""

import dataclasses
from collections.abc import Iterator

from experiments.configuration.build import corpus_parts, require_same
from numpygpt import tokenizers
from numpygpt.data import Part, resolve
from numpygpt.data.tokens import pieces
from numpygpt.errors import UserError
from numpygpt.measures.bits.residual import ResidualCoder
from numpygpt.measures.bits.source import Source
from numpygpt.models import GPT, GPTConfig, NoDraws
from numpygpt.runs import RunFolder
from numpygpt.training import checkpoints


def load_tokenizer(run: RunFolder) -> tokenizers.Tokenizer:
    """Raises UserError if its file is missing, or is not the one that the run wrote."""
    tokenizer = tokenizers.load(run.tokenizer_path)
    if tokenizer.fingerprint() != run.run().get("resolved", {}).get("tokenizer_fingerprint"):
        raise UserError(f"{run.tokenizer_path} is damaged: delete the folder and run its command again")
    return tokenizer


def load_model(run: RunFolder) -> tuple[GPT, tokenizers.Tokenizer]:
    """Raises UserError if a file is missing or damaged."""
    result, tokenizer = run.result(), load_tokenizer(run)
    shape = GPTConfig(**{field.name: result[field.name] for field in dataclasses.fields(GPTConfig)})
    model = GPT(shape, rng=NoDraws())
    checkpoints.load(run.checkpoint_path, model)
    return model, tokenizer


def parts_of(run: RunFolder) -> tuple[Part, Part]:
    """The training part and the judged one of a run's corpus.

    Raises UserError if that is not here, or is another text by now.
    """
    record = run.run()
    data = record["config"]["data"]
    corpus = resolve(data["kind"], data["path"])
    require_same(corpus, record["corpus"]["sha256"])
    return corpus_parts(corpus, data)


def coder_of(run: RunFolder, tokenizer: tokenizers.Tokenizer) -> ResidualCoder:
    """The run's residual coder, fitted anew. Raises UserError as `parts_of` if the tokenizer is not lossless."""
    return ResidualCoder(tokenizer) if tokenizer.lossless else fit_coder(parts_of(run)[0], tokenizer)


def fit_coder(part: Part, tokenizer: tokenizers.Tokenizer) -> ResidualCoder:
    """The residual coder of a training part."""
    return ResidualCoder.fit_pieces(tokenizer, sources(part, tokenizer))


def sources(part: Part, tokenizer: tokenizers.Tokenizer) -> Iterator[Source]:
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
