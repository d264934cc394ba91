"""The work of compress.py and decompress.py: from a file to a file, with a run."""

import gzip
import lzma

from experiments.cli.files import decoded, input_name, read_input, require_output, write_output
from experiments.cli.progress import progress
from experiments.trained.packed import HEADER_BYTES, MAX_TEXT_BYTES, Packed, load_packer, run_fingerprint
from numpygpt.errors import UserError
from numpygpt.runs import RunFolder


def compress_file(run: RunFolder, file: str, output: str, force: bool) -> str:
    """Writes the compressed text; returns a line on what it weighs. UserError: no text, or not to be written."""
    require_output(output, file, force)
    data, name = read_input(file), input_name(file)
    if len(data) > MAX_TEXT_BYTES:
        raise UserError(f"{name} has {len(data):,} bytes: cut it into files of at most {MAX_TEXT_BYTES:,}")
    text = decoded(data, name)
    packed = load_packer(run).pack(text, lambda tokens: progress(tokens, "compressing"))
    write_output(output, packed)
    rate = f", {8 * len(packed) / len(data):.3f} bits per byte" if data else ""
    gz, xz = gzip.compress(data, 9, mtime=0), lzma.compress(data, preset=9 | lzma.PRESET_EXTREME)
    alone = f"gzip -9 {len(gz):,}, xz -9e {len(xz):,}"
    return (
        f"{name}: {len(data):,} bytes, compressed {len(packed):,}{rate} "
        f"(header of {HEADER_BYTES} included; without training text: {alone})"
    )


def decompress_file(run: RunFolder, file: str, output: str, force: bool) -> str:
    """Writes the text; returns a line about it. UserError: it cannot be restored, or not be written."""
    require_output(output, file, force)
    data, name = read_input(file), input_name(file)
    packed = Packed.from_bytes(data, name)
    packed.check(name, run=run_fingerprint(run))  # before the model is loaded
    text = load_packer(run).unpack(packed, name, lambda tokens: progress(tokens, "decompressing"))
    write_output(output, text)
    return f"{name}: {len(data):,} bytes, restored {len(text):,}; the checksum holds"
