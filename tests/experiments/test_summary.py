"""What stands at a sweep's end: a line of text of each tokenizer, and the command to type next."""

import sys
from dataclasses import replace

import pytest

from experiments.configuration.identity import run_folder
from experiments.sweeping import summary
from experiments.sweeping.plan import PlannedRun
from experiments.sweeping.summary import with_seeds
from numpygpt.errors import UserError


@pytest.mark.parametrize(
    ("typed", "next_one"),
    [
        ("-m tokenizer=char,word", "-m tokenizer=char,word seed=1337,1,2"),
        ("tokenizer=char,word seed=9 force=true", "-m tokenizer=char,word seed=1337,1,2"),
        ("--multirun +seed=9 model=tiny", "--multirun model=tiny seed=1337,1,2"),
    ],
)
def test_the_next_command_is_the_same_with_further_seeds(typed, next_one):
    assert with_seeds(typed.split(), [1337, 1, 2]) == next_one


def test_what_a_shell_would_read_is_quoted():
    assert with_seeds(["-m", "data.path=my text.txt"], [1]) == "-m 'data.path=my text.txt' seed=1"


@pytest.fixture
def finished(composer, tmp_path, monkeypatch):
    """finished(*seeds) -> char and word runs that seem done, of 60 s each."""

    def made(*seeds: int) -> list[PlannedRun]:
        config = composer("tokenizer=char", "study=cats", f"outputs='{tmp_path}'")
        config = replace(config, data=replace(config.data, sha256="0" * 64))
        configs = [
            replace(config, seed=seed, tokenizer=replace(config.tokenizer, kind=kind, name=kind))
            for kind in ("char", "word")
            for seed in seeds
        ]
        return [PlannedRun((), config, run_folder(config)) for config in configs]

    def samples(folder):
        if folder.name.startswith("char"):
            raise UserError("samples.json is damaged")
        return {"samples": [{"text": "the\ncat  [red]sat[/red]\x1b[2J"}]}

    folder = "numpygpt.runs.RunFolder."
    monkeypatch.setattr(folder + "state", lambda self: "done")
    monkeypatch.setattr(folder + "result", lambda self: {"total_seconds": 60.0})
    monkeypatch.setattr(folder + "samples", samples)
    monkeypatch.setattr(sys, "argv", ["run.py", "-m", "tokenizer=char,word"])
    monkeypatch.setattr("analysis.reports.write_report", lambda *_: pytest.fail("not wanted"))
    monkeypatch.setattr(summary, "_report", lambda *_: None)
    return made


@pytest.mark.parametrize(
    ("seeds", "said"),
    [
        ((1337,), ("about 4 min more", "seed=1337,1,2")),
        ((1,), ("about 4 min more", "seed=1,2,3")),
        ((2, 1337), ("about 2 min more", "seed=2,1337,1")),
        ((1, 2, 3), None),
    ],
)
def test_a_sweep_ends_with_the_command_that_adds_seeds_and_its_minutes(finished, capsys, seeds, said):
    runs = finished(*seeds)
    assert summary.close(runs, runs, stopped=0) == 0
    out = capsys.readouterr().out
    if said is None:
        assert "seed=" not in out
    else:
        assert all(words in out for words in said)
    assert "word  the cat [red]sat[/red]" in out  # one line, as it is
    assert "\x1b" not in out


def test_no_next_command_where_runs_are_missing(finished, capsys, monkeypatch):
    runs = finished(1)
    monkeypatch.setattr("numpygpt.runs.RunFolder.state", lambda self: "interrupted")
    summary.close(runs, runs, stopped=0)
    assert "seed=" not in capsys.readouterr().out
