"""report.md: the conclusion first, then the tables, the figures, the runs."""

import os
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import quote

from analysis.figures.drawings import Drawing
from analysis.page.view import Section, View
from analysis.tables.markdown import escape_markdown, to_markdown
from analysis.tables.model import Table


def markdown(view: View, out: Path) -> str:
    """The whole page; figures and curves are linked relative to `out`."""
    parts = ["# Which tokenizer models this text better?\n"]
    if not view.sections:
        parts.append("No run has finished yet: see the runs below.\n")
    for section in view.sections:
        parts += _section(section)
    parts += [_table(table) for table in view.overviews]
    parts.append(_table(view.runs))
    folders = [view.collection.records[path].folder for path in view.collection.runs["folder"]]
    if drawn := [folder for folder in folders if folder.curves_path.exists()]:
        parts.append("## Curves of each run\n")
        for run in drawn:
            link = Path(os.path.relpath(run.curves_path.resolve(), out.resolve())).as_posix()
            parts.append(f"- [{escape_markdown(run.name)}]({quote(link)})")
        parts.append("")
    if view.problems:
        parts += ["## Left out\n", _bullets([problem.text for problem in view.problems])]
    parts.append(
        "A row per run, with all its measures: [runs.csv](runs.csv). All logged scalars: "
        "[scalars.csv](scalars.csv). Tables as CSV, unless they have a column per setting: `tables/`.\n"
    )
    return "\n".join(parts)


def _section(section: Section) -> list[str]:
    summary = section.summary
    texts = [f"on another text, by the seeds alone, {line}" for line in summary.texts]
    order = [escape_markdown(line) for line in summary.order]
    parts = [
        f"## {escape_markdown(summary.headline)}\n",
        f"{escape_markdown(summary.advice)}\n",
        _bullets(summary.cautions),
        *order,
        "",
    ]
    parts += [_bullets([*summary.notes, *texts]), f"{escape_markdown(section.provenance)}\n"]
    parts += _figures(section.drawings, section.prefix)
    parts += [_table(table, "###") for table in section.tables]
    return parts


def _bullets(sentences: Sequence[str]) -> str:
    return "".join(f"- {escape_markdown(sentence)}\n" for sentence in sentences)


def _figures(drawings: Sequence[Drawing], prefix: str) -> list[str]:
    return [f"![{escape_markdown(d.caption)}](figures/{prefix}{d.name}.svg)\n" for d in drawings]


def _table(table: Table, level: str = "##") -> str:
    return f"{level} {escape_markdown(table.title)}\n\n{to_markdown(table)}"
