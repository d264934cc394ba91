"""Watching a sweep: `python analysis/report.py --watch [STUDY]`, in the terminal and on a page that follows it.

All of it is read from the study's folders, and nothing is done that a run could notice. It ends by itself when
nothing goes on any more, and on Ctrl-C.
"""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

from rich.console import Console

from analysis.plans import read_plans
from analysis.standing import Standing, Study
from analysis.watch_page import Mood, watch_page
from analysis.watch_terminal import Display, display, table
from analysis.watch_words import summary
from numpygpt.errors import UserError

PAUSE = 2.0  # seconds between two looks
SHARE = 0.02  # of one core's time that looking may take, however many runs there are
PAGE_PAUSE = 10.0  # seconds after which the page is written again even if only time has passed
PAGE = "watch.html"


def watch(path: Path, out: Path, console: Console) -> None:
    """Follows the study in `path` until nothing goes on in it, and keeps `out`/watch.html up to date meanwhile.

    A study that has not begun is waited for. Raises UserError if there is no place where it could begin.
    """
    _check(path)
    study, page = Study(path), Page(out / PAGE)
    study.update()
    standing = study.standing(time.time())
    if standing.goes_on or not standing.runs:
        try:
            if not standing.runs:
                console.print(
                    f"{path}: waiting for a first run", markup=False, highlight=False, soft_wrap=True
                )
            with display(console) as shown:
                standing = follow(study, shown, page)
        except KeyboardInterrupt:
            standing = study.standing(time.time())
            page.close(standing)
            console.print(summary(standing), markup=False, highlight=False, soft_wrap=True)
            return
    page.close(standing)
    console.print(table(standing, console.width))
    for line in closing_lines(standing, out):
        console.print(line, markup=False, highlight=False, soft_wrap=True)


def follow(study: Study, shown: Display, page: "Page") -> Standing:
    """Looks again and again, until two looks in a row find nothing that goes on: between two runs there may be
    nobody for a moment."""
    begun, idle = False, 0
    while True:
        started = time.process_time()
        changed = study.update()
        standing = study.standing(time.time())
        begun |= bool(standing.runs)
        if standing.runs:
            page.show(standing, changed)
            shown.show(standing, [*standing.problems, *([page.problem] if page.problem else [])])
        idle = idle + 1 if begun and not standing.goes_on else 0
        if idle > 1:
            return standing
        time.sleep(max(PAUSE, (time.process_time() - started) / SHARE))


def _check(path: Path) -> None:
    """One can begin to watch before a sweep has made its folder and the one around it, but not just anywhere."""
    if path.exists() and not path.is_dir():
        raise UserError(f"{path} is no folder: name a study under outputs/")
    if not any(folder.is_dir() for folder in path.absolute().parents[:2]):
        raise UserError(f"{path} cannot begin, for there is no {path.parent}: name a study under outputs/")


def study_to_watch(named: Path | None, outputs: Path, newest: Callable[[Path], Path]) -> Path:
    """A folder as it is named; a bare name that is no folder here is a study under `outputs`; without a name the
    one in which a sweep began last and goes on, else the `newest`. Raises UserError if there is none."""
    if named is not None:
        return outputs / named if len(named.parts) == 1 and not named.exists() else named
    plans = [plan for path in outputs.glob("*") if path.is_dir() for plan in read_plans(path) if plan.alive]
    return max(plans, key=lambda plan: plan.began).study if plans else newest(outputs)


def closing_lines(standing: Standing, out: Path) -> Iterator[str]:
    """What there is, and what there is to do, when nothing goes on."""
    if not standing.runs:
        yield f"{standing.study} is gone"
    if any(standing.count(state) for state in ("interrupted", "not begun", "failed")):
        yield "the sweep's command, typed again, does what is not done"
    if standing.count("done"):
        pages = [page for page in (out / "report.html", out / "report.md") if page.exists()]
        done = max((path.stat().st_mtime for path in standing.study.glob("**/result.json")), default=0.0)
        if pages and pages[0].stat().st_mtime >= done:
            yield f"Report: {pages[0]}"
        else:
            why = "the report is older than the last run" if pages else "there is no report yet"
            yield f"{why}: python analysis/report.py {standing.study}"


class Page:
    """watch.html, written when something has changed; `problem` says why it cannot be."""

    def __init__(self, path: Path) -> None:
        self.path, self.problem = path, ""
        self._next = 0.0

    def show(self, standing: Standing, changed: bool) -> None:
        if changed or time.monotonic() >= self._next:
            self._next = time.monotonic() + PAGE_PAUSE
            self._write(standing, "followed")

    def close(self, standing: Standing) -> None:
        """The last version, which does not load itself again; none where there has been no page."""
        if standing.runs and self.path.exists():
            self._write(standing, "left" if standing.goes_on else "over")

    def _write(self, standing: Standing, mood: Mood) -> None:
        temporary = self.path.with_name(f".{PAGE}.tmp")
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            has_report = (self.path.parent / "report.html").exists()
            temporary.write_text(watch_page(standing, mood, has_report), encoding="utf-8", errors="replace")
            os.replace(temporary, self.path)  # noqa: PTH105
            self.problem = ""
        except OSError as error:
            self.problem = f"no page: {self.path} cannot be written ({error.strerror})"
            with suppress(OSError):
                temporary.unlink(missing_ok=True)
