"""The file that compress.py writes and decompress.py reads: a header, and the text's code (`codec.Codec`).

Where the numbers of a model come out otherwise than where the file was written, the text's checksum notices.
"""

import hashlib
import struct
import zlib
from contextlib import suppress
from dataclasses import astuple, dataclass

from experiments.cli.files import decoded, input_name, read_input, require_output, write_output
from experiments.configuration.identity import identity_hash
from experiments.trained.codec import Codec
from experiments.trained.load import coder_of, load_model
from numpygpt.errors import UserError
from numpygpt.runs import RunFolder

MAGIC, VERSION = b"\x8eGPT", 4
HEADER = struct.Struct(">4sB4sQQ16s")
CHECK = struct.Struct(">I")
HEADER_BYTES = HEADER.size + CHECK.size


@dataclass(frozen=True)
class Packed:
    """A file's content."""

    run: bytes  # (4,), the first of the identity of the run, as its name ends
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
            raise UserError(
                f"{name} is in version {version} of the format, not {VERSION}: use the version of this program "
                "that wrote it, or get a good copy of it"
            )
        packed = cls(*(*fields, data[HEADER_BYTES:]))
        if packed.to_bytes() != data:
            raise UserError(damaged)
        return packed


def pack(codec: Codec, run: bytes, text: str) -> bytes:
    """The file for a text; the same text gives the same file."""
    data = text.encode()
    n_tokens, payload = codec.encode(text)
    return Packed(run, n_tokens, len(data), _sha256(data), payload).to_bytes()


def unpack(codec: Codec, packed: Packed, name: str) -> bytes:
    """The text in UTF-8, checked. Raises UserError, naming the file `name`, if it cannot be restored."""
    data = b""
    with suppress(ValueError):
        data = codec.decode(packed.payload, packed.n_tokens, packed.n_bytes)
    if len(data) != packed.n_bytes or _sha256(data) != packed.sha256:
        raise UserError(
            f"{name} does not restore to the text that was compressed: it was written with a tokenizer, weights or "
            "arithmetic (processor, NumPy, BLAS, regex) whose last bits are others here, or was tampered with; "
            "decompress it where it was written, with the folder that wrote it"
        )
    return data


def _sha256(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()[:16]


def run_fingerprint(run: RunFolder) -> bytes:
    return bytes.fromhex(identity_hash(run.run()["identity"]))[:4]


def load_codec(run: RunFolder) -> Codec:
    """Raises UserError if the run is damaged, or its training text is needed and not to be had."""
    model, tokenizer = load_model(run)
    return Codec(model, tokenizer, coder_of(run, tokenizer))


def compress_file(run: RunFolder, file: str, output: str, force: bool) -> str:
    """Writes the compressed text; returns a line on what it weighs. UserError: no text, or not to be written."""
    require_output(output, file, force)
    data, name = read_input(file), input_name(file)
    packed = pack(load_codec(run), run_fingerprint(run), decoded(data, name))
    write_output(output, packed)
    rate = f", {8 * len(packed) / len(data):.3f} bits per byte" if data else ""
    return f"{name}: {len(data):,} bytes, compressed {len(packed):,}{rate}, header included"


def decompress_file(run: RunFolder, file: str, output: str, force: bool) -> str:
    """Writes the text; returns a line about it. UserError: it cannot be restored, or not be written."""
    require_output(output, file, force)
    data, name = read_input(file), input_name(file)
    packed = Packed.from_bytes(data, name)
    if packed.run != run_fingerprint(run):
        ends = packed.run.hex()
        raise UserError(f"{name} was written with another run: name the one whose name ends in {ends}")
    text = unpack(load_codec(run), packed, name)
    write_output(output, text)
    return f"{name}: {len(data):,} bytes, restored {len(text):,}; the checksum holds"
