"""Run folders to a report: tables, figures and one page from what the runs have written, no model computed.

    python analysis/report.py [FOLDER ...] [-o OUT]
    python analysis/report.py --status [FOLDER ...]

Without a folder: the newest study under outputs/.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from analysis.records.find import newest_study, runs_in
from analysis.records.status import print_status, run_status
from analysis.reports.files import write_report
from numpygpt.errors import UserError
from numpygpt.printing import print_anything


def main(arguments: Sequence[str] | None = None) -> int:
    """The command; returns its exit status."""
    print_anything()
    parser = argparse.ArgumentParser(
        prog="report.py", description="Tables, figures and one report from run folders alone."
    )
    parser.add_argument("folders", nargs="*", type=Path, metavar="FOLDER",
                        help="studies or runs (default: the newest study under outputs/)")  # fmt: skip
    parser.add_argument("-o", "--out", type=Path, help="where to write (default: report/ beside the runs)")
    parser.add_argument(
        "--status",
        action="store_true",
        help="only print how far each run is: state, updates, pace, time left",
    )
    options = parser.parse_args(arguments)
    try:
        folders = options.folders or [newest_study()]
        if options.status:
            print_status([run_status(run) for run in runs_in(folders)])
        else:
            write_report(folders, options.out).show()
    except UserError as error:
        print(error, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("report.py: stopped", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
