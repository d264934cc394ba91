"""The short fault tests: a few faults of each kind. `python tests/faults/long.py` tries hundreds."""

import shutil
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest
from damage import check_damaged, cut, damaged_files, flip
from disks import fail_at, finish
from harness import SHORT
from long import Suite, Tally

from numpygpt.runs import RunFolder, find_runs


@pytest.fixture(scope="module")
def suite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Suite]:
    """The undisturbed sweep, against which all else is held."""
    made = Suite(tmp_path_factory.mktemp("faults"), seed=4, settings=SHORT, reports=False)
    yield made
    shutil.rmtree(made.sandbox.folder)


@pytest.mark.parametrize(("signum", "n"), [(signal.SIGKILL, 2), (signal.SIGTERM, 1)])
def test_a_sweep_stopped_at_random_moments_ends_in_the_same_bits(
    suite: Suite, signum: signal.Signals, n: int
):
    tally = Tally(signum.name)
    suite.kills(tally, n, signum)
    assert tally.tried == n


def test_of_two_sweeps_at_once_each_run_is_done_once(suite: Suite):
    suite.pairs(Tally("two at once"), 1)


def test_a_disk_that_fails_in_the_middle_of_a_run_costs_nothing(suite: Suite):
    for name, write in (("EROFS", 3), ("ENOSPC", 13)):
        fail_at(suite.sandbox, "writes", name, write)
    finish(suite.sandbox, "writes", suite.whole)


def test_a_sweep_stopped_while_it_writes_its_report_says_so(suite: Suite):
    settings = ("tokenizer=word", "seed=1,2", "budget.iters=2", "train.workers=1")
    started = suite.sandbox.start("reported", settings)
    while started.phase() != "reporting" and started.poll() is None:
        time.sleep(0.01)
    assert started.kill(signal.SIGTERM), started.printed()
    code, printed = started.end()
    assert (code, "stopped: type the same command again" in printed) == (128 + signal.SIGTERM, True), printed
    assert {folder.state() for folder in find_runs(suite.sandbox.study("reported"))} == {"done"}


@pytest.mark.parametrize("damage", [cut, flip])
def test_damage_to_any_file_of_a_finished_run_is_named(suite: Suite, tmp_path: Path, damage):
    whole, rng = suite.sandbox.study("whole"), Random(1)
    first = find_runs(whole)[0]
    files = damaged_files(first)
    for file in files:
        folder = RunFolder(tmp_path / file.name / first.name)
        shutil.copytree(first.path, folder.path)
        damage(folder.path / file.name, rng)
        check_damaged(folder, file.name, suite.whole)
    assert {"checkpoint.safetensors", "metrics.jsonl", "result.json", "run.json"} <= {f.name for f in files}


def test_damage_to_an_unfinished_run_stops_it_with_a_sentence(suite: Suite):
    sandbox, study = suite.sandbox, "flipped"
    shutil.copytree(sandbox.study("whole"), sandbox.study(study))
    (folder,) = find_runs(sandbox.study(study))
    (folder.path / "result.json").unlink()  # as if it had been cut before its end
    whole = folder.checkpoint_path.read_bytes()
    folder.checkpoint_path.write_bytes(whole[:-5] + bytes([whole[-5] ^ 4]) + whole[-4:])
    code, printed = sandbox.type(study)
    assert code == 1
    assert "checkpoint.safetensors cannot be read" in printed
    assert "delete the run's folder" in printed
    folder.checkpoint_path.write_bytes(whole)
    cut(folder.metrics_path, Random(2))
    code, printed = sandbox.type(study)
    assert code == 1
    assert "metrics.jsonl is damaged" in printed
