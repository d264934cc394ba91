"""The run folder under faults: no file of it may give a wrong answer, whatever happens to it."""

import errno
import json
import math
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from numpygpt.errors import UserError
from numpygpt.files import Locked, NotWritable, replacing
from numpygpt.runs import (
    REQUIRED,
    RunDamaged,
    RunFolder,
    RunUnfinished,
    find_run,
    find_runs,
    finished_runs,
    newest_study,
    runs_in,
)

RUN = {"name": "char", "identity": {"hash": "ab12"}, "config": {"lr": 1e-3}, "corpus": {"name": "pydoc"}}
RUN |= {"environment": {"python": "3.11"}, "git": {"commit": None}}
RESULT = {
    "tokenizer": "char",
    "vocab_size": 65,
    "val_loss": 1.875,
    "bits_per_byte": 2.71,
    "bits_per_char": 2.71,
}
RESULT |= {"chars_per_token": 1.0, "n_params": 800_000, "n_params_embedding": 8_000, "train_seconds": 61.5}
RESULT |= {"iters": 2000, "seed": 1, "corpus": "pydoc"}
SCORES = {"block_bytes": [4000, 3999], "block_chars": [4000, 3999]}
SCORES |= {"bits_tokens": [1.5, 2.5], "bits_residual": [0, 0]}
READERS: dict[str, Callable[[RunFolder], Any]] = {
    "run.json": RunFolder.run,
    "metrics.jsonl": RunFolder.metrics,
    "result.json": RunFolder.result,
    "scores.json": RunFolder.scores,
    "passages.json": RunFolder.passages,
    "failure.json": RunFolder.failure,
}


def row(step: int) -> dict[str, Any]:
    return {"step": step, "kind": "train", "loss": 1 / (step + 3), "clipped": step % 2 == 0}


@pytest.fixture
def run(tmp_path: Path) -> RunFolder:
    folder = RunFolder(tmp_path / "study" / "char-tiny-s1-ab12")
    folder.create(RUN)
    for step in (10, 20, 30):
        folder.append_metrics(row(step))
    return folder


@pytest.fixture
def done(run: RunFolder) -> RunFolder:
    run.write_scores(SCORES)
    run.write_passages([{"ids": [1, 2], "ends": [1, 2], "bits": [0.5, 0.25]}])
    run.write_failure("diverged", "loss is nan at step 12")
    run.write_result(RESULT)
    return run


@contextmanager
def forked(work: Callable[[Callable[[], object]], object]) -> Iterator[int]:
    """The number of a process that has begun `work(ready)` and called ready(); it is killed in the end."""
    read, write = os.pipe()
    if (pid := os.fork()) == 0:
        try:
            work(lambda: os.write(write, b"."))
        finally:
            os._exit(1)
    os.close(write)
    assert os.read(read, 1), "it ended before it was ready"
    os.close(read)
    try:
        yield pid
    finally:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)


needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")


# --- what is written is read ---


def test_everything_comes_back_as_it_was_written(done: RunFolder) -> None:
    assert done.run() == {"schema": 1, **RUN}
    assert done.result() == {"schema": 1, **RESULT, "metrics_rows": 3}
    assert done.scores() == {"schema": 1, **SCORES}
    assert done.passages() == [{"ids": [1, 2], "ends": [1, 2], "bits": [0.5, 0.25]}]
    assert done.metrics() == [row(10), row(20), row(30)]
    assert done.failure() == {"schema": 1, "status": "diverged", "reason": "loss is nan at step 12"}


