"""What stands at a sweep's end: the report, which knows the command that was typed."""

import sys
from dataclasses import replace

import pytest

from experiments.configuration.identity import run_folder
from experiments.sweeping import summary
from experiments.sweeping.plan import PlannedRun
from numpygpt.places import RUN
from numpygpt.runs.folder import REQUIRED


@pytest.fixture
def runs(composer, tmp_path) -> list[PlannedRun]:
    config = composer("tokenizer=char", "study=cats", f"outputs='{tmp_path}'")
    configs = [replace(config, data=replace(config.data, sha256="0" * 64), seed=seed) for seed in (1, 2)]
    return [PlannedRun((), config, run_folder(config)) for config in configs]


def test_the_report_is_shown_with_the_command_as_it_was_typed(runs, tmp_path, monkeypatch):
    told = []

    class Report:
        def __init__(self, folder):
            told.append(folder)

        def show(self, console, typed, folders, minutes):
            told.extend([typed, folders, minutes])

    monkeypatch.setattr("numpygpt.runs.RunFolder.state", lambda self: "done")
    monkeypatch.setattr("analysis.reports.write_report", Report)
    monkeypatch.setattr(sys, "argv", ["run.py", "-m", "data.path=my text.txt", "seed=1,2"])
    assert summary.close(runs, runs, stopped=0) == 0
    command, folders = (
        [RUN, "-m", "data.path=my text.txt", "seed=1,2"],
        [str(run.folder.path) for run in runs],
    )
    assert told == [tmp_path / "cats", command, folders, None]


def test_what_failed_is_named_without_a_report_too(runs, capsys):
    for run in runs:
        run.folder.create({key: {} for key in REQUIRED["run.json"]})  # too little for a report
    runs[0].folder.write_result(dict.fromkeys(REQUIRED["result.json"], 1.0))
    runs[1].folder.write_failure("diverged", "the loss is not finite at step 40")
    assert summary.close(runs, runs, stopped=0) == 1
    said = capsys.readouterr()
    assert "no report: none of the 2 runs can be read" in said.err
    assert f"{runs[1].folder.name}: diverged: the loss is not finite at step 40" in said.out


def test_runs_of_another_process_are_not_called_done(runs, monkeypatch, capsys):
    monkeypatch.setattr("numpygpt.runs.RunFolder.state", lambda self: "running")
    assert summary.close(runs, [], stopped=0) == 0
    assert "all are done" not in capsys.readouterr().out
