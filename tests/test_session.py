"""Python in documents: run, shown with what it prints, and never silently wrong."""

import pytest
from making.session import Session

from numpygpt.errors import UserError


def shown(session, source, **options):
    return session.python(caller=lambda: source, **options)


def test_statements_stand_under_prompts_with_what_they_print():
    source = (
        "\nx = 2      # two\n@repr\ndef f():\n    return x\n\nfor i in range(2):\n    print(i, x)\nx * 3\n"
    )
    assert shown(Session(), source, fresh=True) == (
        "```pycon\n>>> x = 2      # two\n>>> @repr\n... def f():\n...     return x\n...\n"
        ">>> for i in range(2):\n...     print(i, x)\n...\n0 2\n1 2\n>>> x * 3\n6\n```\n"
    )


def test_names_are_shared_until_a_fresh_start():
    session = Session()
    shown(session, "x = 1", fresh=True)
    assert ">>> x\n1\n" in shown(session, "x")
    with pytest.raises(UserError, match="'x' fails: NameError"):
        shown(session, "x", fresh=True)


def test_a_statement_that_fails_names_itself():
    with pytest.raises(UserError, match=r"'1 / 0' fails: ZeroDivisionError: division by zero"):
        shown(Session(), "x = 1\n1 / 0")