def test_nan_and_infinity_are_valid_json_and_come_back(run: RunFolder) -> None:
    values = {"loss": math.nan, "lr": math.inf, "grad_norm": np.float32("-inf"), "text": "nan"}
    run.append_metrics({**row(40), **values})
    run.write_result({**RESULT, "val_loss": math.nan, "deep": [{"a": [math.inf, "inf", {"float": "x"}]}]})

    def refuse(name: str) -> None:
        raise AssertionError(name)

    for line in run.metrics_path.read_text().splitlines():
        json.loads(line, parse_constant=refuse)
    json.loads((run.path / "result.json").read_text(), parse_constant=refuse)
    last = run.metrics()[-1]
    assert math.isnan(last["loss"])
    assert (last["lr"], last["grad_norm"], last["text"]) == (math.inf, -math.inf, "nan")
    assert math.isnan(run.result()["val_loss"])
    assert run.result()["deep"] == [{"a": [math.inf, "inf", {"float": "x"}]}]


def test_numpy_values_and_odd_text_are_written(run: RunFolder) -> None:
    run.write_passages(
        {"ids": np.arange(3, dtype=np.uint8), "bits": np.float32(0.5), "token": "é\ud800\n\0", "t": (1,)}
    )
    assert run.passages() == {"ids": [0, 1, 2], "bits": 0.5, "token": "é\ud800\n\0", "t": [1]}


@pytest.mark.parametrize("content", [{"x": object()}, {1: 2}, {"x": {2: 3}}, {"x": {1}}])
def test_what_json_cannot_hold_is_refused_before_anything_is_written(run: RunFolder, content: Any) -> None:
    with pytest.raises(TypeError):
        run.create({**RUN, **content})
    assert run.run() == {"schema": 1, **RUN}


def test_incomplete_content_is_refused(run: RunFolder) -> None:
    with pytest.raises(ValueError, match="lacks val_loss"):
        run.write_result({key: value for key, value in RESULT.items() if key != "val_loss"})
    with pytest.raises(ValueError, match="step"):
        run.append_metrics({"loss": 1.0})
    assert run.state() == "interrupted"


def test_another_schema_is_named(run: RunFolder) -> None:
    run.create({**RUN, "schema": 2})
    with pytest.raises(UserError, match=r"run\.json was written by another version"):
        run.run()


# --- state ---


def test_state_is_derived(tmp_path: Path) -> None:
    run = RunFolder(tmp_path / "a")
    assert run.state() == "interrupted"
    with run.lock():
        assert run.state() == "running"
        run.create(RUN)
        assert run.state() == "running"
        run.write_failure("diverged", "loss is nan")
        assert run.state() == "failed"
        run.clear_failure()
        assert run.state() == "running"
        assert run.failure() is None
    assert run.state() == "interrupted"
    run.write_result(RESULT)
    assert run.state() == "done"
    run.write_failure("late", "result.json wins")
    assert run.state() == "done"


def test_missing_files_are_named(tmp_path: Path) -> None:
    run = RunFolder(tmp_path / "a")
    for name, read in READERS.items():
        if name in ("metrics.jsonl", "failure.json"):
            assert not read(run)
        else:
            with pytest.raises(RunUnfinished, match=name):
                read(run)
    assert not run.path.exists()


# --- the lock ---


@needs_fork
def test_lock_is_exclusive_across_processes_and_dies_with_its_holder(run: RunFolder) -> None:
    def hold(ready: Callable[[], object]) -> None:
        with run.lock():
            ready()
            time.sleep(60)

    with forked(hold) as pid:
        assert run.state() == "running"
        with pytest.raises(Locked, match=f"process {pid} on "), run.lock():
            pass
    assert run.state() == "interrupted"
    with run.lock():
        assert run.state() == "running"


@needs_fork
def test_readers_do_not_disturb_a_starting_run(run: RunFolder) -> None:
    def read(ready: Callable[[], object]) -> None:
        ready()
        while True:
            run.state()

    with forked(read), forked(read), forked(read):
        for _ in range(200):
            with run.lock():
                assert run.state() == "running"


def test_a_folder_moved_aside_takes_its_lock_along(run: RunFolder) -> None:
    with run.lock():
        moved = RunFolder(run.path.rename(run.path.with_name("old")))
        with run.lock():
            assert run.state() == moved.state() == "running"
        assert run.state() == "interrupted"
        assert moved.state() == "running"


