"""The file that compress.py writes and decompress.py reads: a text in as many bits as its run's scores say.

    header   49 bytes: what wrote the file, and how long the text is and what it hashes to (`Packed`)
    payload  an arithmetic code of the tokens and of what they leave out (`Codec`)

The first token is coded uniformly over the vocabulary, each later one by what the model expects, and after each
token that does not always stand for its own text its stretch of source is spelled by the residual coder; after the
last one comes the tail. That is term by term what `numpygpt.measures.bits.scores` adds up.

Decoding asks for the very numbers that encoding had. So both ends feed the model one token at a time along the same
path, with BLAS in one thread: a token alone and a token in a batch differ in their last bits, and so do different
processors and libraries. Where the numbers still come out otherwise, marks and checksums notice.
"""

from __future__ import annotations

import hashlib
import struct
import zlib
from collections.abc import Callable, Iterable
from dataclasses import astuple, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from threadpoolctl import threadpool_limits

from experiments.configuration.build import corpus_parts
from experiments.configuration.identity import identity_hash
from experiments.runner.texts import fit_coder
from experiments.sample import load_model
from numpygpt.data import Part, resolve
from numpygpt.errors import UserError
from numpygpt.generation import Stepper
from numpygpt.measures.bits.arithmetic import Decoder, Encoder, quantise
from numpygpt.measures.bits.residual import ResidualCoder
from numpygpt.measures.bits.source import TAIL, Source
from numpygpt.models import GPT
from numpygpt.runs import RunFolder
from numpygpt.tokenizers import Tokenizer

Watch = Callable[[Iterable[int]], Iterable[int]]
"""Passes on what it is given, and may show how far it has come."""

MAGIC, VERSION = b"\x8eGPT", 1
HEADER = struct.Struct(">4sB4s4s4s4sII16s")
CHECK = struct.Struct(">I")
HEADER_BYTES = HEADER.size + CHECK.size
LONGEST = (1 << 32) - 1  # bytes of text
PROBED = 16  # tokens


# ---------------------------------------------------------------------- the code


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

    def encode(self, text: str, watch: Watch = iter) -> tuple[int, bytes]:
        """The number of tokens of `text`, and the code from which `decode` restores it.

        AssertionError: the tokenizer's spans do not tile the text, or an exact token's is not its own text.
        """
        source = Source(text, *self.tokenizer.spans(text))
        source.check(self.coder.own_bytes, self.coder.exact)
        charged = source.stretches(np.flatnonzero(~self.coder.exact[source.ids]))
        encoder, predictions = Encoder(), Predictions(self.model)
        frequencies = predictions.first
        with threadpool_limits(limits=1, user_api="blas"):
            for id in watch(source.ids.tolist()):
                encoder.encode(id, frequencies)
                if self.coder.charges(id):
                    self.coder.encode(encoder, *next(charged))
                frequencies = predictions.after(id)
        self.coder.encode(encoder, *source.tail_stretch)
        return len(source.ids), encoder.finish()

    def decode(self, payload: bytes, n_tokens: int, n_bytes: int, watch: Watch = iter) -> bytes:
        """The text of `n_tokens` tokens and a tail, in UTF-8. ValueError: it comes to more than `n_bytes`."""
        decoder, predictions, out = Decoder(payload), Predictions(self.model), bytearray()
        frequencies = predictions.first
        with threadpool_limits(limits=1, user_api="blas"):
            for _ in watch(range(n_tokens)):
                id = decoder.decode(frequencies)
                out += self._stretch(decoder, id, out, n_bytes - len(out))
                frequencies = predictions.after(id)
        return bytes(out + self._stretch(decoder, TAIL, out, n_bytes - len(out)))

    def _stretch(self, decoder: Decoder, z: int, before: bytearray, longest: int) -> bytes:
        """The source that token z (or TAIL) stands for after the text `before`, at most `longest` bytes."""
        if self.coder.charges(z):
            c = before[-4:].decode("utf-8", errors="ignore")[-1:] or "\n"
            stretch = self.coder.decode(decoder, z, c, longest).encode()
        else:
            stretch = b"" if z == TAIL else self.coder.own_bytes[z] or b""
        if len(stretch) > longest:
            raise ValueError("the text is longer than the header says")
        return stretch


# ---------------------------------------------------------------------- the file


@dataclass(frozen=True)
class Marks:
    """What both ends must have alike, 4 bytes each.

    run: the first of the run's identity, in hexadecimal the end of its name.   tokenizer, weights: of their sha256.
    arithmetic: of numbers as this machine computes them, which depend on the processor and on the libraries.
    """

    run: bytes
    tokenizer: bytes
    weights: bytes
    arithmetic: bytes


