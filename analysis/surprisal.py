"""The surprisal map: one passage as several runs read it, each token coloured by the bits that it cost.

python analysis/surprisal.py RUN [RUN ...] [--passage N] [--lines N] [-o map.png]
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from analysis.figures.surprisal_map import LINES, draw_map
from numpygpt.errors import UserError
from numpygpt.printing import print_anything


def main(arguments: Sequence[str] | None = None) -> int:
    """The command; returns its exit status."""
    print_anything()
    parser = argparse.ArgumentParser(
        prog="surprisal.py", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("runs", nargs="+", type=Path, metavar="RUN", help="run folders, or folders of them")
    parser.add_argument("--passage", type=int, default=0, help="which passage, counted from 0 (default: 0)")
    parser.add_argument("--lines", type=int, default=LINES, help=f"lines shown (default: {LINES})")
    parser.add_argument("-o", "--out", type=Path, default=Path("surprisal.png"), help="a .png, .svg or .pdf")
    options = parser.parse_args(arguments)
    try:
        draw_map(options.runs, options.passage, options.lines, options.out)
    except (UserError, OSError, ValueError) as error:
        print(f"surprisal.py: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("surprisal.py: stopped", file=sys.stderr)
        return 130
    print(options.out)
    return 0


if __name__ == "__main__":
    sys.exit(main())