# --- metrics ---


def test_a_half_written_last_line_is_no_row_and_is_cut_off_by_the_next(run: RunFolder) -> None:
    whole = run.metrics_path.read_bytes()
    last = whole.rindex(b"\n", 0, -1) + 1
    for length in range(last, len(whole)):
        run.metrics_path.write_bytes(whole[:length])
        assert run.metrics() == [row(10), row(20)]
        run.append_metrics(row(30))
        assert run.metrics_path.read_bytes() == whole


@pytest.mark.parametrize(("step", "kept"), [(30, 3), (29, 2), (20, 2), (10, 1), (0, 0), (99, 3)])
def test_dropping_rows_keeps_the_others_to_the_byte(run: RunFolder, step: int, kept: int) -> None:
    whole = run.metrics_path.read_bytes()
    with run.metrics_path.open("ab") as file:
        file.write(b'{"step": 3')
    run.drop_metrics_after(step)
    assert run.metrics_path.read_bytes() == b"".join(whole.splitlines(keepends=True)[:kept])


@pytest.mark.parametrize("lines", [0, 1, 2])
def test_a_run_that_lost_rows_of_before_its_checkpoint_does_not_go_on(run: RunFolder, lines: int) -> None:
    cut = b"".join(run.metrics_path.read_bytes().splitlines(keepends=True)[:lines])
    run.metrics_path.write_bytes(cut)
    with pytest.raises(RunDamaged, match=f"metrics.jsonl is damaged, lines after line {lines} are missing"):
        run.drop_metrics_after(30, n_rows=3)
    assert run.metrics_path.read_bytes() == cut


def test_dropping_rows_where_there_are_none_makes_no_file(tmp_path: Path) -> None:
    RunFolder(tmp_path).drop_metrics_after(0)
    assert not list(tmp_path.iterdir())


def test_what_is_damaged_after_the_checkpoint_does_no_harm(tmp_path):
    run = RunFolder(tmp_path / "run")
    run.path.mkdir()
    for step in (0, 10, 20, 30):
        run.append_metrics({"step": step, "kind": "train", "loss": 1.0})
    whole = run.metrics_path.read_bytes().splitlines(keepends=True)
    run.metrics_path.write_bytes(b"".join(whole[:3]) + b"\0" * 20 + b"\n" + whole[3])
    run.drop_metrics_after(20, n_rows=3)
    assert [row["step"] for row in run.metrics()] == [0, 10, 20]
    run.metrics_path.write_bytes(b"".join(whole[:2]) + b"\0" * 20 + b"\n" + whole[3])
    with pytest.raises(RunDamaged):
        run.drop_metrics_after(20, n_rows=3)


# --- damage ---


def outcome(run: RunFolder, name: str) -> Any:
    """What a reader gets: the content, or the sentence that refuses it."""
    try:
        return READERS[name](run)
    except RunDamaged as error:
        return RunDamaged if name in str(error) and "\n" not in str(error) else error


@pytest.mark.parametrize("name", READERS)
def test_a_truncated_file_is_refused_at_every_length(done: RunFolder, name: str) -> None:
    path, intact = done.path / name, READERS[name](done)
    whole = path.read_bytes()
    for length in range(len(whole)):
        path.unlink()
        path.write_bytes(whole[:length])
        answer = outcome(done, name)
        assert answer is RunDamaged or (length == len(whole) - 1 and answer == intact), f"at {length} bytes"


@pytest.mark.parametrize("name", READERS)
def test_a_flipped_bit_is_noticed_or_harmless(done: RunFolder, name: str) -> None:
    path, intact = done.path / name, READERS[name](done)
    whole = path.read_bytes()
    for position in range(len(whole)):
        for bit in (0, 2, 5):
            path.unlink()  # a file system may wait for the disk where a file is cut and written anew
            path.write_bytes(whole[:position] + bytes([whole[position] ^ 1 << bit]) + whole[position + 1 :])
            answer = outcome(done, name)
            assert answer is RunDamaged or answer == intact, f"bit {bit} of byte {position}"


