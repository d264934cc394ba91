"""Packs the finished runs of a study into one file, without weights, from which a report can be made anywhere.

    python analysis/pack.py STUDY [-o docs/results/STUDY.jsonl]

All evaluations are kept, and every tenth of the logged updates; passages and samples for the lowest seed of each
setting, but not passages that a user added with score.py. Folders of the machine are left out.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from analysis.records.packed import pack
from numpygpt.errors import UserError
from numpygpt.printing import print_anything


def main(arguments: Sequence[str] | None = None) -> int:
    """The command; returns its exit status."""
    print_anything()
    parser = argparse.ArgumentParser(
        prog="pack.py", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("study", type=Path, metavar="STUDY", help="a folder of runs, as under outputs/")
    parser.add_argument("-o", "--out", type=Path, help="the file (default: STUDY.jsonl beside the study)")
    options = parser.parse_args(arguments)
    out = options.out or options.study.resolve().with_suffix(".jsonl")
    try:
        number = pack(options.study, out)
    except (UserError, OSError) as error:
        print(f"pack.py: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("pack.py: stopped", file=sys.stderr)
        return 130
    print(f"packed {number} runs into {out}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
