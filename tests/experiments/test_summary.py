"""What stands at a sweep's end: the report, which knows the command that was typed."""

import sys
from dataclasses import replace

from experiments.configuration.identity import run_folder
from experiments.sweeping import summary
from experiments.sweeping.plan import PlannedRun
from numpygpt.places import RUN


def test_the_report_is_shown_with_the_command_as_it_was_typed(composer, tmp_path, monkeypatch):
    config = composer("tokenizer=char", "study=cats", f"outputs='{tmp_path}'")
    configs = [replace(config, data=replace(config.data, sha256="0" * 64), seed=seed) for seed in (1, 2)]
    runs = [PlannedRun((), config, run_folder(config)) for config in configs]
    told = []

    class Report:
        def __init__(self, folder):
            told.append(folder)

        def show(self, console, typed):
            told.append(typed)

    monkeypatch.setattr("numpygpt.runs.RunFolder.state", lambda self: "done")
    monkeypatch.setattr("analysis.reports.write_report", Report)
    monkeypatch.setattr(sys, "argv", ["run.py", "-m", "data.path=my text.txt", "seed=1,2"])
    assert summary.close(runs, runs, stopped=0) == 0
    assert told == [tmp_path / "cats", [RUN, "-m", "data.path=my text.txt", "seed=1,2"]]
