"""A text file in as many bits as a trained model says: `python experiments/compress.py RUN FILE -o OUT`.

decompress.py restores it byte for byte, with the same run on the same machine, whatever the tokenizer throws away:
what a run's tables call bits per byte can be weighed. RUN is a run folder, or (the beginning of) a run's name
under outputs/; `-` stands for standard input and output.
"""

import argparse
import sys
from collections.abc import Sequence

from experiments.cli.arguments import file_parser
from numpygpt.commands import run_command
from numpygpt.runs import find_run


def compress(chosen: argparse.Namespace) -> None:
    from experiments.trained.packed import compress_file

    print(compress_file(find_run(chosen.run), chosen.file, chosen.output, chosen.force), file=sys.stderr)


def main(argv: Sequence[str] | None = None) -> int:
    """Exit codes: 0 done, 2 refused, 130 stopped; OUT is whole or as it was."""
    return run_command(file_parser("compress.py", __doc__), compress, argv)


if __name__ == "__main__":
    sys.exit(main())
