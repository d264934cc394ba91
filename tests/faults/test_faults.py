"""Faults done to small sweeps: a few of each kind, or so many as --faults says.

After every fault the same command is typed again. Survived means: no line of metrics lost or doubled at any time,
no wrong number, and in the end either the bits of the undisturbed sweep or one sentence that names the damage.
"""

import re
import shutil
import signal
import time
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from random import Random

import pytest
from harness import (
    SHORT,
    SWEEP,
    Sandbox,
    check_equal,
    check_report,
    check_unfinished,
    checkpoint_step,
    readable,
    results,
    rows,
)

from analysis.records.collect import collect
from experiments import sample
from numpygpt.runs import RunFolder, find_runs

REFUSED = "cannot be written"
NO_NUMBERS = ("run.lock", "curves.png", "samples.txt")  # for people: programs read samples.json, not these


@pytest.fixture(scope="module")
def many(pytestconfig: pytest.Config) -> int:
    """How many faults of each kind; 0 stands for a few."""
    return pytestconfig.getoption("--faults")


@pytest.fixture(scope="module")
def sandbox(many: int, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    made = Sandbox.make(tmp_path_factory.mktemp("faults"), SWEEP if many else SHORT)
    yield made
    shutil.rmtree(made.folder)


@pytest.fixture
def rng() -> Random:
    return Random(4)


# --- killed, stopped, and two at once ---


@pytest.mark.parametrize(("signum", "few"), [(signal.SIGKILL, 2), (signal.SIGTERM, 1)])
def test_a_sweep_that_was_stopped_ends_in_the_same_bits(sandbox, many, rng, signum, few):
    """Stopped in training; many are stopped at random moments."""
    tried = 0
    for study in (f"{signum.name}-{n}" for n in count()):
        while tried < (many or few) and stopped(sandbox, study, signum, rng, at_random=bool(many)):
            tried += 1
        printed = sandbox.finish(study)
        if tried == (many or few):
            assert many or "going on after update" in printed
            return


def stopped(sandbox: Sandbox, study: str, signum: signal.Signals, rng: Random, at_random: bool) -> bool:
    """Whether the signal came before the sweep was through."""

    def checkpoints() -> list[int]:
        return [path.stat().st_mtime_ns for path in sandbox.study(study).glob("*/checkpoint.safetensors")]

    workers = rng.choices((1, 2), (3, 1))[0]  # of which results do not depend
    before, started = checkpoints(), sandbox.start(study, f"train.workers={workers}")
    began = started.says(r"\[")
    time.sleep(rng.uniform(0, 1) if at_random else 0)
    while not at_random and checkpoints() == before and started.poll() is None:
        time.sleep(0.002)
    child = at_random and signum == signal.SIGKILL and rng.random() < 0.2
    if not began or started.poll() is not None or not started.kill(signum, child):
        started.end()
        return False
    code, printed = started.end()
    if signum == signal.SIGTERM:
        assert code in (0, -signum) or "type the same command again" in printed, printed
        assert code in (0, -signum, 128 + signum)
        for folder in find_runs(sandbox.study(study)):  # nothing is lost
            found = rows(folder)
            assert not folder.checkpoint_path.exists() or found[-1]["step"] <= checkpoint_step(folder)
    check_unfinished(sandbox.study(study), sandbox.whole)
    return True


def test_of_two_sweeps_at_once_each_run_is_done_once(sandbox, many, rng):
    for number in range(many or 1):
        study = f"pair-{number}"
        both = [sandbox.start(study)]
        time.sleep(rng.uniform(0, 1))
        both.append(sandbox.start(study, log=f"{study}-second"))
        if number % 2:  # one of them is killed
            time.sleep(rng.uniform(1, 3))
            both[number // 2 % 2].kill(signal.SIGKILL)
        codes = [one.end()[0] for one in both]
        assert number % 2 or codes == [0, 0]
        check_unfinished(sandbox.study(study), sandbox.whole)
        sandbox.finish(study)


def test_a_sweep_stopped_while_it_writes_its_report_says_so(sandbox):
    settings = ("tokenizer=word", "seed=1,2", "budget.iters=2", "train.workers=1")
    started = sandbox.start("reported", settings=settings)
    assert started.says(r"\] done.*\] done")
    assert started.kill(signal.SIGTERM)
    code, printed = started.end()
    assert (code, "stopped: type the same command again" in printed) == (128 + signal.SIGTERM, True), printed
    assert {folder.state() for folder in find_runs(sandbox.study("reported"))} == {"done"}


def test_a_report_killed_at_a_random_moment_shows_right_numbers(sandbox, many, rng):
    if not many:
        pytest.skip("only with --faults: two whole reports")
    study = sandbox.study("whole")
    for _ in range(many):
        started = sandbox.report("whole")
        time.sleep(rng.uniform(0, 2))
        started.kill(signal.SIGKILL)
        started.end()
        if (study / "report" / "runs.csv").exists():
            check_report(study, sandbox.whole)
    assert sandbox.report("whole").end()[0] == 0
    check_report(study, sandbox.whole)
    shutil.rmtree(study / "report")


# --- full and read-only disks ---


def test_a_disk_that_fails_in_the_middle_of_a_run_costs_nothing(sandbox, many):
    writes = (3, 13)
    if many:
        _, printed = sandbox.type("counted", ("ENOSPC", 0))
        writes = range(1, int(re.search(r"^writes: (\d+)$", printed, re.MULTILINE)[1]) + 1)
    for number, first in enumerate(writes):
        code, printed = sandbox.type("writes", (("EROFS", "ENOSPC")[number % 2], first))
        assert code in (1, 2)
        assert REFUSED in printed
    sandbox.finish("writes")


# --- damaged files ---


def cut(path: Path, rng: Random) -> None:
    path.write_bytes(path.read_bytes()[: rng.randrange(max(1, path.stat().st_size))])


def empty(path: Path, rng: Random) -> None:
    path.write_bytes(b"")


def flip(path: Path, rng: Random) -> None:
    raw = bytearray(path.read_bytes())
    raw[rng.randrange(len(raw))] ^= 1 << rng.randrange(8)
    path.write_bytes(raw)


def remove(path: Path, rng: Random) -> None:
    path.unlink()


def damaged_files(folder: RunFolder) -> list[Path]:
    return sorted(
        path for path in folder.path.iterdir() if path.stat().st_size and path.name not in NO_NUMBERS
    )


@pytest.mark.parametrize("damage", [cut, empty, flip, remove])
def test_damage_to_any_file_of_a_finished_run_is_named(
    sandbox, many, rng, tmp_path, damage: Callable[[Path, Random], None]
):
    first = find_runs(sandbox.study("whole"))[0]
    files = damaged_files(first)
    assert {"checkpoint.safetensors", "metrics.jsonl", "result.json", "run.json"} <= {f.name for f in files}
    for file in files * (many or 1):
        folder = RunFolder(shutil.copytree(first.path, tmp_path / first.name))
        damage(folder.path / file.name, rng)
        right = sandbox.whole[first.name]
        if readable(folder) and folder.state() == "done" and not same(folder, right):
            assert sample.main([str(folder.path), "--length", "5", "--number", "1"]) == 2, file
        row = collect([folder]).runs
        if len(row) and row["state"].iloc[0] == "done":
            assert row["bits_per_byte"].iloc[0] == right["result"]["bits_per_byte"], file
        shutil.rmtree(folder.path)


def same(folder: RunFolder, right: dict) -> bool:
    try:
        return results(folder) == right
    except (OSError, ValueError):
        return False


def test_damage_to_an_unfinished_run_stops_it_with_a_sentence_or_costs_nothing(sandbox, many, rng):
    cases = [("checkpoint.safetensors", flip), ("metrics.jsonl", cut)]
    if many:
        names = [path.name for path in damaged_files(find_runs(sandbox.study("whole"))[0])]
        cases = [(name, damage) for name in names for damage in (cut, empty, flip, remove)]
    for name, damage in cases:
        study = Path(shutil.copytree(sandbox.study("whole"), sandbox.study("damaged")))
        first = find_runs(study)[0]
        damage(first.path / name, rng)
        (first.path / "result.json").unlink(missing_ok=True)  # as if it had been cut before its end
        code, printed = sandbox.type("damaged")
        if code:
            assert name in printed, printed
            assert "damaged" in printed or "cannot be read" in printed, printed
        else:
            check_equal(study, sandbox.whole)
        assert many or code == 1
        shutil.rmtree(study)
