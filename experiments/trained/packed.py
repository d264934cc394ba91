"""The file that compress.py writes and decompress.py reads: a header, and the text's code (`codec.Codec`).

Where the numbers of a model come out otherwise than where the file was written, fingerprints and checksums notice.
"""

import gzip
import hashlib
import lzma
import struct
import zlib
from contextlib import suppress
from dataclasses import astuple, dataclass

from threadpoolctl import threadpool_limits

from experiments.cli.files import decoded, input_name, read_input, require_output, write_output
from experiments.configuration.identity import identity_hash
from experiments.trained.codec import Codec, Predictions
from experiments.trained.load import coder_of, load_model
from numpygpt.errors import UserError
from numpygpt.runs import RunFolder

MAGIC, VERSION = b"\x8eGPT", 3
HEADER = struct.Struct(">4sB4s8sII16s")
CHECK = struct.Struct(">I")
HEADER_BYTES = HEADER.size + CHECK.size
MAX_TEXT_BYTES = (1 << 32) - 1
N_PROBED = 16  # tokens whose predictions are hashed


@dataclass(frozen=True)
class Packed:
    """A file's content. `run` and `numbers` must be the same where it is read (`Packer`)."""

    run: bytes  # (4,)
    numbers: bytes  # (8,)
    n_tokens: int
    n_bytes: int  # of the text in UTF-8
    sha256: bytes  # (16,), the first of the text's
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
            other = f"{name} is in version {version} of the format, not {VERSION}"
            raise UserError(
                f"{other}: use the version of this program that wrote it, or get a good copy of it"
            )
        packed = cls(*(*fields, data[HEADER_BYTES:]))
        if packed.to_bytes() != data:
            raise UserError(damaged)
        return packed

    def require_run(self, run: bytes, name: str) -> None:
        """Raises UserError, naming the file, if another run wrote it."""
        if self.run != run:
            ends = self.run.hex()
            raise UserError(f"{name} was written with another run: name the one whose name ends in {ends}")


@dataclass(frozen=True)
class Packer:
    """Writes and reads files with the codec of a run; `run`: the first of its identity, as its name ends."""

    codec: Codec
    run: bytes

    def pack(self, text: str) -> bytes:
        """The file for a text of at most MAX_TEXT_BYTES bytes; the same text gives the same file."""
        data = text.encode()
        n_tokens, payload = self.codec.encode(text)
        return Packed(self.run, self.numbers(), n_tokens, len(data), _sha256(data), payload).to_bytes()

    def unpack(self, packed: Packed, name: str) -> bytes:
        """The text in UTF-8, checked. Raises UserError, naming the file `name`, if it cannot be restored."""
        packed.require_run(self.run, name)
        if packed.numbers != self.numbers():
            raise UserError(
                f"{name} was written with a tokenizer, weights or arithmetic (processor, NumPy, BLAS, regex) whose "
                "last bits are others here: decompress it where it was written, with the folder that wrote it"
            )
        data = b""
        with suppress(ValueError):
            data = self.codec.decode(packed.payload, packed.n_tokens, packed.n_bytes)
        if len(data) != packed.n_bytes or _sha256(data) != packed.sha256:
            raise UserError(
                f"{name} does not restore to the text that was compressed: this machine computes other last bits, "
                "or the file was tampered with; decompress it where it was written"
            )
        return data

    def numbers(self) -> bytes:
        """The first of a hash of tokenizer, weights (a checkpoint also holds clocks), the residual coder's tables,
        and what this machine computes that the model expects after the first few ids.
        """
        digest = hashlib.sha256(self.codec.tokenizer.fingerprint().encode())
        for name, array in sorted(self.codec.model.state_dict().items()):
            digest.update(name.encode() + array.tobytes())
        for level in self.codec.coder.levels:
            for table in (level.keys, level.share, level.rest):
                digest.update(table.tobytes())
        predictions = Predictions(self.codec.model)
        with threadpool_limits(limits=1, user_api="blas"):
            for id in range(min(N_PROBED, self.codec.tokenizer.vocab_size)):
                digest.update(predictions.after(id).tobytes())
        return digest.digest()[:8]


def _sha256(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()[:16]


def run_fingerprint(run: RunFolder) -> bytes:
    return bytes.fromhex(identity_hash(run.run()["identity"]))[:4]


def load_packer(run: RunFolder) -> Packer:
    """Raises UserError if the run is damaged, or its training text is needed and not to be had."""
    model, tokenizer = load_model(run)
    return Packer(Codec(model, tokenizer, coder_of(run, tokenizer)), run_fingerprint(run))


def compress_file(run: RunFolder, file: str, output: str, force: bool) -> str:
    """Writes the compressed text; returns a line on what it weighs. UserError: no text, or not to be written."""
    require_output(output, file, force)
    data, name = read_input(file), input_name(file)
    if len(data) > MAX_TEXT_BYTES:
        raise UserError(f"{name} has {len(data):,} bytes: cut it into files of at most {MAX_TEXT_BYTES:,}")
    packed = load_packer(run).pack(decoded(data, name))
    write_output(output, packed)
    rate = f", {8 * len(packed) / len(data):.3f} bits per byte" if data else ""
    gz, xz = gzip.compress(data, 9, mtime=0), lzma.compress(data, preset=9 | lzma.PRESET_EXTREME)
    return (
        f"{name}: {len(data):,} bytes, compressed {len(packed):,}{rate} (header of {HEADER_BYTES} included; "
        f"without training text: gzip -9 {len(gz):,}, xz -9e {len(xz):,})"
    )


def decompress_file(run: RunFolder, file: str, output: str, force: bool) -> str:
    """Writes the text; returns a line about it. UserError: it cannot be restored, or not be written."""
    require_output(output, file, force)
    data, name = read_input(file), input_name(file)
    packed = Packed.from_bytes(data, name)
    packed.require_run(run_fingerprint(run), name)  # before the model is loaded
    text = load_packer(run).unpack(packed, name)
    write_output(output, text)
    return f"{name}: {len(data):,} bytes, restored {len(text):,}; the checksum holds"
