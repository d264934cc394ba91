"""What a sweep says before its first run and after its last: warnings, statuses, the report."""

import sys
from collections.abc import Sequence

from rich.console import Console
from rich.markup import escape
from rich.panel import Panel

from analysis.tables.status import print_status, run_status
from experiments.runner.progress import shown
from experiments.sweeping.plan import PlannedRun
from numpygpt.errors import UserError
from numpygpt.places import REPORT, RUN


def warn_of_fallback(reason: str | None) -> None:
    """The warning that cannot be missed, if there is a reason: this is not the corpus that was asked for."""
    if reason:
        text = (
            "This run does NOT use Shakespeare but pydoc, the language reference that Python carries.\n"
            f"Why: {reason}\nIts numbers cannot be compared with anybody's on Shakespeare."
        )
        panel = Panel(escape(text), title="ANOTHER CORPUS", border_style="bold red", style="bold")
        Console(stderr=True).print(panel)


def announce(runs: Sequence[PlannedRun], asked: int) -> None:
    """One line: how many runs there are, how many of them are done."""
    if asked == 1 and not runs[0].config.force and runs[0].folder.state() == "done":
        print(f"{runs[0].folder.path} is done already: force=true starts it anew")
    elif asked > 1:
        done = sum(run.folder.state() == "done" and not run.config.force for run in runs)
        same = f" ({asked - len(runs)} more would be the same again)" if len(runs) < asked else ""
        print(f"{len(runs)} runs{same}, {done} of them done already, in {runs[0].folder.path.parent}")


def close(runs: Sequence[PlannedRun], ran: Sequence[PlannedRun], stopped: int) -> int:
    """Statuses and report after the last run; returns the exit code.

    `stopped` is the exit code if a signal ended the sweep, else 0.
    """
    console, study = Console(), runs[0].folder.path.parent
    states = {run.folder.state() for run in runs}
    if len(runs) > 1 and (stopped or "done" not in states):
        print_status([run_status(run.folder) for run in runs], console)
    if stopped:
        forced = " without force=true" * any(run.config.force for run in runs)
        message = f"stopped: type the same command again{forced} to continue where it was"
        print(f"\n{message}", file=sys.stderr)
        return stopped
    if "interrupted" in states:
        print("not all is done: the same command continues it")
    if ran and "done" in states:
        if len(runs) > 1:
            _report(runs, console)
        else:
            print(runs[0].folder.path)
            print(f"to compare it with the other runs of its study: {REPORT} {study}")
    elif states == {"done"} and len(runs) > 1:
        print(f"all are done; to see their tables again: {REPORT} {study}")
    return 0 if states <= {"done", "running"} else 1


def _report(runs: Sequence[PlannedRun], console: Console) -> None:
    """Tables on the screen, report in the study's folder; a report that fails loses no run."""
    from analysis.reports import write_report

    folder, script, line = runs[0].folder.path.parent, sys.argv[0], sys.orig_argv
    typed = line[line.index(script) + 1 :] if script in line else sys.argv[1:]  # not yet quoted for Hydra
    try:
        with shown() as reporter:
            reporter.start("sweep")
            reporter.phase("making the tables and the report")
            report = write_report(folder)
        minutes = runs[0].config.choose.minutes
        report.show(console, [RUN, *typed], [str(run.folder.path) for run in runs], minutes=minutes)
    except UserError as error:
        print(f"no report: {error}", file=sys.stderr)
        print_status([run_status(run.folder) for run in runs], console)
