"""A text as an arithmetic code of a model's tokens and of what they leave out: as many bits as its scores say.

The first token is coded uniformly over the vocabulary, each later one by what the model expects. Then the residual
coder spells the stretches of source that the ids do not tell, and the tail. That is term by term what
`numpygpt.measures.bits.scores` adds up.

Decoding asks for the very numbers that encoding had. So both ends feed the model one token at a time along the same
path, with BLAS in one thread: a token alone and a token in a batch differ in their last bits, and so do different
processors and libraries.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from threadpoolctl import threadpool_limits

from experiments.cli.progress import progress
from numpygpt.generation import Stepper
from numpygpt.measures.bits.arithmetic import Decoder, Encoder, quantise
from numpygpt.measures.bits.residual import ResidualCoder
from numpygpt.measures.bits.source import TAIL, Source
from numpygpt.models import GPT
from numpygpt.tokenizers import Tokenizer


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

    def encode(self, text: str) -> tuple[int, bytes]:
        """The number of tokens of `text`, and the code from which `decode` restores it.

        AssertionError: the tokenizer's spans do not tile the text, or an exact token's is not what the ids tell.
        """
        source = Source(text, *self.tokenizer.spans(text))
        source.check(self.tokenizer.stretches(source.ids), self.coder.exact)
        encoder, predictions = Encoder(), Predictions(self.model)
        frequencies = predictions.first
        with threadpool_limits(limits=1, user_api="blas"):
            for id in progress(source.ids.tolist(), "compressing"):
                encoder.encode(id, frequencies)
                frequencies = predictions.after(id)
        charged = np.flatnonzero(~self.coder.exact[source.ids])
        for stretch in (*source.stretches(charged), source.tail_stretch):
            self.coder.encode(encoder, *stretch)
        return len(source.ids), encoder.finish()

    def decode(self, payload: bytes, n_tokens: int, n_bytes: int) -> bytes:
        """The text of `n_tokens` tokens and a tail, in UTF-8. ValueError: it comes to more than `n_bytes`."""
        decoder, predictions = Decoder(payload), Predictions(self.model)
        frequencies, ids = predictions.first, []
        with threadpool_limits(limits=1, user_api="blas"):
            for _ in progress(range(n_tokens), "decompressing"):
                ids.append(decoder.decode(frequencies))
                frequencies = predictions.after(ids[-1])
        out = bytearray()
        for z, told in zip([*ids, TAIL], [*self.tokenizer.stretches(ids), b""], strict=True):
            if self.coder.charges(z):
                c = out[-4:].decode("utf-8", errors="ignore")[-1:] or "\n"
                out += self.coder.decode(decoder, z, c, n_bytes - len(out)).encode()
            else:
                out += told
            if len(out) > n_bytes:
                raise ValueError("the text is longer than the header says")
        return bytes(out)