def test_damage_in_an_unfinished_run_is_located(run: RunFolder) -> None:
    whole = run.metrics_path.read_bytes()
    for position in range(len(whole) - 1):
        run.metrics_path.write_bytes(whole[:position] + b"7" + whole[position + 1 :])
        number = whole.count(b"\n", 0, position) + 1
        if whole[position : position + 1] != b"7":
            with pytest.raises(RunDamaged, match=rf"metrics\.jsonl is damaged in line {number}: "):
                run.metrics()


FOREIGN = [b"", b"{}", b"[]", b"null", b"1e999", b"\xff\xfe", b'{"content_sha256": null}', b'{"a": NaN}']


@pytest.mark.parametrize("content", [*FOREIGN, b"[" * 100_000], ids=range(9))
def test_foreign_content_is_refused(run: RunFolder, content: bytes) -> None:
    (run.path / "run.json").write_bytes(content)
    with pytest.raises(RunDamaged):
        run.run()


# --- kill, full disk, read-only folder ---


@needs_fork
def test_kill_while_appending_loses_and_doubles_nothing(tmp_path: Path) -> None:
    run, written = RunFolder(tmp_path), 0

    def append(ready: Callable[[], object]) -> None:
        ready()
        for step in count(written):
            run.append_metrics({"step": step, "kind": "train", "padding": "x" * 5000})

    for attempt in range(6):
        with forked(append):
            time.sleep(0.005 + 0.011 * attempt)
        steps = [row["step"] for row in run.metrics()]
        assert steps == list(range(len(steps)))
        assert len(steps) >= written
        written = len(steps)
    assert written > 0


