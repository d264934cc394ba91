"""A report on the terminal: the essential tables, the conclusion and its verdicts, as wide as the console."""

from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from analysis.inference.wording import OVER_SEEDS
from analysis.page.view import Section, View
from analysis.tables.terminal import print_table

PRINTED_VERDICTS = 10


def show(view: View, console: Console) -> None:
    for section in view.sections:
        _show_section(section, console)
    for table in (*view.overviews, *([view.unfinished] if view.unfinished else [])):
        print_table(table, console)
    for problem in view.problems:
        console.print(Text(f"left out: {problem.sentence}", style="yellow"))


def _show_section(section: Section, console: Console) -> None:
    conclusion = section.comparison.conclusion
    for table in section.tables:
        if table.essential:
            print_table(table, console)
    console.print(Text(conclusion.headline, style="bold"))
    few = len(conclusion.verdicts) <= PRINTED_VERDICTS
    for verdict in conclusion.verdicts[:PRINTED_VERDICTS]:
        console.print(Padding(Text(f"{'>' if verdict.winner else '='} {verdict.sentence}"), (0, 0, 0, 2)))
        notes = [n for n in verdict.notes if not (verdict.winner and n.startswith(OVER_SEEDS))]
        if few and notes:
            console.print(Padding(Text("; ".join(notes), style="dim"), (0, 0, 0, 4)))
    if not few:
        more = f"and {len(conclusion.verdicts) - PRINTED_VERDICTS} more verdicts in tables/verdicts.md"
        console.print(Padding(Text(more, style="dim"), (0, 0, 0, 2)))
    console.print()
