"""Whatever files are called and terminals know: names can be written, and no command ends in a traceback."""

import importlib
import io
import sys

import pytest

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
        *("experiments.export", "experiments.show_tokens", "experiments.benchmark"),
        *("analysis.report", "analysis.surprisal", "analysis.pack"),
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
