"""What a sweep says it will do: there while it goes on, gone when all is done, and true with several sweeps."""

import os
import signal
import subprocess
import sys
import textwrap
from dataclasses import replace

import pytest

from analysis.plans import FOLDER, read_plans
from analysis.records.settings import setting_of
from experiments.corpora import folder_of
from experiments.planned import planned
from experiments.sweep import PlannedRun


@pytest.fixture
def runs(composer, tmp_path) -> list[PlannedRun]:
    """char and byte, two seeds each; nothing is trained."""
    config = composer("tokenizer=char", "study=cats", "eval.texts=[]", f"outputs='{tmp_path}'")
    config = replace(config, data=replace(config.data, sha256="0" * 64))
    configs = [
        replace(config, seed=seed, tokenizer=replace(config.tokenizer, kind=kind, name=kind))
        for kind in ("char", "byte")
        for seed in (1, 2)
    ]
    return [PlannedRun((), config, folder_of(config)) for config in configs]


def finish(run: PlannedRun) -> None:
    """As far as a look at the folder goes."""
    run.folder.path.mkdir(parents=True)
    (run.folder.path / "result.json").touch()


def names(plan) -> list[str]:
    return list(plan.runs)


def test_a_plan_lists_its_runs_in_order_with_their_settings_while_it_lives(runs, tmp_path):
    with planned(runs):
        (plan,) = read_plans(tmp_path / "cats")
        assert plan.alive
        assert names(plan) == [run.folder.name for run in runs]
        a, b, c, d = plan.runs.values()
        assert a == b != c == d
        for run in runs:
            finish(run)
    assert list((tmp_path / "cats" / FOLDER).iterdir()) == []


def test_the_plan_of_a_stopped_sweep_stays_until_its_runs_are_done_or_taken_on(runs, tmp_path):
    with planned(runs):
        finish(runs[0])
    (stopped,) = read_plans(tmp_path / "cats")
    assert not stopped.alive
    with planned(runs[2:3]):  # another sweep, which does not care for the rest
        assert [plan.alive for plan in read_plans(tmp_path / "cats")] == [False, True]
        finish(runs[2])
    assert [names(plan) for plan in read_plans(tmp_path / "cats")] == [[run.folder.name for run in runs]]
    with planned([runs[1], runs[3]]):  # which takes on all that is left
        assert [names(plan) for plan in read_plans(tmp_path / "cats")] == [
            [runs[1].folder.name, runs[3].folder.name]
        ]


def test_two_sweeps_at_once_keep_plans_of_their_own(runs, tmp_path):
    """The second one is another process, and is killed."""
    script = f"""
        import sys, time
        from types import SimpleNamespace
        from experiments import planned
        from numpygpt.runs import RunFolder
        planned._identity = lambda run: {{"seed": 1}}
        with planned.planned([SimpleNamespace(folder=RunFolder("{tmp_path}/cats/other"))]):
            print("begun", flush=True)
            time.sleep(60)
    """
    with planned(runs):
        other = subprocess.Popen([sys.executable, "-c", textwrap.dedent(script)], stdout=subprocess.PIPE)
        assert other.stdout.readline() == b"begun\n"
        assert sorted(len(plan.runs) for plan in read_plans(tmp_path / "cats") if plan.alive) == [1, 4]
        os.kill(other.pid, signal.SIGKILL)
        other.wait()
        assert sorted(len(plan.runs) for plan in read_plans(tmp_path / "cats") if plan.alive) == [4]
    assert len(read_plans(tmp_path / "cats")) == 2
    assert not any(plan.alive for plan in read_plans(tmp_path / "cats"))


def test_nothing_to_do_leaves_no_trace(tmp_path):
    with planned([]):
        assert list(tmp_path.iterdir()) == []


def test_what_is_no_plan_says_nothing(tmp_path):
    folder = tmp_path / FOLDER
    folder.mkdir()
    for number, content in enumerate(["", "[]", "{", '{"runs": 3}', '{"schema": 99, "runs": []}', "\x00"]):
        (folder / f"{number}.json").write_text(content)
    (folder / "folder.json").mkdir()
    assert read_plans(tmp_path) == []
    assert read_plans(tmp_path / "nowhere") == []


def test_a_setting_is_all_of_an_identity_but_the_seed():
    same = {setting_of({"seed": seed, "model": {"n_layer": 4, "bias": (1, 2)}}) for seed in (1, 2)}
    assert same == {setting_of({"model": {"bias": [1, 2], "n_layer": 4}, "seed": 3})}
    assert same != {setting_of({"model": {"n_layer": 5, "bias": [1, 2]}, "seed": 1})}
