"""Run folders to a report: one HTML page, Markdown, CSV and LaTeX tables, PNG and SVG figures, all scalars.

The same runs give the same bytes.
"""

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from numpygpt.errors import UserError
from numpygpt.runs import RunFolder, find_runs, is_folder

if TYPE_CHECKING:
    from rich.console import Console

    from analysis.page.view import Section, View
    from analysis.tables.model import Table

OUTPUTS = Path(__file__).resolve().parents[2] / "outputs"
MANIFEST = "files.txt"
OWN = (".html", ".md", ".csv", ".tex", ".png", ".svg")
PRINTED_VERDICTS = 10
TRAIN = "train some with: python experiments/run.py -m tokenizer=char,word,bpe"


@dataclass(frozen=True)
class Report:
    """A report that was written: `path` is report.md, `page` the HTML page beside it."""

    path: Path
    view: "View"

    @property
    def page(self) -> Path:
        return self.path.with_name("report.html")

    def __str__(self) -> str:
        return str(self.page)

    def show(self, console: "Console | None" = None) -> None:
        """Prints the conclusion and the essential tables, and where the rest lies."""
        from rich.console import Console

        show(self, console or Console())


def write_report(folders: Path | str | Sequence[Path | str], out: Path | str | None = None) -> Report:
    """Writes the report of all runs in `folders` (studies, runs, or folders of them) into `out`.

    `out` is by default `report` in the one folder that is named, or in the folder that holds them all. Raises
    UserError for a folder without runs or an `out` that cannot be written.
    """
    named = [Path(folders)] if isinstance(folders, str | Path) else [Path(folder) for folder in folders]
    runs = runs_in(named)
    place = Path(out) if out is not None else _place(named)

    from analysis.page.view import view  # pandas takes 0.6 s: after the folders have been looked at

    found = view(runs)
    if found.collection.runs.empty:
        raise UserError(f"none of the {len(runs)} run folders can be read: {found.problems[0].sentence}")
    try:
        return Report(_write(found, place), found)
    except OSError as error:
        why = error.strerror or error
        raise UserError(
            f"the report cannot be written to {place} ({why}): name another place with -o"
        ) from error


def runs_in(folders: Iterable[Path]) -> list[RunFolder]:
    """All run folders in `folders`, each once. Raises UserError for a folder that is not there or holds none."""
    runs: dict[Path, RunFolder] = {}
    for folder in folders:
        if not is_folder(folder):
            raise UserError(f"{folder} is no folder: name a study or a run under {OUTPUTS}")
        found = find_runs(folder)
        if not found:
            raise UserError(f"there are no runs in {folder}: {TRAIN}")
        runs.update({run.path.resolve(): run for run in found})
    return sorted(runs.values())


def newest_study(outputs: Path = OUTPUTS) -> Path:
    """The folder under `outputs` in which a run was last at work. Raises UserError if there is none."""
    studies = sorted(p for p in outputs.glob("*") if p.is_dir() and not p.name.startswith("."))
    at_work = [(max(map(_touched, runs)), study) for study in studies if (runs := find_runs(study))]
    if not at_work:
        raise UserError(f"there are no runs in {outputs}: {TRAIN}")
    return max(at_work)[1]


def _touched(run: RunFolder) -> float:
    names = ("result.json", "failure.json", "metrics.jsonl", "run.json")
    return max((p.stat().st_mtime for n in names if (p := run.path / n).exists()), default=0.0)


def _place(folders: Sequence[Path]) -> Path:
    """Beside the runs: in the one folder named, or the one that holds all those named."""
    paths = [str(folder.resolve()) for folder in folders]
    return Path(paths[0] if len(paths) == 1 else os.path.commonpath(paths)) / "report"


# --- files ---


