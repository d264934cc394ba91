"""Whatever happens in a command, it ends in an exit code and at most one line of complaint."""

import argparse
import subprocess
import sys

import pytest

from numpygpt.commands import refused, require_at_least, run_command
from numpygpt.errors import UserError

PARSER = argparse.ArgumentParser(prog="some.py")
ENDLESS = """
import argparse, sys
from numpygpt.commands import run_command

def write_on(chosen):
    while True:
        print("and on " * 1000)

sys.exit(run_command(argparse.ArgumentParser(), write_on, []))
"""


def raising(error):
    def work(chosen):
        raise error

    return work


@pytest.mark.parametrize(
    ("work", "code", "said"),
    [
        (lambda chosen: None, 0, ""),
        (lambda chosen: 1, 1, ""),
        (raising(UserError("no such run")), 2, "some.py: no such run\n"),
        (lambda chosen: refused("some.py", UserError("a"), UserError("b")), 2, "some.py: a\nsome.py: b\n"),
        (raising(KeyboardInterrupt()), 130, "some.py: stopped\n"),
    ],
)
def test_exit_codes_and_what_is_said(work, code, said, capsys):
    assert run_command(PARSER, work, []) == code
    assert capsys.readouterr().err == said


def test_a_bug_is_not_hidden():
    with pytest.raises(ZeroDivisionError):
        run_command(PARSER, lambda chosen: 1 // 0, [])


def test_a_reader_that_leaves_is_no_error():
    command = subprocess.Popen(
        [sys.executable, "-c", ENDLESS], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    command.stdout.close()
    assert (command.stderr.read(), command.wait(30)) == (b"", 0)


def test_options_below_what_is_possible_are_refused():
    chosen = argparse.Namespace(number=0, seed=None)
    require_at_least(0, chosen, "number", "seed")
    with pytest.raises(UserError, match="--number=0 is not possible: it may be 1 or more"):
        require_at_least(1, chosen, "seed", "number")