@dataclass(frozen=True)
class Packed:
    """A file's content. sha256: the first 16 bytes of the text's; n_bytes: of the text, in UTF-8."""

    marks: Marks
    n_tokens: int
    n_bytes: int
    sha256: bytes
    payload: bytes

    def to_bytes(self) -> bytes:
        """Header, CRC-32 of all the rest, payload."""
        header = HEADER.pack(MAGIC, VERSION, *astuple(self.marks), self.n_tokens, self.n_bytes, self.sha256)
        return header + CHECK.pack(zlib.crc32(self.payload, zlib.crc32(header))) + self.payload

    @classmethod
    def from_bytes(cls, data: bytes, name: str) -> Packed:
        """Raises UserError, naming the file `name`, for anything but what `to_bytes` gave."""
        if data[: len(MAGIC)] != MAGIC[: len(data)] or not data:
            raise UserError(f"{name} was not written by compress.py: name a file that was")
        damaged = f"{name} is damaged or cut short: get a good copy of it"
        if len(data) < HEADER_BYTES:
            raise UserError(damaged)
        _, version, *marks, n_tokens, n_bytes, sha256 = HEADER.unpack_from(data)
        if version != VERSION:
            raise UserError(
                f"{name} is in version {version} of the format, not {VERSION}: "
                "use the version of this program that wrote it, or get a good copy of it"
            )
        packed = cls(Marks(*marks), n_tokens, n_bytes, sha256, data[HEADER_BYTES:])
        if packed.to_bytes() != data:
            raise UserError(damaged)
        return packed

    def check(self, name: str, **own: bytes) -> None:
        """Raises UserError, naming the file, at the first of `own` (fields of Marks) that is another here."""
        wrong = next((key for key, mark in own.items() if mark != getattr(self.marks, key)), None)
        if wrong == "run":
            raise UserError(
                f"{name} was written with another run: name the one whose name ends in {self.marks.run.hex()}"
            )
        if wrong == "arithmetic":
            raise UserError(
                f"{name} was written where numbers have other last bits (another processor, NumPy, BLAS or regex): "
                "decompress it there"
            )
        if wrong:
            raise UserError(
                f"{name} was written with other {wrong} than this run folder holds: "
                "use the folder that wrote it, for the same run trained elsewhere may come out otherwise"
            )


@dataclass(frozen=True)
class Packer:
    """Writes and reads files with a codec; `run`: the mark of its run."""

    codec: Codec
    run: bytes

    def pack(self, text: str, watch: Watch = iter) -> bytes:
        """The file for a text of at most LONGEST bytes; the same text gives the same file."""
        data = text.encode()
        n_tokens, payload = self.codec.encode(text, watch)
        return Packed(self.marks(), n_tokens, len(data), _sha256(data), payload).to_bytes()

    def unpack(self, packed: Packed, name: str, watch: Watch = iter) -> bytes:
        """The text in UTF-8, checked. Raises UserError, naming the file `name`, if it cannot be restored."""
        packed.check(name, **vars(self.marks()))
        try:
            data = self.codec.decode(packed.payload, packed.n_tokens, packed.n_bytes, watch)
        except ValueError:
            data = None
        if data is None or len(data) != packed.n_bytes or _sha256(data) != packed.sha256:
            raise UserError(
                f"{name} does not restore to the text that was compressed: this machine computes other last bits, "
                "or the file was tampered with; decompress it where it was written"
            )
        return data

    def marks(self) -> Marks:
        tokenizer = bytes.fromhex(self.codec.tokenizer.fingerprint())[:4]
        return Marks(self.run, tokenizer, _weights(self.codec.model), _arithmetic(self.codec))


def _sha256(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()[:16]


def _weights(model: GPT) -> bytes:
    """Of the weights alone: a checkpoint also holds clocks."""
    digest = hashlib.sha256()
    for name, array in sorted(model.state_dict().items()):
        digest.update(name.encode() + array.tobytes())
    return digest.digest()[:4]


def _arithmetic(codec: Codec) -> bytes:
    """CRC-32 of the residual coder's tables and of what the model expects after the first few ids."""
    crc, predictions = 0, Predictions(codec.model)
    for level in codec.coder.levels:
        for table in (level.keys, level.share, level.rest):
            crc = zlib.crc32(table.tobytes(), crc)
    with threadpool_limits(limits=1, user_api="blas"):
        for id in range(min(PROBED, codec.tokenizer.vocab_size)):
            crc = zlib.crc32(predictions.after(id).tobytes(), crc)
    return CHECK.pack(crc)


# ---------------------------------------------------------------------- from a run folder


def run_mark(run: RunFolder) -> bytes:
    return bytes.fromhex(identity_hash(run.run()["identity"]))[:4]


def load_packer(run: RunFolder) -> Packer:
    """Raises UserError if the run is damaged, or its training text is needed and not to be had."""
    model, tokenizer = load_model(run)
    return Packer(Codec(model, tokenizer, coder_of(run, tokenizer)), run_mark(run))


def coder_of(run: RunFolder, tokenizer: Tokenizer) -> ResidualCoder:
    """The run's residual coder, fitted anew. Raises UserError if its training text is needed and not to be had."""
    if tokenizer.lossless:
        return ResidualCoder(tokenizer)
    return fit_coder(_training_part(run, tokenizer.losses), tokenizer)


def _training_part(run: RunFolder, losses: str) -> Part:
    """Raises UserError unless it is the very same text."""
    record: dict[str, Any] = run.run()
    data, sha256 = record["config"]["data"], record["corpus"]["sha256"]
    try:
        corpus = resolve(data["kind"], data["path"])
    except UserError as error:
        raise UserError(_needed(run, losses, "cannot be read", data)) from error
    if corpus.sha256 != sha256:
        raise UserError(_needed(run, losses, f"is another by now (its sha256 was {sha256})", data))
    return corpus_parts(corpus, data)[0]


def _needed(run: RunFolder, losses: str, fault: str, data: dict[str, Any]) -> str:
    place = {
        "shakespeare": "connect to the network, or set NUMPYGPT_DATA to a folder that holds shakespeare.txt",
        "pydoc": "use the version of Python with which the run was trained",
    }.get(data["kind"], f"put it back at {data['path']}")
    return f"the training text of the run {run.name} {fault}, and is needed because its tokenizer {losses}: {place}"
