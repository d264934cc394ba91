"""How fast this is, measured in turns with peers in one call.

    python experiments/benchmark.py train         an update: ours beside PyTorch's, share of the peak, memory
    python experiments/benchmark.py race          seconds of training until nanoGPT's loss is reached, by recipe
    python experiments/benchmark.py tokenizers    training and encoding, ours and every installed peer

docs/PERFORMANCE.md says what the figures mean.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from experiments.cli.arguments import new_parser
from numpygpt.commands import require_at_least, run_command

NAMES = ("train", "race", "tokenizers")


def parser() -> argparse.ArgumentParser:
    parser = new_parser("benchmark.py", __doc__)
    parser.description, parser.formatter_class = __doc__, argparse.RawDescriptionHelpFormatter
    parser.add_argument("benchmark", choices=NAMES)
    parser.add_argument("--rounds", type=int, default=4, help="turns that each one takes (default 4)")
    parser.add_argument("--seeds", type=int, default=3, help="race: how many, from 1 on (default 3)")
    parser.add_argument(
        "--updates", type=int, default=160, help="race: the length of our recipe's schedule (default 160)"
    )
    parser.add_argument("--json", type=Path, help="write the rows to this file, too")
    return parser


def benchmark(chosen: argparse.Namespace) -> None:
    require_at_least(1, chosen, "rounds", "seeds", "updates")
    from experiments.benchmarks.suite import run_benchmark

    run_benchmark(chosen)


def main(argv: Sequence[str] | None = None) -> int:
    return run_command(parser(), benchmark, argv)


if __name__ == "__main__":
    sys.exit(main())
