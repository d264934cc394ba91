"""The text that compress.py compressed, byte for byte: `python experiments/decompress.py RUN FILE -o OUT`.

OUT is written only when its checksum holds: another run, a damaged file or a machine that computes otherwise is an
error and never a wrong text.
"""

import argparse
import sys
from collections.abc import Sequence

from experiments.cli.arguments import file_parser
from numpygpt.commands import run_command
from numpygpt.runs import find_run


def decompress(chosen: argparse.Namespace) -> None:
    from experiments.trained.packed import decompress_file

    print(decompress_file(find_run(chosen.run), chosen.file, chosen.output, chosen.force), file=sys.stderr)


def main(argv: Sequence[str] | None = None) -> int:
    """Exit codes: 0 done, 2 refused, 130 stopped; OUT is whole or as it was."""
    return run_command(file_parser("decompress.py", __doc__), decompress, argv)


if __name__ == "__main__":
    sys.exit(main())
