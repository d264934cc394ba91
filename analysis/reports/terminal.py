"""A report on the terminal: of each comparison its table, what it comes to, and what its models write."""

from collections.abc import Collection
from contextlib import suppress

from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from analysis.inference.comparisons import Comparison
from analysis.page.view import Section, View
from analysis.tables.terminal import print_table
from numpygpt.errors import UserError

MOST_CAUTIONS, MOST_GROUPS = 3, 8


def show(view: View, console: Console, also: Collection[str] = ()) -> None:
    for section in view.sections:
        _show_section(section, console)
        for table in (table for table in section.tables if table.name in also):
            print_table(table, console)
    for table in view.overviews:
        print_table(table, console)
    runs = view.collection.runs
    undone = runs.loc[runs["state"] != "done", ["run", "state", "reason"]]
    for name, state, why in undone.itertuples(index=False):
        console.print(Text(f"not counted: {name}, {state}{f' ({why})' if why else ''}", style="yellow"))
    for problem in view.problems:
        console.print(Text(f"! {problem.sentence}", style="yellow"))


def _show_section(section: Section, console: Console) -> None:
    summary = section.summary
    print_table(section.tables[0], console, titled=False)
    console.print(Text(summary.headline, style="bold"))
    for caution in summary.cautions[:MOST_CAUTIONS]:
        _indented(f"! {caution}", console, "yellow")
    if (unsaid := len(summary.cautions) - MOST_CAUTIONS) > 0:
        _indented(f"and {unsaid} more in the report", console, "yellow")
    behind = len(summary.order) - MOST_GROUPS
    for line in (*summary.order[:MOST_GROUPS], *([f"and {behind} more behind"] if behind > 0 else [])):
        _indented(line, console)
    for note in summary.notes:
        _indented(note, console, "dim")
    if summary.texts:
        console.print("On other texts, by the seeds alone:")
    for line in summary.texts:
        _indented(line, console)
    console.print()
    samples = first_samples(section.comparison)
    width = max(map(len, samples), default=0)
    for label, text in samples.items():
        # A Text's own no_wrap is not obeyed here; the console's is.
        console.print(Text(f"{label:{width}}  {text}"), no_wrap=True, overflow="ellipsis")


def _indented(text: str, console: Console, style: str = "") -> None:
    console.print(Padding(Text(text, style=style), (0, 0, 0, 2)))


def first_samples(comparison: Comparison) -> dict[str, str]:
    """By its name, what the best model of each tokenizer wrote first, on one line."""
    said = {}
    for setting in (family.best for family in comparison.families):
        with suppress(UserError, KeyError, IndexError):
            text = " ".join(setting.folders[0].samples()["samples"][0]["text"].split())
            said[comparison.called(setting)] = "".join(c for c in text if c.isprintable())
    return said
