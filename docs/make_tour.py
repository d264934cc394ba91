"""Runs docs/tour.ipynb anew from docs/templates/notebooks/tour.md: cells, outputs, and nothing of the machine.

    python docs/make_tour.py

It takes a minute or two and needs pip install -e ".[notebook]". Where only prose has changed, or the place of a
line that it links to, `python docs/rebuild.py` is enough.
"""

import base64
import io
import sys
from typing import TYPE_CHECKING

from making.tour import DOCS, NOTEBOOK, cells

from numpygpt.data import resolve
from numpygpt.errors import UserError

if TYPE_CHECKING:
    from nbformat import NotebookNode

COLOURS = 96  # of a picture: so few cannot be told from all by eye, and take a third of the room


def fresh() -> "NotebookNode":
    """The notebook as the template has it, not run."""
    from nbformat import v4

    made = [
        (v4.new_code_cell if kind == "code" else v4.new_markdown_cell)(text, id=f"cell-{number:03}")
        for number, (kind, text) in enumerate(cells(), start=1)
    ]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return v4.new_notebook(cells=made, metadata={"kernelspec": kernel, "language_info": {"name": "python"}})


def execute(notebook: "NotebookNode", seconds: int = 1000) -> None:
    """Runs all cells in a kernel of this Python, at most so many seconds each; raises at the first error."""
    from nbclient import NotebookClient

    NotebookClient(
        notebook, timeout=seconds, kernel_name="python3", record_timing=False, coalesce_streams=True,
        resources={"metadata": {"path": str(DOCS)}},
    ).execute()  # fmt: skip


def normalise(notebook: "NotebookNode") -> None:
    """Leaves only what a reader sees: no trace of the machine or the time, and pictures made small."""
    notebook.metadata.language_info = {"name": "python"}
    for cell in notebook.cells:
        cell.metadata = {}
        for output in cell.get("outputs", []):
            if output.output_type != "stream":
                output.metadata = {}
            data = output.get("data", {})
            if "image/png" in data:
                data["image/png"] = smaller(data["image/png"])
                data.pop("text/plain", None)  # <Figure size ...>


def smaller(png: str) -> str:
    """A picture in base64 with fewer colours, and without the name of what drew it."""
    from PIL import Image

    with Image.open(io.BytesIO(base64.b64decode(png))) as picture:
        few = picture.convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE)
    memory = io.BytesIO()
    few.save(memory, "png", optimize=True)
    return base64.b64encode(memory.getvalue()).decode()


def main() -> int:
    """The command; returns its exit status."""
    try:
        import nbformat

        resolve("shakespeare")  # what is committed tells of Shakespeare: no other text may stand in
        notebook = fresh()
        execute(notebook)
        normalise(notebook)
        nbformat.write(notebook, NOTEBOOK)
    except ModuleNotFoundError as error:
        print(f'make_tour.py: {error.name} is missing: pip install -e ".[notebook]"', file=sys.stderr)
        return 2
    except UserError as error:
        print(f"make_tour.py: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
