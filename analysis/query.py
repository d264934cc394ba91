"""Single numbers of studies: what `analysis.load` gives, on the command line.

    python analysis/query.py STUDY [STUDY ...] MEASURE [MEASURE ...] [--by tokenizer] [--csv | --json]
    python analysis/query.py STUDY [STUDY ...] --table verdicts [--csv | --json]

A word that is there as a file or a folder is a STUDY (none: the newest); any other is a MEASURE, by the key that
docs/METRICS.md has it under (none: all of them). A table is one of the report's, by its file's name.
"""

import argparse
import json
import sys
import warnings
from collections.abc import Sequence
from pathlib import Path

from analysis.records.serving import deployment
from numpygpt.commands import run_command
from numpygpt.runs import newest_study


def query(options: argparse.Namespace) -> None:
    from analysis.inference.frames import measured  # pandas takes 0.6 s
    from analysis.tables.formats import to_csv

    warnings.showwarning = lambda message, *_: print(message, file=sys.stderr)  # without a line of code
    measures = [word for word in options.words if not Path(word).exists()]
    places = [Path(word) for word in options.words if word not in measures] or [newest_study()]
    served = deployment(options.serve)
    if options.table:
        from analysis.page.view import table_frame  # and Matplotlib another second

        found = table_frame(places, options.table, served)
    else:
        found = measured(places, measures, options.by, served)
    if options.json:
        rows = found.astype(object).where(found.notna(), None).to_dict("records")
        print(json.dumps(rows, indent=2, ensure_ascii=False))
    else:
        print(to_csv(found).rstrip("\n") if options.csv else found.to_string(index=False, na_rep=""))


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="query.py", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("words", nargs="*", metavar="STUDY | MEASURE")
    parser.add_argument("--by", choices=("setting", "tokenizer", "model", "run"), default="setting")
    parser.add_argument("--table", metavar="NAME", help="a whole table of the report instead")
    parser.add_argument("--serve", nargs="*", default=[], metavar="KEY=VALUE", help="as of report.py")
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--csv", action="store_true", help="for spreadsheets, with all digits")
    form.add_argument("--json", action="store_true", help="for programs, a list of objects")
    return run_command(parser, query, arguments)


if __name__ == "__main__":
    sys.exit(main())
