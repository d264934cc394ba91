# ruff: noqa: E402  (threads are set before NumPy is imported)
"""A text file in as many bits as a trained model says: `python experiments/compress.py RUN FILE -o OUT`.

decompress.py restores it byte for byte, with the same run on the same machine, whatever the tokenizer throws away:
what a run's tables call bits per byte can be weighed. RUN is a run folder, or (the beginning of) a run's name
under outputs/; `-` stands for standard input and output.
"""

import os

for _name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS"):
    os.environ.setdefault(_name, "1")

import argparse
import gzip
import lzma
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from experiments.sample import find_run
from experiments.trained.codec import HEADER_BYTES, LONGEST, Watch, load_packer
from numpygpt.errors import UserError
from numpygpt.files import read_bytes, replacing, require_writable
from numpygpt.printing import print_anything
from numpygpt.runs import RunFolder

PIPE = "-"
Work = Callable[[RunFolder, bytes, str], tuple[bytes, str]]
"""From a run, a file's bytes and its name to the bytes to be written and a line about them."""


def compress(run: RunFolder, data: bytes, name: str) -> tuple[bytes, str]:
    """The compressed file, and what it weighs. Raises UserError if `data` is no text."""
    if len(data) > LONGEST:
        raise UserError(f"{name} has {len(data):,} bytes: cut it into files of at most {LONGEST:,}")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise UserError(
            f"{name} is not UTF-8 text (byte {error.start}), and the model knows no other: "
            "convert it, for example with iconv, or use a general compressor"
        ) from error
    packed = load_packer(run).pack(text, watch("compressing"))
    return packed, summary(data, packed, name)


def summary(data: bytes, packed: bytes, name: str) -> str:
    rate = f", {8 * len(packed) / len(data):.3f} bits per byte" if data else ""
    alone = f"gzip -9 {len(gzip.compress(data, 9, mtime=0)):,}, xz -9e {len(_xz(data)):,}"
    return (
        f"{name}: {len(data):,} bytes, compressed {len(packed):,}{rate} "
        f"(header of {HEADER_BYTES} included; without training text: {alone})"
    )


def _xz(data: bytes) -> bytes:
    return lzma.compress(data, preset=9 | lzma.PRESET_EXTREME)


# ---------------------------------------------------------------------- what both commands do alike


def watch(what: str) -> Watch:
    """A bar on standard error, if that is a terminal."""
    from rich.console import Console
    from rich.progress import track

    def watched(items: Iterable[int]) -> Iterable[int]:
        console = Console(stderr=True)
        if not console.is_terminal:
            return items
        return track(items, description=what, console=console, transient=True)

    return watched


def carry_out(work: Work, program: str, description: str, argv: Sequence[str] | None) -> int:
    """Reads, works, writes, says so. Exit codes: 0 done, 2 refused, 130 stopped; OUT is whole or as it was."""
    print_anything()
    parser = argparse.ArgumentParser(prog=program, description=description)
    parser.add_argument("run", help="a run folder, or (the beginning of) a run's name under outputs/")
    parser.add_argument("file", metavar="FILE", help="the file to read; - for standard input")
    parser.add_argument(
        "-o", "--output", required=True, metavar="OUT", help="the file to write; - for standard output"
    )
    parser.add_argument("--force", action="store_true", help="replace OUT if it exists")
    chosen = parser.parse_args(argv)
    try:
        check_output(chosen.output, chosen.file, chosen.force)
        name = "standard input" if chosen.file == PIPE else chosen.file
        written, line = work(find_run(chosen.run), read(chosen.file), name)
        write(chosen.output, written)
        print(line, file=sys.stderr)
    except UserError as error:
        print(f"{program}: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print(f"{program}: stopped, nothing was written", file=sys.stderr)
        return 130
    except BrokenPipeError:  # `| head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0


def check_output(output: str, file: str, force: bool) -> None:
    """Raises UserError, before any work, if the result could not or must not be written there."""
    path = Path(output)
    if output == PIPE:
        return
    if path.exists():
        if not path.is_file():
            raise UserError(f"{output} is no ordinary file: name another, or - for standard output")
        if file != PIPE and Path(file).exists() and path.samefile(file):
            raise UserError(f"{output} is the file that is read: name another one to be written")
        if not force:
            raise UserError(f"{output} exists already: add --force to replace it, or name another file")
    if not path.parent.is_dir():
        raise UserError(f"{output} cannot be written: name a file in a folder that exists")
    require_writable(path.resolve().parent, "-o")


def read(file: str) -> bytes:
    try:
        return sys.stdin.buffer.read() if file == PIPE else read_bytes(file, pipes=True)
    except OSError as error:
        raise UserError(f"{file} cannot be read ({error.strerror}): name a file that can be read") from error


def write(output: str, data: bytes) -> None:
    if output == PIPE:
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
        return
    with replacing(Path(output).resolve()) as temporary:  # what a link points to, not the link
        temporary.write_bytes(data)


def main(argv: Sequence[str] | None = None) -> int:
    return carry_out(compress, "compress.py", "Compress a text file with a trained model.", argv)


if __name__ == "__main__":
    sys.exit(main())
