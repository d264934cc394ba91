"""A whole run on a system that has no /proc and does not tell the cores of a process, as macOS and the BSDs."""

import os
import subprocess
import sys

from numpygpt.places import ROOT
from numpygpt.runs import find_runs

ELSEWHERE = """
import builtins, io, os

os.__dict__.pop("sched_getaffinity", None)


def without_proc(function):
    def called(path, *args, **kwargs):
        if isinstance(path, str | os.PathLike) and os.fspath(path).startswith("/proc"):
            raise FileNotFoundError(2, "No such file or directory", os.fspath(path))
        return function(path, *args, **kwargs)

    return called


for module, name in ((builtins, "open"), (io, "open"), (os, "open"), (os, "stat"), (os, "listdir")):
    setattr(module, name, without_proc(getattr(module, name)))
"""


def test_a_run_with_worker_processes_ends_and_leaves_no_file_behind(text_file, tmp_path):
    shared = tmp_path / "shared"
    shared.mkdir()
    (tmp_path / "sitecustomize.py").write_text(ELSEWHERE)
    finished = subprocess.run(
        [sys.executable, ROOT / "experiments" / "run.py", "model=tiny", "budget.iters=2",
         "train.eval_windows=2", "train.workers=2", "sample.tokens=5", "sample.number=1",
         "eval.texts=[]", "data=file", f"data.path='{text_file}'", f"outputs={tmp_path / 'out'}"],
        capture_output=True, text=True,
        env={**os.environ, "PYTHONPATH": str(tmp_path), "TMPDIR": str(shared), "NUMPYGPT_CACHE": str(tmp_path)},
    )  # fmt: skip
    assert finished.returncode == 0, finished.stderr
    (run,) = find_runs(tmp_path / "out")
    assert run.state() == "done"
    assert 10 < run.result()["peak_rss_mb"] < 10_000
    assert run.run()["environment"]["cpu"]
    assert not list(shared.glob("numpygpt-*"))
