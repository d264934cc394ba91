"""A run's texts as its model sees them: the tokenizer fitted on the training part, both parts as ids."""

import math
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field

from experiments.configuration.build import build_tokenizer, gpt_config
from experiments.configuration.schema import RunConfig
from experiments.runner.progress import Reporter
from experiments.trained.load import fit_coder, sources
from numpygpt import tokenizers
from numpygpt.data import Part
from numpygpt.data.batches import check_window
from numpygpt.data.tokens import encoded
from numpygpt.errors import UserError
from numpygpt.measures.bits.residual import ResidualCoder
from numpygpt.measures.bits.source import Source
from numpygpt.runs import RunFolder
from numpygpt.training import Text


@dataclass
class Texts:
    """Training and validation part, raw and tokenised."""

    tokenizer: tokenizers.Tokenizer
    coder: ResidualCoder
    train_part: Part
    val_part: Part
    train: Text
    val: Text
    val_source: Source = field(repr=False)

    @property
    def chars_per_token(self) -> float:
        """Of the training text."""
        return self.train.n_chars / len(self.train.ids)


def prepare_texts(
    config: RunConfig,
    parts: tuple[Part, Part],
    folder: RunFolder,
    fingerprint: str | None,
    reporter: Reporter,
) -> Texts:
    """Fits the tokenizer on the training part alone, saves it, and encodes both parts.

    `fingerprint` is of the tokenizer that an interrupted run saved: if the file still has it, it is taken.
    Raises UserError if the text is too short or does not suit the tokenizer, or if another tokenizer comes out.
    """
    train_part, val_part = parts
    tokenizer = None
    if fingerprint is not None:
        with suppress(UserError):  # it is missing or damaged: it is fitted again
            tokenizer = tokenizers.load(folder.tokenizer_path, config.tokenizer.factory)
    if tokenizer is None or tokenizer.fingerprint() != fingerprint:
        reporter.phase(f"fitting the {config.tokenizer.kind} tokenizer")
        tokenizer = build_tokenizer(config.tokenizer)
        tokenizer.train(train_part.chunks())
        if fingerprint not in (None, tokenizer.fingerprint()):
            changed = f"the {config.tokenizer.kind} tokenizer came out otherwise than when this run began"
            raise UserError(f"{changed}, so that its checkpoint is of no use: start it anew with force=true")
        tokenizer.save(folder.tokenizer_path)
    reporter.phase("encoding the text")
    train_ids = encoded(train_part, tokenizer)
    val_text = val_part.text
    val_ids, val_ends = tokenizer.spans(val_text)
    val_source = Source(val_text, val_ids, val_ends)
    chars_per_token = train_part.n_chars / max(len(train_ids), 1)
    block_size = gpt_config(config.model, tokenizer.vocab_size, chars_per_token).block_size
    check_window(train_ids, block_size, "training")
    check_window(val_ids, block_size, "validation")
    if not tokenizer.lossless:
        reporter.phase("fitting the residual coder")
    coder = fit_coder(train_part, tokenizer)
    left_out = 0.0 if tokenizer.lossless else _residual(coder, sources(train_part, tokenizer))
    train = Text(train_ids, train_part.n_bytes, train_part.n_chars, left_out)
    val = Text(val_ids, val_part.n_bytes, val_part.n_chars, _residual(coder, [val_source]))
    return Texts(tokenizer, coder, train_part, val_part, train, val, val_source)


def _residual(coder: ResidualCoder, found: Iterable[Source]) -> float:
    """Bits that the tokens of a text leave out, which comes in pieces."""
    bits = (coder.bits(source) for source in found)
    return math.fsum(float(residual.sum() + tail) for residual, tail in bits)
