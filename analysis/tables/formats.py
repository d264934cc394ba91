"""Tables as CSV and as LaTeX: every text is escaped."""

import math
from itertools import groupby
from typing import Any

import pandas as pd
from pandas.api.types import is_numeric_dtype

from analysis.records.display import MISSING
from analysis.tables.model import Table


def to_csv(frame: pd.DataFrame) -> str:
    """Full precision, integers as such; what is missing is empty. What a spreadsheet would compute is quoted."""
    plain = frame.convert_dtypes()
    for name, column in plain.items():
        if not is_numeric_dtype(column):
            plain[name] = column.map(_defused, na_action="ignore")
    return str(plain.rename(columns=_defused).to_csv(index=False, lineterminator="\n"))


def _defused(value: Any) -> Any:
    is_formula = isinstance(value, str) and value.startswith(("=", "+", "-", "@", "\t", "\r"))
    return f"'{value}" if is_formula else value


def frame_of(table: Table, comparison: str = "") -> pd.DataFrame:
    """A column per key, and KEY_half with the half-widths where a column has intervals; the comparison first."""
    columns: dict[str, Any] = {"comparison": comparison} if comparison else {}
    for i, column in enumerate(table.columns):
        cells = [row.cells[i] for row in table.rows]
        columns[column.key] = [cell.value for cell in cells]
        if any(not math.isnan(cell.half) for cell in cells):
            columns[f"{column.key}_half"] = [cell.half for cell in cells]
    return pd.DataFrame(columns)


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
    """A table environment as wide as a line at most, which says what it needs."""
    form = "".join("r" if c.right else "l" for c in table.columns)
    head = " & ".join(escape_latex(c.header) for c in table.columns)
    lines = [
        r"% \usepackage{booktabs} \usepackage{adjustbox} \usepackage[T1]{fontenc}",
        r"\begin{table}", r"\centering", rf"\caption{{{escape_latex(table.title)}}}",
        rf"\label{{tab:{label or table.name}}}",
        r"\begin{adjustbox}{max width=\linewidth, max totalheight=0.8\textheight}",
        rf"\begin{{tabular}}{{{form}}}", r"\toprule", rf"{head} \\",
    ]  # fmt: skip
    for _, rows in groupby(table.rows, key=lambda row: row.kind):
        lines.append(r"\midrule")
        for row in rows:
            cells = [rf"\textbf{{{t}}}" if c.best else t for c in row.cells for t in [escape_latex(c.text)]]
            guard = "{}" * cells[0].startswith(("[", "*"))  # else the line before takes it for an option
            lines.append(rf"{guard}{' & '.join(cells)} \\")
    lines += [r"\bottomrule", r"\end{tabular}", r"\end{adjustbox}"]
    lines += [rf"\par\smallskip\footnotesize {escape_latex(note)}" for note in table.all_notes]
    return "\n".join([*lines, r"\end{table}"]) + "\n"
