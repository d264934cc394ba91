"""What a table is, and the four ways in which it is written: Markdown, CSV, LaTeX and a terminal.

A table is filled once (tables.py) and knows nothing of where it is shown. Every writer escapes every text.
"""

import csv
import io
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

from rich.cells import cell_len

from analysis.records.display import MISSING, Measure, show

if TYPE_CHECKING:
    from rich.table import Table as RichTable


@dataclass(frozen=True)
class Cell:
    """`value` plus or minus `half` (NaN without interval), with a `mark` behind it where shown.

    `best`: the statistics support that this one beats all others of its column.
    """

    value: Any = None
    form: str = "text"
    half: float = math.nan
    best: bool = False
    mark: str = ""

    @property
    def text(self) -> str:
        return self._text(self.half)

    @property
    def short(self) -> str:
        """Without the interval."""
        return self._text(math.nan)

    def _text(self, half: float) -> str:
        shown = show(self.value, self.form, half)
        return f"{shown} {self.mark}" if self.mark and shown != MISSING else shown


@dataclass(frozen=True)
class Column:
    """`priority` 0, 1, ...: the terminal takes them in this order while there is room; None: the files only.

    Where room is short, the terminal leaves out the intervals of `compact` columns.
    """

    key: str
    header: str
    right: bool = True
    priority: int | None = 0
    form: str = "text"
    note: str = ""
    compact: bool = True


@dataclass(frozen=True)
class Row:
    """`kind` lets a writer set rulers and human text apart from the runs."""

    cells: tuple[Cell, ...]
    kind: Literal["run", "ruler", "human"] = "run"


@dataclass(frozen=True)
class Table:
    """`name` is that of its files; `essential` tables are printed in the terminal."""

    name: str
    title: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    notes: tuple[str, ...] = ()
    essential: bool = False

    @property
    def all_notes(self) -> list[str]:
        """Those of the columns, then those of the table."""
        return [*dict.fromkeys([c.note for c in self.columns if c.note] + list(self.notes))]

    def without_empty(self) -> "Table":
        """Leaves out the columns in which no row has a value (the first column stays)."""
        keep = [
            i
            for i in range(len(self.columns))
            if i == 0 or any(r.cells[i].text != MISSING for r in self.rows)
        ]
        rows = tuple(Row(tuple(row.cells[i] for i in keep), row.kind) for row in self.rows)
        return replace(self, columns=tuple(self.columns[i] for i in keep), rows=rows)


def column(measure: Measure, priority: int | None = None) -> Column:
    """A column of numbers for a measure."""
    return Column(measure.key, measure.heading, True, priority, measure.form)


# --- Markdown ---


def escape_markdown(text: str) -> str:
    """Shows any text as itself: no table border, no markup, no HTML."""
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    text = re.sub(r"([\\`*_\[\]|~])", r"\\\1", text)
    return " ".join(text.split())


def to_markdown(table: Table) -> str:
    """A pipe table with its notes."""
    head = [escape_markdown(c.header) for c in table.columns]
    body = [[_bold(escape_markdown(c.text), c.best) for c in row.cells] for row in table.rows]
    widths = [max(3, *(cell_len(line[i]) for line in [head, *body])) for i in range(len(head))]
    rule = ["-" * (w - 1) + ":" if c.right else "-" * w for w, c in zip(widths, table.columns, strict=True)]

    def line(cells: Sequence[str]) -> str:
        blanks = [" " * (width - cell_len(cell)) for cell, width in zip(cells, widths, strict=True)]
        padded = [
            blank + cell if column.right else cell + blank
            for cell, blank, column in zip(cells, blanks, table.columns, strict=True)
        ]
        return f"| {' | '.join(padded)} |"

    notes = "".join(f"\n{escape_markdown(note)}\n" for note in table.all_notes)
    return "\n".join([line(head), line(rule), *map(line, body)]) + "\n" + notes


def _bold(text: str, best: bool) -> str:
    return f"**{text}**" if best else text


# --- CSV ---


def to_csv(table: Table) -> str:
    """Full precision: a column per key, and KEY_interval with the half-width where a column has intervals."""
    intervals = [
        any(not math.isnan(row.cells[i].half) for row in table.rows) for i in range(len(table.columns))
    ]
    head: list[str] = []
    for col, has in zip(table.columns, intervals, strict=True):
        head += [csv_value(col.key), csv_value(f"{col.key}_interval")] if has else [csv_value(col.key)]
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(head)
    for row in table.rows:
        line: list[Any] = []
        for cell, has in zip(row.cells, intervals, strict=True):
            line += [csv_value(cell.value), csv_value(cell.half)] if has else [csv_value(cell.value)]
        writer.writerow(line)
    return out.getvalue()


