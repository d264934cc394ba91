"""The report of some runs as files: an HTML page, one in Markdown, CSV tables, figures, all scalars.

The same runs give the same bytes.
"""

import math
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.text import Text

from analysis.figures.style import save, styled
from analysis.inference.frames import run_frame, scalar_frame
from analysis.page.page import environment, page
from analysis.page.view import View, view
from analysis.records.find import runs_in
from analysis.records.serving import DEFAULT, Deployment
from analysis.reports.next_step import next_step
from analysis.reports.terminal import show
from analysis.tables.formats import escape_markdown, frame_of, to_csv, to_markdown
from numpygpt.errors import UserError
from numpygpt.files import locked

MANIFEST = "files.txt"
OWN = (".html", ".md", ".csv", ".tex", ".png", ".svg")


@dataclass(frozen=True)
class Report:
    """A report that was written: `path` is report.md, `page` the HTML page beside it."""

    path: Path
    view: View

    @property
    def page(self) -> Path:
        return self.path.with_name("report.html")

    def show(
        self,
        console: Console | None = None,
        typed: Sequence[str] | None = None,
        folders: Sequence[str] | None = None,
        also: Sequence[str] = (),
        minutes: float | None = None,
    ) -> None:
        """Prints what the runs come to, where the rest lies, and what to run next.

        `typed`: the command that ran them, if it is known, as a program and its arguments.
        `folders`: of the runs that are its own.   `also`: further tables to print, by their names.
        `minutes`: within which it was to choose; the advice is then printed as well.
        """
        console = console or Console()
        show(self.view, console, also)
        place = Text.assemble("Report: ", (str(self.page), "bold"), f" (and {self.path.name})")
        console.print(place, soft_wrap=True)
        step = next_step(self.view, folders, minutes)
        advice = [f"\n{section.summary.advice}" for section in self.view.of(folders)] if minutes else []
        for paragraph in (*advice, *([step.words(typed)] if step else [])):
            console.print(paragraph, markup=False, highlight=False, soft_wrap=True)


def write_report(
    places: Path | str | Sequence[Path | str], out: Path | str | None = None, serve: Deployment = DEFAULT
) -> Report:
    """Writes the report of all runs in `places` (studies, runs, packed studies, or folders of them) into `out`.

    `out` is by default `report` in the one place that is named, or in the folder that holds them all; `serve` is
    what costs of serving are of. Raises UserError for a place without runs or an `out` that cannot be written.
    """
    named = [Path(places)] if isinstance(places, str | Path) else [Path(place) for place in places]
    runs = runs_in(named)
    folders = [(place.parent if place.is_file() else place).resolve() for place in named]
    folder = Path(os.path.commonpath(folders)) / "report" if out is None else Path(out)
    found = view(runs, serve)
    if found.collection.runs.empty:
        raise UserError(f"none of the {len(runs)} runs can be read: {found.problems[0].sentence}")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with locked(folder / ".lock", math.inf):  # the page is made of the figures' files
            return Report(_write(found, folder), found)
    except OSError as error:
        why = f"the report cannot be written to {folder} ({error.strerror or error}): name another place with -o"
        raise UserError(why) from error


def _write(view: View, out: Path) -> Path:
    """All files of the report; those of an earlier report that are no longer due are removed."""
    for folder in ("tables", "figures"):
        (out / folder).mkdir(parents=True, exist_ok=True)
    written: list[Path] = []

    def put(path: Path, text: str) -> None:
        path.write_text(text, encoding="utf-8", errors="replace", newline="\n")  # a folder may have any name
        written.append(path)

    for prefix, title, table in view.tables:
        if table is not view.runs and not table.transposed:  # runs.csv has more
            put(out / "tables" / f"{prefix}{table.name}.csv", to_csv(frame_of(table, title)))
    with styled():
        due = [(section.prefix, drawing) for section in view.sections for drawing in section.drawings]
        for prefix, drawing in (*due, *(("", drawing) for drawing in view.drawings)):
            written.append(out / "figures" / f"{prefix}{drawing.name}.svg")
            save(drawing.draw(), written[-1])
    runs = run_frame(view.collection, [section.comparison for section in view.sections])
    put(out / "runs.csv", to_csv(runs))
    put(out / "scalars.csv", to_csv(scalar_frame(runs, view.metrics)))
    pictures = {path.stem: path for path in written if path.suffix == ".svg"}
    put(out / "report.html", page(view, pictures))
    template = environment().get_template("report.md.j2")
    put(out / "report.md", template.render(view=view, plain=escape_markdown, to_markdown=to_markdown))
    _clear(out, [path.relative_to(out).as_posix() for path in written])
    return out / "report.md"


def _clear(out: Path, names: Sequence[str]) -> None:
    """Removes what an earlier report wrote, by its own list, and this one did not; writes the new list."""
    manifest = out / MANIFEST
    earlier = manifest.read_text(encoding="utf-8").splitlines() if manifest.exists() else []
    for name in set(earlier) - set(names):
        path = out / name
        if path.resolve().is_relative_to(out.resolve()) and path.suffix in OWN:
            path.unlink(missing_ok=True)
    manifest.write_text("\n".join(sorted(names)) + "\n", encoding="utf-8", newline="\n")
