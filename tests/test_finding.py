"""Runs are found by what people type, and only finished ones where that is asked for."""

import os

import pytest

from numpygpt.errors import UserError
from numpygpt.runs import REQUIRED, RunFolder, find_run, finished_runs, newest_study, runs_in


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


def test_all_runs_of_folders_each_once(studies):
    names = [run.name for run in runs_in([studies / "b", studies / "a", studies / "a" / "char-s1"])]
    assert names == ["char-s1", "char-s2", "word-s1", "char-s3"]
    with pytest.raises(UserError, match="nowhere is no folder"):
        runs_in([studies / "nowhere"])
    (studies / "empty").mkdir()
    with pytest.raises(UserError, match=r"there are no runs in .*empty"):
        runs_in([studies / "empty"])


def test_the_newest_study_is_the_one_last_written_to(studies):
    os.utime(studies / "a" / "word-s1" / "run.json", (2e9, 2e9))
    assert newest_study(studies) == studies / "a"
    os.utime(studies / "b" / "char-s3" / "result.json", (3e9, 3e9))
    assert newest_study(studies) == studies / "b"
    with pytest.raises(UserError, match="there are no runs in"):
        newest_study(studies / "b" / "char-s3" / "nothing")
