"""Links to lines of code that are right after every rebuild: a line is named by what it says."""

import os
from pathlib import Path

from numpygpt.errors import UserError

ROOT = Path(__file__).resolve().parents[2]
STARTS = ("def ", "class ", "@")  # where one block of code ends and the next begins


def line_number(path: str, snippet: str, within: str = "") -> int:
    """The 1-based number of the only line of `path` (from the repository's root) that holds `snippet`.

    `within` narrows the search to a function or class, named by a snippet of its first line. Raises UserError
    if no line or more than one holds the snippet.
    """
    file = ROOT / path
    if not file.is_file():
        raise UserError(f"there is no {path} to link to: name a file from the root of the repository")
    lines = file.read_text(encoding="utf-8").splitlines()
    first, last = 0, len(lines)
    if within:
        first = _only(path, lines, within, 0, last)
        last = _end_of_block(lines, first)
    return 1 + _only(path, lines, snippet, first, last)


def line(path: str, snippet: str, within: str = "", base: Path = ROOT / "docs") -> str:
    """A Markdown link such as `[functional.py:123](../numpygpt/nn/functional.py#L123)`, as seen from `base`."""
    number = line_number(path, snippet, within)
    target = Path(os.path.relpath(ROOT / path, base)).as_posix()
    return f"[{Path(path).name}:{number}]({target}#L{number})"


def _only(path: str, lines: list[str], snippet: str, first: int, last: int) -> int:
    """The index of the only line that holds the snippet."""
    found = [i for i in range(first, last) if snippet in lines[i]]
    if len(found) == 1:
        return found[0]
    where = f"lines {', '.join(str(i + 1) for i in found)}" if found else "no line"
    raise UserError(
        f"{snippet!r} is on {where} of {path}: name just one by a longer piece of it, or `within`"
    )


def _end_of_block(lines: list[str], first: int) -> int:
    """The index of the next line that starts a block as far left as line `first`, or further."""
    depth = len(lines[first]) - len(lines[first].lstrip())
    for i in range(first + 1, len(lines)):
        text = lines[i].lstrip()
        if text.startswith(STARTS) and len(lines[i]) - len(text) <= depth:
            return i
    return len(lines)