def _write(view: "View", out: Path) -> Path:
    """All files of the report; those of an earlier report that are no longer due are removed."""
    from analysis.figures import style
    from analysis.page import page
    from analysis.reports import markdown
    from analysis.tables.model import to_csv, to_latex, to_markdown

    for folder in ("tables", "figures"):
        (out / folder).mkdir(parents=True, exist_ok=True)
    written: list[Path] = []

    def put(path: Path, text: str) -> None:
        path.write_text(text, encoding="utf-8", errors="replace", newline="\n")  # a folder may have any name
        written.append(path)

    prefixed = [(s.prefix, table) for s in view.sections for table in s.tables]
    for prefix, table in [*prefixed, *(("", t) for t in (*view.overviews, view.runs))]:
        stem = f"{prefix}{table.name}"
        put(out / "tables" / f"{stem}.md", to_markdown(table))
        put(out / "tables" / f"{stem}.csv", to_csv(table))
        put(out / "tables" / f"{stem}.tex", to_latex(table, label=stem))
    with style.styled():
        for section in view.sections:
            for drawing in section.drawings:
                written += style.save(drawing.draw(), out / "figures" / f"{section.prefix}{drawing.name}")
    put(out / "scalars.csv", scalars(view))
    pictures = {path.stem: path for path in written if path.suffix == ".png"}
    put(out / "report.html", page.page(view, pictures))
    put(out / "report.md", markdown.page(view, out))
    _clear(out, [path.relative_to(out).as_posix() for path in written])
    return out / "report.md"


def scalars(view: "View") -> str:
    """Every logged scalar of every readable run, a line per logged step, as CSV."""
    from analysis.tables.model import csv_value

    names = view.collection.runs[["folder", "run", "study", "tokenizer", "model"]].reset_index(drop=True)
    names = names.map(csv_value)
    table = names.merge(view.metrics, on="folder", how="inner", sort=False).drop(columns=["folder", "group"])
    return str(table.to_csv(index=False, lineterminator="\n"))


def _clear(out: Path, names: Sequence[str]) -> None:
    """Removes what an earlier report wrote, by its own list, and this one did not; writes the new list."""
    manifest = out / MANIFEST
    earlier = manifest.read_text(encoding="utf-8").splitlines() if manifest.exists() else []
    for name in set(earlier) - set(names):
        path = out / name
        if path.resolve().is_relative_to(out.resolve()) and path.suffix in OWN:
            path.unlink(missing_ok=True)
    manifest.write_text("\n".join(sorted(names)) + "\n", encoding="utf-8", newline="\n")


# --- terminal ---


def show(report: Report, console: "Console") -> None:
    """The conclusion, the verdicts and the essential tables, as wide as the console."""
    from rich.text import Text

    for section in report.view.sections:
        _show_section(section, console)
    for table in report.view.overviews:
        _show_table(table, console)
    if report.view.unfinished:
        _show_table(report.view.unfinished, console)
    for problem in report.view.problems:
        console.print(Text(f"left out: {problem.sentence}", style="yellow"))
    place = Text.assemble("Report: ", (str(report.page), "bold"), f" (and {report.path.name})")
    console.print(place, soft_wrap=True)


def _show_section(section: "Section", console: "Console") -> None:
    from rich.padding import Padding
    from rich.text import Text

    from analysis.inference.verdicts import OVER_SEEDS

    conclusion = section.comparison.conclusion
    for table in section.tables:
        if table.essential:
            _show_table(table, console)
    console.print(Text(conclusion.headline, style="bold"))
    few = len(conclusion.verdicts) <= PRINTED_VERDICTS
    for verdict in conclusion.verdicts[:PRINTED_VERDICTS]:
        console.print(Padding(Text(f"{'>' if verdict.winner else '='} {verdict.sentence}"), (0, 0, 0, 2)))
        notes = [n for n in verdict.notes if not (verdict.winner and n.startswith(OVER_SEEDS))]
        if few and notes:
            console.print(Padding(Text("; ".join(notes), style="dim"), (0, 0, 0, 4)))
    if not few:
        more = f"and {len(conclusion.verdicts) - PRINTED_VERDICTS} more verdicts in tables/verdicts.md"
        console.print(Padding(Text(more, style="dim"), (0, 0, 0, 2)))
    console.print()


def _show_table(table: "Table", console: "Console") -> None:
    from rich.text import Text

    from analysis.tables.model import terminal_notes, to_rich

    console.print(to_rich(table, console.width))
    for note in terminal_notes(table, console.width):
        console.print(Text(f" {note}", style="dim"))
    console.print()
