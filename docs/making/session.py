"""Python in a document, run while the document is made: what stands under a prompt is what came out.

In a template: `{% call python() %} ... {% endcall %}`. The statements of one document share their names, from the
first call, `python(fresh=True)`, on.
"""

import ast
import contextlib
import io
from collections.abc import Callable
from typing import Any

from numpygpt.errors import UserError


class Session:
    """One document's interpreter."""

    def __init__(self) -> None:
        self.names: dict[str, Any] = {}

    def python(self, fresh: bool = False, *, caller: Callable[[], str]) -> str:
        """The block's statements with their prompts and what they print, as a fenced block.

        Raises UserError if a statement fails; a failure that is meant is caught and printed by the block itself.
        """
        if fresh:
            self.names = {"__name__": "essay"}
        source = caller().strip("\n")
        shown = [self._run(statement, source) for statement in ast.parse(source).body]
        return "```pycon\n" + "\n".join(shown) + "\n```\n"

    def _run(self, statement: ast.stmt, source: str) -> str:
        lines = source.split("\n")[_first_line(statement) - 1 : statement.end_lineno]
        code = compile(ast.Interactive([statement]), "<document>", "single")
        printed = io.StringIO()
        try:
            with contextlib.redirect_stdout(printed):
                exec(code, self.names)
        except Exception as error:
            raise UserError(f"{lines[0]!r} fails: {type(error).__name__}: {error}") from error
        is_block = isinstance(statement, ast.FunctionDef | ast.ClassDef | ast.For | ast.With)
        prompts = [
            f">>> {lines[0]}",
            *(f"... {line}".rstrip() for line in lines[1:]),
            *(["..."] if is_block else []),
        ]
        return "\n".join([*prompts, *printed.getvalue().rstrip("\n").split("\n")]).rstrip("\n")


def _first_line(statement: ast.stmt) -> int:
    """Of the statement with its decorators."""
    decorators = getattr(statement, "decorator_list", [])
    return min([statement.lineno, *(d.lineno for d in decorators)])
