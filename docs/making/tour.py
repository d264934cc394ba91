"""The cells of docs/tour.ipynb, out of docs/templates/notebooks/tour.md; docs/make_tour.py runs them.

In the template a fenced `python` block is a code cell and what stands between two of them is a Markdown cell.
"""

import json
import re
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from numpygpt.errors import UserError

DOCS = Path(__file__).resolve().parents[1]
NOTEBOOK = DOCS / "tour.ipynb"
CODE = re.compile(r"^```python\n(.*?)^```\n", re.DOTALL | re.MULTILINE)


def cells() -> list[tuple[str, str]]:
    """("markdown" or "code", text) for each cell of the template."""
    env = Environment(
        loader=FileSystemLoader(DOCS / "templates" / "notebooks"), undefined=StrictUndefined, autoescape=False
    )
    pieces = CODE.split(env.get_template("tour.md").render())  # prose, code, prose, code, ..., prose
    kinds = ("markdown", "code")
    return [(kinds[i % 2], text) for i, piece in enumerate(pieces) if (text := piece.strip())]


def refreshed() -> str:
    """The notebook with its prose, and the links in it, as the template has them; outputs as they are.

    Raises UserError if its code is not the template's: then it must be run again.
    """
    try:
        notebook = json.loads(NOTEBOOK.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise UserError(f"{NOTEBOOK.name} is missing: run python docs/make_tour.py") from None
    due = cells()
    if [cell["cell_type"] for cell in notebook["cells"]] != [kind for kind, _ in due]:
        raise UserError(f"{NOTEBOOK.name} has other cells than its template: run python docs/make_tour.py")
    for number, (cell, (kind, text)) in enumerate(zip(notebook["cells"], due, strict=True), start=1):
        if kind == "code" and "".join(cell["source"]) != text:
            raise UserError(
                f"{NOTEBOOK.name}: cell {number} is not its template's: run python docs/make_tour.py"
            )
        cell["source"] = text.splitlines(keepends=True)
    return as_text(notebook)


def as_text(notebook: dict[str, Any]) -> str:
    """A notebook's file, as Jupyter lays it out."""
    return json.dumps(notebook, ensure_ascii=False, indent=1, sort_keys=True) + "\n"
