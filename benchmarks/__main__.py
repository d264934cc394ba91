"""How fast this is, measured in turns with peers in one call.

    python -m benchmarks train         an update: ours beside PyTorch's, share of the peak, memory
    python -m benchmarks race          seconds of training until nanoGPT's loss is reached, by recipe
    python -m benchmarks tokenizers    training and encoding, ours and every installed peer

docs/PERFORMANCE.md says what the figures mean.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from benchmarks.suite import BENCHMARKS, run_benchmark
from numpygpt.commands import run_command


def parser() -> argparse.ArgumentParser:
    formatter = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(prog="benchmarks", description=__doc__, formatter_class=formatter)
    parser.add_argument("benchmark", choices=BENCHMARKS)
    parser.add_argument("--rounds", type=int, default=4, help="turns that each one takes (default 4)")
    parser.add_argument("--seeds", type=int, default=3, help="race: how many, from 1 on (default 3)")
    parser.add_argument("--json", type=Path, help="write the rows to this file, too")
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    return run_command(parser(), run_benchmark, argv)


if __name__ == "__main__":
    sys.exit(main())
