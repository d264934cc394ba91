"""Small turns of phrase, so that sentences keep their grammar whatever the records say."""

import re
import textwrap
from collections.abc import Sequence

from analysis.table import Cell, Column, Row, Table, to_markdown


def listed(words: Sequence[str], joint: str = "and") -> str:
    """`a`, `a and b`, `a, b and c`."""
    return f" {joint} ".join(filter(None, [", ".join(words[:-1]), *words[-1:]]))


def times(number: float) -> str:
    """`1.8 times`, `56 times`."""
    return f"{number:.1f} times" if number < 10 else f"{number:.0f} times"


def markdown_table(heads: Sequence[str], rows: Sequence[Sequence[str | Cell]], left: int = 1) -> str:
    """A pipe table of texts, or cells with their own form; the first `left` columns are flush left."""
    columns = tuple(Column(head, head, right=i >= left) for i, head in enumerate(heads))
    cells = tuple(Row(tuple(c if isinstance(c, Cell) else Cell(c) for c in row)) for row in rows)
    return to_markdown(Table("", "", columns, cells)).rstrip("\n")


FENCE = re.compile(r"^(```|~~~)")
ITEM = re.compile(r"(?:[-*]|\d+\.) ")
TOGETHER = re.compile(r"[\d.,]+ (?:± [\d.,]+(?: %)?|%)|`[^`]+`")  # not to be torn apart at a line's end
HARD_SPACE = "\N{NO-BREAK SPACE}"


def wrapped(page: str, width: int = 120) -> str:
    """Markdown with its prose broken at `width`, a template's own breaks undone; all else is left as it is.

    Prose is a paragraph, or an item of a list that starts at the margin; code, tables, headings and HTML are not.
    """
    lines: list[str] = []
    prose: list[str] = []
    fenced = False
    for line in page.split("\n"):
        is_fence = bool(FENCE.match(line))
        if fenced or is_fence or not line.strip() or (line[0] in "|#<! " and not prose):
            lines += [*_filled(prose, width), line]
            prose = []
            fenced ^= is_fence
        elif ITEM.match(line):
            lines += _filled(prose, width)
            prose = [line]
        else:
            prose.append(line)
    return "\n".join([*lines, *_filled(prose, width)])


def _filled(prose: Sequence[str], width: int) -> list[str]:
    """One paragraph or item, broken anew."""
    text = " ".join(" ".join(prose).split())
    item = ITEM.match(text)
    text = TOGETHER.sub(lambda match: match[0].replace(" ", HARD_SPACE), text)
    indent = " " * len(item[0]) if item else ""
    broken = textwrap.wrap(
        text, width, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
    )
    return [line.replace(HARD_SPACE, " ") for line in broken]
