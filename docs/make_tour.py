"""Runs docs/tour.ipynb anew, in place (a minute or two; needs pip install -e ".[notebook]")."""

from pathlib import Path

import nbformat
from nbclient import NotebookClient

from numpygpt.data import resolve

TOUR = Path(__file__).with_name("tour.ipynb")


def execute(notebook: nbformat.NotebookNode) -> None:
    """Runs all cells in a kernel of this Python; raises at the first error. Keeps no time and no versions."""
    client = NotebookClient(notebook, timeout=1000, record_timing=False, coalesce_streams=True)
    client.execute(cwd=TOUR.parent)
    notebook.metadata.language_info = {"name": "python"}


if __name__ == "__main__":
    resolve("shakespeare")  # what is committed tells of Shakespeare: no other text may stand in
    tour = nbformat.read(TOUR, as_version=4)
    execute(tour)
    nbformat.write(tour, TOUR)
