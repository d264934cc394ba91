"""Run folders to a report: tables, figures and one page from what the runs have written, no model computed.

    python analysis/report.py [FOLDER ...] [-o OUT] [--serve n_layer=24 n_embd=1024]
    python analysis/report.py --status [FOLDER ...]

Without a folder: the newest study under outputs/.
"""

import argparse
import gc
import sys
from collections.abc import Sequence
from pathlib import Path

from analysis.records.find import runs_in
from analysis.records.serving import deployment
from analysis.tables.status import print_status, run_status
from numpygpt.commands import run_command
from numpygpt.runs import newest_study


def report(options: argparse.Namespace) -> None:
    folders = options.folders or [newest_study()]
    runs = runs_in(folders)  # a place without any is refused at once
    if options.status:
        print_status([run_status(run) for run in runs])
    else:
        from analysis.reports import write_report  # Matplotlib and pandas take two seconds

        gc.set_threshold(100_000, 50)  # figures are cyclic garbage by the thousand: look for it less often
        served = deployment(options.serve or ())
        also = () if options.serve is None else ("serving",)
        write_report(folders, options.out, served).show(also=also)


def main(arguments: Sequence[str] | None = None) -> int:
    about = "Tables, figures and one report from run folders alone."
    parser = argparse.ArgumentParser(prog="report.py", description=about)
    parser.add_argument("folders", nargs="*", type=Path, metavar="FOLDER",
                        help="studies or runs, packed or not (default: the newest study)")  # fmt: skip
    parser.add_argument("-o", "--out", type=Path, help="where to write (default: report/ beside the runs)")
    parser.add_argument("--serve", nargs="*", metavar="KEY=VALUE", help="print what it costs to serve text with "
                        "n_layer, n_embd and context_chars (default: 12, 768, 4096)")  # fmt: skip
    parser.add_argument("--status", action="store_true",
                        help="only print how far each run is: state, updates, pace, time left")  # fmt: skip
    return run_command(parser, report, arguments)


if __name__ == "__main__":
    sys.exit(main())
