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
from numpygpt.commands import run_command


def pack_study(options: argparse.Namespace) -> None:
    study = options.study.resolve()
    out = options.out or study.with_name(f"{study.name}.jsonl")
    print(f"packed {pack(options.study, out)} runs into {out}")


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="pack.py", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("study", type=Path, metavar="STUDY", help="a folder of runs, as under outputs/")
    parser.add_argument("-o", "--out", type=Path, help="the file (default: STUDY.jsonl beside the study)")
    return run_command(parser, pack_study, arguments)


if __name__ == "__main__":
    sys.exit(main())
