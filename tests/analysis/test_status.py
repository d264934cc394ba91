"""How far runs are: every state, the pace of one under way, and what is shown of it."""

import io
import math
import re

import pytest
from rich.console import Console
from synthetic import make_run, record

from analysis.report import main
from analysis.tables.status import print_status, run_status
from numpygpt.runs import RunFolder


@pytest.fixture
def under_way(tmp_path):
    """Two updates per second, 300 of 1,000 done; logged every 10, evaluated once."""
    folder = RunFolder(tmp_path / "bpe-small-s1")
    folder.create(record("bpe", 1, folder.name) | {"resolved": {"iters": 1000}})
    folder.append_metrics({"step": 0, "kind": "eval", "val_loss": 5.0, "val_bpb": 3.5, "seconds": 0.0})
    for step in range(10, 301, 10):
        seconds = 0.5 * step + 100.0 * (step <= 50)  # the first ones, on a busy machine, are not recent
        folder.append_metrics({"step": step, "kind": "train", "loss": 5.0 - step / 100, "seconds": seconds})
    return folder


def test_a_run_under_way_tells_its_pace_and_the_time_left(under_way):
    with under_way.lock():
        status = run_status(under_way)
    assert (status.state, status.step, status.iters, status.loss) == ("running", 300, 1000, 2.0)
    assert status.bits_per_byte == 3.5
    assert status.pace == pytest.approx(2.0)
    assert status.seconds_left == pytest.approx(350.0)
    cut_short = run_status(under_way)
    assert cut_short.state == "interrupted"
    assert math.isnan(cut_short.pace)
    assert math.isnan(cut_short.seconds_left)


def test_done_failed_begun_and_damaged_runs(tmp_path):
    done = run_status(run := make_run(tmp_path, "char", 1, every=100))
    assert (done.state, done.bits_per_byte) == ("done", run.result()["bits_per_byte"])
    failed = run_status(make_run(tmp_path, "char", 2, state="failed", every=100))
    assert failed.reason == "diverged: the loss is not finite at step 40"
    begun = RunFolder(tmp_path / "begun")
    with begun.lock():
        assert run_status(begun).state == "running"
        assert not run_status(begun).reason
    (run.path / "result.json").write_text("{")
    assert "result.json is damaged" in run_status(run).reason


def test_a_table_and_the_reasons_below_it(under_way, tmp_path):
    statuses = [run_status(under_way), run_status(make_run(tmp_path, "char", 2, state="failed", every=100))]
    shown = io.StringIO()
    print_status(statuses, Console(file=shown, width=100))
    assert "bits/byte" in shown.getvalue()
    assert re.search(r"bpe-small-s1\s+interrupted\s+300\s+1,000\s+2.0", shown.getvalue())
    assert "char-small-s2: diverged: the loss is not finite at step 40" in shown.getvalue()


def test_the_command_takes_a_study(under_way, capsys):
    assert main(["--status", str(under_way.path.parent)]) == 0
    assert "bpe-small-s1" in capsys.readouterr().out
    assert not (under_way.path.parent / "report").exists()
