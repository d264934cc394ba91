"""report.md: the conclusion first, then the figures, the tables, the runs, as the template lays them out."""

import os
from pathlib import Path
from urllib.parse import quote

from analysis.page.shell import environment
from analysis.page.view import View
from analysis.tables.markdown import escape_markdown, to_markdown


def markdown(view: View, out: Path) -> str:
    """The whole page; figures and curves are linked relative to `out`."""
    folders = [view.collection.records[path].folder for path in view.collection.runs["folder"]]
    curves = [(run.name, _link(run.curves_path, out)) for run in folders if run.curves_path.exists()]
    template = environment().get_template("report.md.j2")
    return template.render(view=view, curves=curves, plain=escape_markdown, to_markdown=to_markdown)


def _link(file: Path, out: Path) -> str:
    """To a file, from a page in `out`."""
    return quote(Path(os.path.relpath(file.resolve(), out.resolve())).as_posix())
