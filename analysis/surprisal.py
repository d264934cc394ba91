"""The surprisal map: one passage as several runs read it, each token coloured by the bits that it cost.

python analysis/surprisal.py RUN [RUN ...] [--passage N] [--lines N] [-o map.png]
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from analysis.figures.surprisal_map import LINES, draw_map
from numpygpt.commands import run_command


def surprisal(options: argparse.Namespace) -> None:
    draw_map(options.runs, options.passage, options.lines, options.out)
    print(options.out)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="surprisal.py", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("runs", nargs="+", type=Path, metavar="RUN", help="run folders, or folders of them")
    parser.add_argument("--passage", type=int, default=0, help="which passage, counted from 0 (default: 0)")
    parser.add_argument("--lines", type=int, default=LINES, help=f"lines shown (default: {LINES})")
    parser.add_argument("-o", "--out", type=Path, default=Path("surprisal.png"), help="a .png, .svg or .pdf")
    return run_command(parser, surprisal, arguments)


if __name__ == "__main__":
    sys.exit(main())
