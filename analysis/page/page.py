"""report.html: one file that needs nothing else, from a view, by the templates beside this module.

The page may load nothing and run nothing but its own scripts, which its Content-Security-Policy names by their
hashes. All text of runs comes in through autoescaping, or as JSON in which no tag can begin.
"""

import base64
import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from markupsafe import Markup

from analysis.figures.style import PALETTE, look
from analysis.inference.choices import short
from analysis.page.inline import figures
from analysis.page.texts import passages, sample_columns
from analysis.page.view import Section, View
from analysis.records.display import MISSING
from analysis.records.measures import MEASURES, Measure
from analysis.tables.comparison import ORIGINAL, why_table
from analysis.tables.model import Cell, Table

TEMPLATES = Path(__file__).resolve().parent / "templates"
SCRIPTS = ("dom", "tips", "sort", "tokens", "start")  # each uses those before it
LEAST_BYTES, MOST_BYTES = 900, 20_000  # of a passage are shown
ALL_BYTES = 40_000  # of one passage under all settings together
ELSEWHERE = ("texts", "texts_all", "baselines")  # of other texts, or of no model: the definitions do not fit
OPEN = ("comparison", "original")


def page(view: View, pictures: Mapping[str, Path]) -> str:
    """The whole page. `pictures` are SVG files by the name of their drawing."""
    sections = [_section(number, section, view, pictures) for number, section in enumerate(view.sections)]
    problems = [*view.problems, *(problem for section in sections for problem in section["problems"])]
    body = "\n".join(source(f"scripts/{name}.js") for name in SCRIPTS)
    script = Markup(f'(() => {{\n"use strict";\n{body}\n}})();')  # nothing of theirs is global
    first, themes = Markup(source("scripts/theme.js")), environment().get_template("styles/theme.css.j2")
    styles = Markup(f"{themes.render()}\n{source('styles/page.css')}")
    template = environment().get_template("report.html.j2")
    return template.render(
        sections=sections, overviews=view.overviews, pictures=figures(view.drawings, "", pictures),
        runs=view.runs.without_empty(),
        problems=[p.text for p in dict.fromkeys(problems)], measures=_measures(view),
        data=Markup(as_json([section["data"] for section in sections])), style=styles,
        script=script, first_script=first, policy=policy([first, script], [styles]),
        row_measure=row_measure, sort_key=sort_key, measure_key=short, ELSEWHERE=ELSEWHERE, OPEN=OPEN,
    )  # fmt: skip


# --- one comparison ---


def _section(number: int, section: Section, view: View, pictures: Mapping[str, Path]) -> dict[str, Any]:
    """What the templates show: all of the section, and more of its runs.

    Under `data` what the scripts show, under `problems` what could not be read.
    """
    comparison = section.comparison
    # A passage is cut shorter where many settings read it, so that the page stays light.
    n_settings = sum(len(section.comparison.settings) for section in view.sections)
    read, unread = passages(comparison, min(MOST_BYTES, max(LEAST_BYTES, ALL_BYTES // n_settings)))
    columns, lost = sample_columns(comparison)
    tokenizers = comparison.tokenizers
    looks = {s.label: PALETTE.index(look(s.tokenizer, tokenizers)) for s in comparison.settings}
    settings = [{"label": label, "look": look} for label, look in looks.items()]
    return vars(section) | {
        "number": number,
        "id": f"c{number + 1}",
        "why": why_table(comparison),
        "looks": looks,
        "passages": read,
        "columns": columns,
        "samples": max((len(c.samples) for c in columns), default=0),
        "figures": figures(section.drawings, section.prefix, pictures),
        "data": {"settings": settings, "passages": read},
        "problems": [*unread, *lost],
    }


# --- what tables ask for ---


def sort_key(cell: Cell) -> str:
    """A number that orders as the value does; empty for what is missing; else nothing but the text decides."""
    if cell.text == MISSING:
        return ""
    is_number = isinstance(cell.value, int | float) or hasattr(cell.value, "dtype")
    return repr(float(cell.value)) if is_number else "text"


def row_measure(table: Table, title: str) -> str:
    """The measure that a row of a transposed table shows; empty for others."""
    return short(ORIGINAL.get(title, "")) if table.name == "original" else ""


def _measures(view: View) -> dict[str, Measure]:
    """All registered measures that any table of the page shows, by their keys."""
    keys = {c.key for _, _, table in view.tables for c in table.columns} | set(ORIGINAL.values())
    shown = sorted(map(short, keys))
    return {key: MEASURES[key] for key in shown if key in MEASURES}


def as_json(value: Any) -> str:
    """JSON that can stand in a script element: no tag, entity or comment can begin in it. Records are objects."""
    text = json.dumps(value, ensure_ascii=True, separators=(",", ":"), allow_nan=False, default=vars)
    return re.sub(r"[<>&]", lambda m: f"\\u{ord(m.group()):04x}", text)


# --- the shell: templates, styles, and a policy that allows no more than the page itself ---


@cache
def environment() -> Environment:
    """Templates in which all text is escaped, but for Markdown, and a name that is not known is an error."""
    escaped = select_autoescape(disabled_extensions=("md.j2",), default=True)
    return Environment(
        loader=FileSystemLoader(TEMPLATES), autoescape=escaped, undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True,
    )  # fmt: skip


@cache
def source(name: str) -> str:
    return (TEMPLATES / name).read_text(encoding="utf-8")


def policy(scripts: Sequence[str], styles: Sequence[str]) -> str:
    """A Content-Security-Policy that allows these very scripts and styles, pictures within the page, no more."""
    allowed = []
    for sources in (scripts, styles):
        digests = (hashlib.sha256(source.encode()).digest() for source in sources)
        allowed.append(" ".join(f"'sha256-{base64.b64encode(digest).decode('ascii')}'" for digest in digests))
    return (
        f"default-src 'none'; script-src {allowed[0]}; style-src {allowed[1]}; "
        "img-src data:; base-uri 'none'; form-action 'none'"
    )
