"""A text as an arithmetic code of a model's tokens and of what they leave out: as many bits as its scores say.

The first token is coded uniformly over the vocabulary, each later one by what the model expects, and after each
token that does not always stand for its own text its stretch of source is spelled by the residual coder; after the
last one comes the tail. That is term by term what `numpygpt.measures.bits.scores` adds up.

Decoding asks for the very numbers that encoding had. So both ends feed the model one token at a time along the same
path, with BLAS in one thread: a token alone and a token in a batch differ in their last bits, and so do different
processors and libraries.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from threadpoolctl import threadpool_limits

from numpygpt.generation import Stepper
from numpygpt.measures.bits.arithmetic import Decoder, Encoder, quantise
from numpygpt.measures.bits.residual import ResidualCoder
from numpygpt.measures.bits.source import TAIL, Source
from numpygpt.models import GPT
from numpygpt.tokenizers import Tokenizer

Progress = Callable[[Iterable[int]], Iterable[int]]
"""Passes on what it is given, and may show how far it has come."""


class Predictions:
    """What a model expects next, as integer frequencies (V,): the one path that both ends follow."""

    def __init__(self, model: GPT) -> None:
        self.first = np.ones(model.config.vocab_size, np.int64)
        self._stepper = Stepper(model)

    def after(self, id: int) -> npt.NDArray[np.int64]:
        """Of the token that follows `id`, which follows all those given before."""
        logits = self._stepper.feed(np.array([id]))[0].astype(np.float64)
        p = np.exp(logits - logits.max())
        return quantise(p / p.sum())


@dataclass(frozen=True)
class Codec:
    """A model with its tokenizer, and the residual coder that was fitted on the same training text."""

    model: GPT
    tokenizer: Tokenizer
    coder: ResidualCoder

    def encode(self, text: str, progress: Progress = iter) -> tuple[int, bytes]:
        """The number of tokens of `text`, and the code from which `decode` restores it.

        AssertionError: the tokenizer's spans do not tile the text, or an exact token's is not its own text.
        """
        source = Source(text, *self.tokenizer.spans(text))
        source.check(self.coder.own_bytes, self.coder.exact)
        charged = source.stretches(np.flatnonzero(~self.coder.exact[source.ids]))
        encoder, predictions = Encoder(), Predictions(self.model)
        frequencies = predictions.first
        with threadpool_limits(limits=1, user_api="blas"):
            for id in progress(source.ids.tolist()):
                encoder.encode(id, frequencies)
                if self.coder.charges(id):
                    self.coder.encode(encoder, *next(charged))
                frequencies = predictions.after(id)
        self.coder.encode(encoder, *source.tail_stretch)
        return len(source.ids), encoder.finish()

    def decode(self, payload: bytes, n_tokens: int, n_bytes: int, progress: Progress = iter) -> bytes:
        """The text of `n_tokens` tokens and a tail, in UTF-8. ValueError: it comes to more than `n_bytes`."""
        decoder, predictions, out = Decoder(payload), Predictions(self.model), bytearray()
        frequencies = predictions.first
        with threadpool_limits(limits=1, user_api="blas"):
            for _ in progress(range(n_tokens)):
                id = decoder.decode(frequencies)
                out += self._stretch(decoder, id, out, n_bytes - len(out))
                frequencies = predictions.after(id)
        return bytes(out + self._stretch(decoder, TAIL, out, n_bytes - len(out)))

    def _stretch(self, decoder: Decoder, z: int, before: bytearray, max_bytes: int) -> bytes:
        """The source that token z (or TAIL) stands for after the text `before`, at most `max_bytes` bytes."""
        if self.coder.charges(z):
            c = before[-4:].decode("utf-8", errors="ignore")[-1:] or "\n"
            stretch = self.coder.decode(decoder, z, c, max_bytes).encode()
        else:
            stretch = b"" if z == TAIL else self.coder.own_bytes[z] or b""
        if len(stretch) > max_bytes:
            raise ValueError("the text is longer than the header says")
        return stretch
