"""Whatever files are called and terminals know: names can be written, and no command ends in a traceback."""

import argparse
import importlib
import io
import subprocess
import sys

import pytest

from numpygpt.commands import refused, require_at_least, run_command
from numpygpt.errors import UserError
from numpygpt.printing import print_anything, printable

NAME = b"t\xe9xt.txt".decode("utf-8", "surrogateescape")  # as Python has a name of Latin-1 bytes


def terminal(monkeypatch: pytest.MonkeyPatch, encoding: str) -> io.TextIOWrapper:
    """Standard output of that encoding, strict as Python opens it."""
    stream = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    monkeypatch.setattr(sys, "stdout", stream)
    return stream


def test_a_name_that_is_not_utf8_can_be_written():
    assert printable(NAME) == "t\ufffdxt.txt"
    assert printable("\u4e2d\u6587.txt") == "\u4e2d\u6587.txt"
    assert printable("\u4e2d.txt".encode().decode("ascii", "surrogateescape")) == "\u4e2d.txt"  # LC_ALL=C


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "utf-8"])
def test_a_stream_shows_what_it_lacks(encoding, monkeypatch):
    stream = terminal(monkeypatch, encoding)
    print_anything()
    print(f"{NAME} \u4e2d \u2013", flush=True)
    shown = stream.buffer.getvalue().decode(encoding)
    assert "t\\udce9xt.txt" in shown
    assert ("\u4e2d" if encoding == "utf-8" else "\\u4e2d") in shown


@pytest.mark.parametrize(
    "command",
    [
        *("experiments.sample", "experiments.score", "experiments.compress", "experiments.decompress"),
        *("experiments.show_tokens", "experiments.audit", "benchmarks.__main__"),
        *("analysis.report", "analysis.pack"),
    ],
)
def test_every_command_prints_anything(command, monkeypatch):
    terminal(monkeypatch, "ascii")
    with pytest.raises(SystemExit):
        importlib.import_module(command).main(["--help"])
    print("\u4e2d", NAME, flush=True)


def test_a_run_in_a_process_of_its_own_prints_anything(monkeypatch):
    from experiments.runner.job import job

    terminal(monkeypatch, "ascii")
    with pytest.raises(ValueError, match="cfg"):
        job({})  # what is no configuration is refused, after that
    print("\u4e2d", NAME, flush=True)


# --- Whatever happens in a command, it ends in an exit code and at most one line of complaint ---


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
