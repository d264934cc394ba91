"""The registry of measures: what every figure is called, how it is written, what it means and where it comes from.

It is the table measures.csv beside this module, whose columns are the fields of `Measure`. To add a measure:
compute it (a key of result.json, or a column of derived.py), add a line there, and place its key in a table of
analysis/tables. Tables, figures, page and documents take names, forms and definitions from here.
"""

import csv
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Literal


@dataclass(frozen=True)
class Measure:
    """One measure, by the key under which result.json holds it.

    form: a format spec for floats, or percent, share (of 1), count, si, yesno, text, seconds. Intervals of all but
    signed ones ("+.3f") end at zero, those of shares and percentages at 1, too.
    better: which direction is better, if any.   source: the package and the function or file that computes it.
    """

    key: str
    label: str
    form: str = ".3g"
    unit: str = ""
    better: Literal["lower", "higher", ""] = ""
    definition: str = ""
    source: str = ""

    @property
    def heading(self) -> str:
        """The label with its unit, for columns: `loss/token (nats)`."""
        return f"{self.label} ({self.unit})" if self.unit else self.label

    @property
    def meaning(self) -> str:
        """The definition and the better direction, in plain text."""
        return f"{self.definition} {self.better.capitalize()} is better." if self.better else self.definition


with Path(__file__).with_suffix(".csv").open(encoding="utf-8", newline="") as _file:
    MEASURES = {row["key"]: Measure(**row) for row in csv.DictReader(_file)}  # type: ignore[arg-type]


@cache
def measure(key: str) -> Measure:
    """The measure of a key such as `generated.word_share`; one that is not registered goes by its own name."""
    group, _, name = key.partition(".")  # the rate of a perturbation may have a point
    name = name if group == "perturbed" else key.rpartition(".")[2]
    form = {"bits_by": ".3f", "perturbed": "+.3f"}.get(group, ".3g")
    known = MEASURES.get(name) or Measure(name, name.replace("_", " "), form)
    return replace(known, key=key)


def glossary() -> str:
    """All measures as a Markdown table: key, label with unit, better direction, definition, source."""
    rows = ["| key | shown as | better | what it is | computed in |", "| --- | --- | --- | --- | --- |"]
    for m in MEASURES.values():
        definition = m.definition.replace("<", "&lt;").replace("|", "\\|")
        rows.append(f"| `{m.key}` | {m.heading} | {m.better or 'neither'} | {definition} | {m.source} |")
    return "\n".join(rows) + "\n"
