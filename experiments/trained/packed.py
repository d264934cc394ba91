"""The file that compress.py writes and decompress.py reads.

    header   49 bytes: what wrote the file, and how long the text is and what it hashes to (`Packed`)
    payload  the text's code (`codec.Codec`)

Where the numbers of a model come out otherwise than where the file was written, fingerprints and checksums notice.
"""

import hashlib
import struct
import zlib
from dataclasses import astuple, dataclass
from typing import Any

from threadpoolctl import threadpool_limits

from experiments.configuration.identity import identity_hash
from experiments.trained.codec import Codec, Predictions, Progress
from experiments.trained.corpus import coder_of
from experiments.trained.load import load_model
from numpygpt.errors import UserError
from numpygpt.models import GPT
from numpygpt.runs import RunFolder

MAGIC, VERSION = b"\x8eGPT", 1
HEADER = struct.Struct(">4sB4s4s4s4sII16s")
CHECK = struct.Struct(">I")
HEADER_BYTES = HEADER.size + CHECK.size
MAX_TEXT_BYTES = (1 << 32) - 1
N_PROBED = 16  # tokens whose predictions are hashed


@dataclass(frozen=True)
class Packed:
    """A file's content. First what both ends must have alike, 4 bytes each:

    run: the first of the run's identity, in hexadecimal the end of its name.   tokenizer, weights: of their sha256.
    arithmetic: of numbers as this machine computes them, which depend on the processor and on the libraries.
    Then the text's: n_tokens, n_bytes in UTF-8, the first 16 bytes of its sha256, and its code.
    """

    run: bytes
    tokenizer: bytes
    weights: bytes
    arithmetic: bytes
    n_tokens: int
    n_bytes: int
    sha256: bytes
    payload: bytes

    def to_bytes(self) -> bytes:
        """Header, CRC-32 of all the rest, payload."""
        *fields, payload = astuple(self)
        header = HEADER.pack(MAGIC, VERSION, *fields)
        return header + CHECK.pack(zlib.crc32(payload, zlib.crc32(header))) + payload

    @classmethod
    def from_bytes(cls, data: bytes, name: str) -> "Packed":
        """Raises UserError, naming the file `name`, for anything but what `to_bytes` gave."""
        if data[: len(MAGIC)] != MAGIC[: len(data)] or not data:
            raise UserError(f"{name} was not written by compress.py: name a file that was")
        damaged = f"{name} is damaged or cut short: get a good copy of it"
        if len(data) < HEADER_BYTES:
            raise UserError(damaged)
        _, version, *fields = HEADER.unpack_from(data)
        if version != VERSION:
            raise UserError(
                f"{name} is in version {version} of the format, not {VERSION}: "
                "use the version of this program that wrote it, or get a good copy of it"
            )
        packed = cls(*(*fields, data[HEADER_BYTES:]))
        if packed.to_bytes() != data:
            raise UserError(damaged)
        return packed

    def check(self, name: str, **own: bytes) -> None:
        """Raises UserError, naming the file, at the first of its fields that differs from our own."""
        wrong = next((key for key, value in own.items() if value != getattr(self, key)), None)
        if wrong == "run":
            raise UserError(
                f"{name} was written with another run: name the one whose name ends in {self.run.hex()}"
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
    """Writes and reads files with a codec; `run`: the fingerprint of its run."""

    codec: Codec
    run: bytes

    def pack(self, text: str, progress: Progress = iter) -> bytes:
        """The file for a text of at most MAX_TEXT_BYTES bytes; the same text gives the same file."""
        data = text.encode()
        n_tokens, payload = self.codec.encode(text, progress)
        return Packed(
            **self.fingerprints(), n_tokens=n_tokens, n_bytes=len(data), sha256=_sha256(data), payload=payload
        ).to_bytes()

    def unpack(self, packed: Packed, name: str, progress: Progress = iter) -> bytes:
        """The text in UTF-8, checked. Raises UserError, naming the file `name`, if it cannot be restored."""
        packed.check(name, **self.fingerprints())
        try:
            data = self.codec.decode(packed.payload, packed.n_tokens, packed.n_bytes, progress)
        except ValueError:
            data = None
        if data is None or len(data) != packed.n_bytes or _sha256(data) != packed.sha256:
            raise UserError(
                f"{name} does not restore to the text that was compressed: this machine computes other last bits, "
                "or the file was tampered with; decompress it where it was written"
            )
        return data

    def fingerprints(self) -> dict[str, Any]:
        """The first fields of Packed."""
        return {
            "run": self.run,
            "tokenizer": bytes.fromhex(self.codec.tokenizer.fingerprint())[:4],
            "weights": _weights(self.codec.model),
            "arithmetic": _arithmetic(self.codec),
        }


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
        for id in range(min(N_PROBED, codec.tokenizer.vocab_size)):
            crc = zlib.crc32(predictions.after(id).tobytes(), crc)
    return CHECK.pack(crc)


def run_fingerprint(run: RunFolder) -> bytes:
    return bytes.fromhex(identity_hash(run.run()["identity"]))[:4]


def load_packer(run: RunFolder) -> Packer:
    """Raises UserError if the run is damaged, or its training text is needed and not to be had."""
    model, tokenizer = load_model(run)
    return Packer(Codec(model, tokenizer, coder_of(run, tokenizer)), run_fingerprint(run))