def csv_value(value: Any) -> Any:
    """CSV has no missing value but the empty field. A text that a spreadsheet would compute is quoted."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    if isinstance(value, str) and value[:1] in ("=", "+", "-", "@", "\t", "\r"):
        return f"'{value}"
    return value


# --- LaTeX ---

_LATEX = {
    **{"\\": r"\textbackslash{}", "&": r"\&", "%": r"\%", "$": r"\$", "#": r"\#", "_": r"\_"},
    **{"{": r"\{", "}": r"\}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}"},
    **{"<": r"\textless{}", ">": r"\textgreater{}", "|": r"\textbar{}", '"': r"\textquotedbl{}"},
    **{"±": r"$\pm$", MISSING: "--", "→": r"$\rightarrow$", "≤": r"$\le$", "≥": r"$\ge$"},
}


def escape_latex(text: str) -> str:
    """Every character that LaTeX would take for a command, as itself (T1 fonts, UTF-8 input)."""
    return " ".join("".join(_LATEX.get(char, char) for char in text).split())


def to_latex(table: Table, label: str | None = None) -> str:
    """A booktabs table environment; needs \\usepackage{booktabs} and \\usepackage[T1]{fontenc}."""
    form = "".join("r" if c.right else "l" for c in table.columns)
    head = " & ".join(escape_latex(c.header) for c in table.columns)
    lines = [r"\begin{table}", r"\centering", rf"\caption{{{escape_latex(table.title)}}}"]
    lines += [
        rf"\label{{tab:{label or table.name}}}",
        rf"\begin{{tabular}}{{{form}}}",
        r"\toprule",
        rf"{head} \\",
        r"\midrule",
    ]
    kind = table.rows[0].kind if table.rows else "run"
    for row in table.rows:
        if row.kind != kind:
            lines.append(r"\midrule")
            kind = row.kind
        cells = [rf"\textbf{{{t}}}" if c.best else t for c in row.cells for t in [escape_latex(c.text)]]
        guard = "{}" * cells[0].startswith(("[", "*"))  # else the line before takes it for an option
        lines.append(rf"{guard}{' & '.join(cells)} \\")
    lines += [r"\bottomrule", r"\end{tabular}"]
    lines += [rf"\par\smallskip\footnotesize {escape_latex(note)}" for note in table.all_notes]
    return "\n".join([*lines, r"\end{table}"]) + "\n"


# --- terminal ---


@dataclass(frozen=True)
class Fit:
    """The columns that a terminal has room for, and whether their intervals had to go."""

    columns: tuple[int, ...]
    compact: bool


def fit(table: Table, width: int) -> Fit:
    """As many columns as fit into `width` cells of a terminal, dearest first; two of priority 0 always."""
    full = _fill(table, width, compact=False)
    ranked = [i for i, c in enumerate(table.columns) if c.priority is not None]
    if len(full) == len(ranked):
        return Fit(full, False)
    return Fit(_fill(table, width, compact=True), True)


def _fill(table: Table, width: int, compact: bool) -> tuple[int, ...]:
    chosen: list[int] = []
    used = 1
    ranked = sorted((c.priority, i) for i, c in enumerate(table.columns) if c.priority is not None)
    for priority, i in ranked:
        wide = min(_width(table, i, compact), width // 2 if i == 0 else width) + 3
        if used + wide <= width or (priority == 0 and len(chosen) < 2):
            chosen.append(i)
            used += wide
        else:
            break
    return tuple(sorted(chosen))


def _width(table: Table, i: int, compact: bool) -> int:
    lines = two_lines(table.columns[i].header).split("\n")
    return max(cell_len(t) for t in [*lines, *(_shown(table, row, i, compact) for row in table.rows)])


def _shown(table: Table, row: Row, i: int, compact: bool) -> str:
    text = row.cells[i].short if compact and table.columns[i].compact else row.cells[i].text
    return "" if text == MISSING and row.kind == "ruler" else text


def two_lines(header: str) -> str:
    """A header in at most two lines, broken at a space or after a hyphen so that it is as narrow as can be."""
    breaks = [m.end() for m in re.finditer(r"[ -]", header)]
    halves = [(header[:k].rstrip(), header[k:]) for k in breaks if k < len(header)]
    best = min(halves, key=lambda h: max(map(cell_len, h)), default=(header, ""))
    return "\n".join(best) if best[1] else header


def to_rich(table: Table, width: int) -> "RichTable":
    """A rich table that fits `width`; texts are never read as markup."""
    from rich import box
    from rich.table import Table as RichTable
    from rich.text import Text

    fitted = fit(table, width)
    rich = RichTable(box=box.SIMPLE_HEAD, padding=(0, 1), pad_edge=False)
    rich.title, rich.title_justify = Text(table.title, style="bold"), "left"
    for i in fitted.columns:
        col = table.columns[i]
        first, wide = i == 0, _width(table, i, fitted.compact)
        least = min(wide, width // 2) if first else None  # a row needs its name
        rich.add_column(
            Text(two_lines(col.header), style="cyan"), justify="right" if col.right else "left",
            vertical="top", overflow="fold", no_wrap=not first and wide <= width // 2,
            min_width=least, max_width=width // 2 if first else None,
        )  # fmt: skip
    for row, after in zip(table.rows, [*table.rows[1:], None], strict=True):
        plain = "" if row.kind == "run" else "dim"
        cells = [
            Text(_shown(table, row, i, fitted.compact), style="bold green" if row.cells[i].best else plain)
            for i in fitted.columns
        ]
        rich.add_row(*cells, end_section=after is not None and after.kind != row.kind)
    return rich


def terminal_notes(table: Table, width: int) -> list[str]:
    """The notes of what `to_rich` shows, and what it leaves to the files."""
    fitted = fit(table, width)
    notes = [table.columns[i].note for i in fitted.columns if table.columns[i].note]
    notes += table.notes
    left = [c.header for i, c in enumerate(table.columns) if i not in fitted.columns]
    if left:
        more = [*left[:9], f"{len(left) - 9} more"] if len(left) > 10 else left
        notes.append(f"in the files too: {', '.join(more)}")
    return list(dict.fromkeys(notes))
