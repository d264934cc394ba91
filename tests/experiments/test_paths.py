"""Paths that lead to no regular file: refused in one sentence by every command, and never waited for."""

import os
import signal
import socket
import stat
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from analysis import report
from experiments import sample, score
from experiments.cli.eval_texts import read_texts
from experiments.cli.files import read_input
from experiments.configuration.identity import _tokenizer_file
from experiments.trained.scoring import read_passages
from numpygpt import tokenizers
from numpygpt.data import resolve
from numpygpt.errors import UserError
from numpygpt.runs import RunFolder
from numpygpt.tokenizers.foreign.extras import read_bytes as read_tokenizer

pytestmark = pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes, sockets and devices")


@pytest.fixture(autouse=True)
def no_waiting() -> Iterator[None]:
    def stop(*_: object) -> None:
        raise TimeoutError("it waits")

    before = signal.signal(signal.SIGALRM, stop)
    signal.alarm(10)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


def pipe(path: Path) -> None:
    os.mkfifo(path)


def unix_socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(str(path))


def device(path: Path) -> None:
    path.symlink_to("/dev/zero")


def link_to_nowhere(path: Path) -> None:
    path.symlink_to(path.with_name("nowhere"))


NO_FILES = [pipe, unix_socket, device, link_to_nowhere, Path.mkdir]


def tokenizer_config(composer, kind: str, path: Path):
    config = composer(f"tokenizer={kind}").tokenizer
    config.path = str(path)
    return config


@pytest.mark.parametrize("make", NO_FILES)
def test_what_is_no_regular_file_is_refused_wherever_a_file_is_asked_for(
    composer, tmp_path, monkeypatch, capsys, make: Callable[[Path], None]
):
    path = tmp_path / "shakespeare.txt"
    make(path)
    monkeypatch.setenv("NUMPYGPT_DATA", str(tmp_path))
    for refused in (
        lambda: resolve("file", path),
        lambda: resolve("shakespeare", allow_fallback=True),
        lambda: read_texts([str(path)]),
        lambda: _tokenizer_file(tokenizer_config(composer, "hf", path)),
        lambda: tokenizers.load(path),
        lambda: read_tokenizer(str(path), "hf", "tokenizer.json"),
        lambda: read_passages([str(path)]),
        lambda: RunFolder(path).state() == "done" or RunFolder(path).run(),
    ):
        with pytest.raises(UserError) as refusal:
            refused()
        assert str(path) in str(refusal.value)
        assert "\n" not in str(refusal.value)
    if make is not pipe:  # which these read once, as they do standard input
        with pytest.raises(UserError, match="cannot be read"):
            read_input(str(path))
    if make is not Path.mkdir:
        assert report.main([str(path)]) == 2
        assert sample.main([str(path)]) == 2
    assert "Traceback" not in capsys.readouterr().err


def test_a_pipe_is_compressed_as_standard_input_is(tmp_path):
    read_end, write_end = os.pipe()
    os.write(write_end, b"some text")
    os.close(write_end)
    assert stat.S_ISFIFO(os.fstat(read_end).st_mode)
    assert read_input(f"/dev/fd/{read_end}") == b"some text"
    os.close(read_end)


def test_a_name_that_is_too_long_is_no_bug(capsys):
    name = "a" * 5000
    assert sample.main([name]) == 2
    assert report.main([name]) == 2
    assert score.main([name, "--passage", __file__]) == 2
    with pytest.raises(UserError, match="too long"):
        read_texts([name])
    assert "Traceback" not in capsys.readouterr().err