@needs_fork
def test_kill_while_replacing_leaves_the_old_file_or_the_new(run: RunFolder) -> None:
    def rewrite(ready: Callable[[], object]) -> None:
        for iters in count(RESULT["iters"]):
            run.write_result({**RESULT, "iters": iters, "padding": "x" * 100_000})
            ready()

    for attempt in range(6):
        with forked(rewrite):
            time.sleep(0.005 + 0.011 * attempt)
        assert run.result()["iters"] >= RESULT["iters"]
        assert len(list(run.path.iterdir())) <= 4  # run, metrics, result, and at most one temporary file
    run.write_result(RESULT)
    assert sorted(path.name for path in run.path.iterdir()) == ["metrics.jsonl", "result.json", "run.json"]


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 64 kB."""
    path = tmp_path / "disk"
    path.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(path)]
    if sys.platform != "linux" or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("needs the right to mount a tmpfs")
    yield path
    subprocess.run(["umount", "-l", str(path)], check=True)


def test_a_full_disk_leaves_the_old_files_and_nothing_else(small_disk: Path) -> None:
    run = RunFolder(small_disk / "run")
    run.create(RUN)
    run.append_metrics(row(10))
    (small_disk / "ballast").write_bytes(bytes(40_000))
    for write in (
        lambda: run.create({**RUN, "padding": "x" * 100_000}),
        lambda: run.append_metrics({**row(20), "padding": "x" * 100_000}),
        lambda: run.write_result({**RESULT, "padding": "x" * 100_000}),
    ):
        with pytest.raises(NotWritable, match="No space left on device") as caught:
            write()
        assert isinstance(caught.value.__cause__, OSError)
        assert sorted(path.name for path in run.path.iterdir()) == ["metrics.jsonl", "run.json"]
        assert run.run() == {"schema": 1, **RUN}
        assert run.metrics() == [row(10)]
    run.append_metrics(row(20))
    assert run.metrics() == [row(10), row(20)]


def test_a_read_only_folder_can_be_read_and_says_so_when_written(small_disk: Path) -> None:
    run = RunFolder(small_disk / "run")
    run.create(RUN)
    run.append_metrics(row(10))
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    assert (run.state(), run.run(), run.metrics()) == ("interrupted", {"schema": 1, **RUN}, [row(10)])
    for write in (
        lambda: run.create(RUN),
        lambda: run.append_metrics(row(20)),
        lambda: run.drop_metrics_after(0),
        lambda: run.sync_metrics(),
        lambda: run.write_failure("x", "y"),
        lambda: RunFolder(small_disk / "new").create(RUN),
        lambda: run.lock().__enter__(),
    ):
        with pytest.raises(NotWritable, match="Read-only file system"):
            write()


def test_replacing_takes_everything_back_when_the_writer_fails(tmp_path: Path) -> None:
    path = tmp_path / "checkpoint"
    path.write_text("old")

    def fail(error: BaseException) -> None:
        with replacing(path) as temporary:
            temporary.write_text("half")
            raise error

    with pytest.raises(KeyboardInterrupt):
        fail(KeyboardInterrupt())
    with pytest.raises(NotWritable, match="quota"):
        fail(OSError(errno.EDQUOT, "over quota"))
    assert [path.read_text() for path in tmp_path.iterdir()] == ["old"]
    with replacing(path) as temporary:
        temporary.write_text("new")
    assert [path.read_text() for path in tmp_path.iterdir()] == ["new"]


# --- find_runs ---


def test_runs_are_found_at_any_depth(tmp_path: Path, done: RunFolder) -> None:
    study = done.path.parent
    for name in ("b", ".hydra", ".old/c"):
        RunFolder(study / name).create(RUN)
    (study / "a" / "deep").mkdir(parents=True)
    (study / "a" / "deep" / "result.json").write_text("{")  # damaged, and found
    (study / "empty").mkdir()
    expected = [RunFolder(study / "a" / "deep"), RunFolder(study / "b"), done]
    assert find_runs(tmp_path) == expected
    assert find_runs(str(study)) == expected
    assert find_runs(done.path) == [done]
    assert find_runs(tmp_path / "nothing") == []


@pytest.mark.skipif(sys.platform == "win32", reason="links need rights there")
def test_links_are_followed_once(tmp_path: Path, run: RunFolder) -> None:
    (tmp_path / "study" / "loop").symlink_to(tmp_path)
    (tmp_path / "zlink").symlink_to(run.path)
    assert find_runs(tmp_path) == [run]
    (tmp_path / "root").mkdir()
    (tmp_path / "root" / "elsewhere").symlink_to(tmp_path / "study")
    assert [run.name for run in find_runs(tmp_path / "root")] == [run.name]


@pytest.mark.skipif(sys.platform == "win32", reason="links need rights there")
def test_a_run_goes_by_its_own_folder_rather_than_by_a_link(tmp_path: Path, run: RunFolder) -> None:
    (tmp_path / "best").symlink_to(run.path.parent)
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "link").symlink_to(run.path)
    assert find_runs(tmp_path) == [run]


def test_two_thousand_runs_are_read_in_seconds(tmp_path: Path, done: RunFolder) -> None:
    done.write_result({**RESULT, "tokenizer_measures": {f"measure_{i}": i / 7 for i in range(100)}})
    content = (done.path / "result.json").read_bytes()
    for number in range(2000):
        folder = tmp_path / "many" / f"run-{number:04}"
        folder.mkdir(parents=True)
        (folder / "result.json").write_bytes(content)
    began = time.process_time()
    states = [(run.state(), run.result()["seed"]) for run in find_runs(tmp_path / "many")]
    assert time.process_time() - began < 5
    assert states == [("done", 1)] * 2000


# --- Runs are found by what people type, and only finished ones where that is asked for ---


def test_every_name_that_is_listed_is_accepted(unfinished, tmp_path):
    """Also where two studies hold a run of the same name, or one name begins another."""
    for study, name in (("study", f"{unfinished.name}d"), ("other", unfinished.name)):
        RunFolder(tmp_path / study / name).create(unfinished.run())
    with pytest.raises(UserError, match="any of 3 runs") as refusal:
        find_run("char", tmp_path)
    listed = str(refusal.value).partition("(")[2].partition(")")[0].split(", ")
    assert len(listed) == 3
    for name in listed:
        with pytest.raises(UserError, match="is not done") as found:
            find_run(name, tmp_path)
        assert f"{tmp_path / name} " in str(found.value)


@pytest.fixture
def unfinished(tmp_path) -> RunFolder:
    run = RunFolder(tmp_path / "study" / "char-tiny-s1-abc")
    keys = ("name", "identity", "config", "corpus", "environment", "git")
    run.create({key: {} for key in keys})
    return run


def test_unfinished_failed_and_unknown_runs_are_refused(unfinished, tmp_path):
    with pytest.raises(UserError, match="is not done \\(interrupted\\)"):
        find_run(str(unfinished.path))
    unfinished.write_failure("diverged", "the loss is not a number")
    with pytest.raises(UserError, match="failed \\(the loss is not a number\\)"):
        find_run("char-tiny", tmp_path)
    with pytest.raises(UserError, match=r"no run chat-tiny-s1-abc .*did you mean char-tiny-s1-abc"):
        find_run("chat-tiny-s1-abc", tmp_path)
    with pytest.raises(UserError, match="is not a run folder"):
        find_run(str(tmp_path))
    RunFolder(tmp_path / "study" / "char-tiny-s2-def").create(unfinished.run())
    with pytest.raises(UserError, match="any of 2 runs"):
        find_run("char-tiny", tmp_path)
    with pytest.raises(UserError, match="any of 2 runs"):
        find_run("study/char", tmp_path)


@pytest.fixture
def studies(tmp_path):
    """Two studies, the first of two finished runs and one that is not."""
    for place in ("a/char-s1", "a/char-s2", "a/word-s1", "b/char-s3"):
        run = RunFolder(tmp_path / place)
        run.create(dict.fromkeys(REQUIRED["run.json"]))
        if place != "a/word-s1":
            run.write_result(dict.fromkeys(REQUIRED["result.json"]))
    return tmp_path


def test_a_study_stands_for_its_finished_runs_each_once(studies):
    def found(*names):
        return [run.name for run in finished_runs(names, studies)]

    assert found("a") == found(str(studies / "a")) == found("a", "char-s1", str(studies / "a" / "char-s2"))
    assert found("a") == ["char-s1", "char-s2"]
    assert found("b/char-s3", "a") == ["char-s3", "char-s1", "char-s2"]
    with pytest.raises(UserError, match=r"word-s1 is not done \(interrupted\)"):
        found("word-s1")
    (studies / "b" / "char-s3" / "result.json").unlink()
    with pytest.raises(UserError, match=r"none of the 1 runs in .*b is done"):
        found("b")


def test_all_runs_of_a_folder(studies):
    names = [run.name for run in runs_in(studies)]
    assert names == ["char-s1", "char-s2", "word-s1", "char-s3"]
    with pytest.raises(UserError, match="nowhere is no folder"):
        runs_in(studies / "nowhere")
    (studies / "empty").mkdir()
    with pytest.raises(UserError, match=r"there are no runs in .*empty"):
        runs_in(studies / "empty")


def test_the_newest_study_is_the_one_last_written_to(studies):
    os.utime(studies / "a" / "word-s1" / "run.json", (2e9, 2e9))
    assert newest_study(studies) == studies / "a"
    os.utime(studies / "b" / "char-s3" / "result.json", (3e9, 3e9))
    assert newest_study(studies) == studies / "b"
    with pytest.raises(UserError, match="there are no runs in"):
        newest_study(studies / "b" / "char-s3" / "nothing")
