"""A table as Markdown: every text is shown as itself."""

import re
from collections.abc import Sequence

from rich.cells import cell_len

from analysis.tables.model import Table


def escape_markdown(text: str) -> str:
    """Shows any text as itself: no table border, no markup, no HTML."""
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    text = re.sub(r"([\\`*_\[\]|~])", r"\\\1", text)
    return " ".join(text.split())


def to_markdown(table: Table) -> str:
    """A pipe table with its notes."""
    head = [escape_markdown(c.header) for c in table.columns]
    texts = [[(escape_markdown(c.text), c.best) for c in row.cells] for row in table.rows]
    body = [[f"**{text}**" if best else text for text, best in row] for row in texts]
    widths = [max(3, *(cell_len(line[i]) for line in [head, *body])) for i in range(len(head))]
    rule = ["-" * (w - 1) + ":" if c.right else "-" * w for w, c in zip(widths, table.columns, strict=True)]

    def line(cells: Sequence[str]) -> str:
        blanks = [" " * (width - cell_len(cell)) for cell, width in zip(cells, widths, strict=True)]
        parts = zip(cells, blanks, table.columns, strict=True)
        return f"| {' | '.join(blank + cell if c.right else cell + blank for cell, blank, c in parts)} |"

    notes = "".join(f"\n{escape_markdown(note)}\n" for note in table.all_notes)
    return "\n".join([line(head), line(rule), *map(line, body)]) + "\n" + notes
