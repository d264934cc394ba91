"""How fast this is, measured in turns with peers in one call.

    python experiments/benchmark.py train                   training steps: this project, and PyTorch if installed
    python experiments/benchmark.py generate                tokens per second, one prompt
    python experiments/benchmark.py memory                  peak memory of a training process
    python experiments/benchmark.py scaling                 how time grows with width, depth, batch and so on
    python experiments/benchmark.py tokenizers              training and encoding, ours and every installed peer
    python experiments/benchmark.py race                    seconds of training until a loss is reached, by recipe

Options: --against torch|none, --rounds N, --seeds N, --updates N, --json FILE. See docs/PERFORMANCE.md for what the
figures mean.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from experiments.cli.arguments import new_parser
from numpygpt.commands import require_at_least, run_command


def parser() -> argparse.ArgumentParser:
    parser = new_parser("benchmark.py", __doc__)
    parser.description, parser.formatter_class = __doc__, argparse.RawDescriptionHelpFormatter
    names = ("train", "generate", "memory", "scaling", "tokenizers", "race")
    parser.add_argument("benchmark", choices=names)
    parser.add_argument(
        "--against", choices=["torch", "none"], default="torch", help="of train, generate, memory and race"
    )
    parser.add_argument(
        "--rounds", type=int, default=4, help="turns that each implementation takes (default 4; memory: one)"
    )
    parser.add_argument("--seeds", type=int, default=3, help="race: how many, from 1 on (default 3)")
    parser.add_argument(
        "--updates", type=int, default=160, help="race: the length of our recipe's schedule (default 160)"
    )
    parser.add_argument("--json", type=Path, help="write the rows to this file, too")
    return parser


def benchmark(chosen: argparse.Namespace) -> None:
    require_at_least(1, chosen, "rounds", "seeds", "updates")
    from experiments.benchmarks.suite import run_benchmark

    run_benchmark(chosen.benchmark, chosen.against, chosen.rounds, chosen.seeds, chosen.updates, chosen.json)


def main(argv: Sequence[str] | None = None) -> int:
    return run_command(parser(), benchmark, argv)


if __name__ == "__main__":
    sys.exit(main())
