"""What somebody who knows Hydra types out of habit works here, or is answered in a sentence."""

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from experiments.sweeping.arguments import for_hydra, settings_first
from numpygpt.runs import find_runs

TINY = (
    *("model=tiny", "budget.iters=4", "train.eval_interval=4", "train.eval_windows=4", "train.workers=1"),
    *("sample.tokens=12", "sample.number=2", "eval.texts=[]"),
)
MINE = """# @package _global_
study: mine
hydra:
  sweeper:
    params:
      seed: 7
"""


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """A folder with choices of one's own: two experiments."""
    own = tmp_path / "own"
    (own / "experiment").mkdir(parents=True)
    (own / "experiment" / "mine.yaml").write_text(MINE, encoding="utf-8")
    (own / "experiment" / "broken.yaml").write_text("tokenizer: {kind: [\n", encoding="utf-8")
    return own


@pytest.fixture
def run(own: Path, typed: Callable[..., Any]) -> Callable[..., Any]:
    """run(*arguments) -> the ended command of a tiny run, where one's own choices are found."""
    return functools.partial(typed, *TINY)


@pytest.mark.parametrize("option", [("--cfg", "job"), ("-m", "--cfg", "job"), ("-c", "job", "--multirun")])
def test_the_configuration_is_shown_with_m_or_without(run, tmp_path, option):
    shown = run(*option, "tokenizer=bpe")
    assert shown.code == 0
    assert "kind: bpe" in shown.out
    assert not (tmp_path / "out").exists()


def test_hydra_shows_how_it_composes(run):
    shown = run("--info", "tokenizer=bpe")
    assert shown.code == 0, shown.errors
    assert "tokenizer/bpe" in shown.out


def test_an_experiment_of_one_s_own_is_found_with_config_dir(run, tmp_path):
    ended = run("--config-dir", "own", "experiment=mine")
    assert ended.code == 0, ended.errors
    (folder,) = find_runs(tmp_path / "out" / "mine")
    assert folder.run()["config"]["seed"] == 7


def test_the_shell_completes_choices(run, monkeypatch):
    assert "-sc query=bash" in run("-sc", "install=bash").out
    monkeypatch.setenv("COMP_LINE", "python run.py tokenizer=b")
    assert "tokenizer=bpe" in run("-sc", "query=bash").out.split()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("seed=glob(*)",), "seed=glob(*) is not possible: it names no value"),
        (("seed=interval(1,2)",), "seed=interval(1,2) is not possible: it names no value"),
        (("--config-dir", "own", "experiment=broken"), "own/experiment/broken.yaml is no YAML (line 2)"),
        (("--config-name", "foo"), "--config-name foo is not possible"),
        (("--config-dir", "nowhere"), "nowhere' not found"),
        (("--cfg", "job", "seed=1,2"), "seed=1,2 is several runs, of which one can be shown"),
        (("seed=1,2", "model=5"), "model=5 is not possible: model may be"),
    ],
)
def test_a_mistake_is_answered_in_a_sentence_before_any_work(run, tmp_path, arguments, said):
    refused = run(*arguments)
    assert refused.code == 2
    assert said in refused.errors
    assert len(refused.errors.strip().splitlines()) == 1
    assert find_runs(tmp_path / "out") == []


def test_help_knows_choices_of_one_s_own_and_the_values_of_the_command_line(run):
    page = run("--help", "--config-dir", "own", "experiment=mine", "seed=5").out
    assert "experiment: broken, ladder, mine, " in page
    assert "\nstudy=mine " in page
    assert "\nseed=5 " in page


@pytest.mark.parametrize(
    ("arguments", "given"),
    [
        ("-m seed=1", "seed=1 --multirun"),
        ("seed=1 --cfg job -m", "seed=1 --cfg job"),
        ("--info seed=1", "seed=1 --info"),
        ("--info defaults seed=1", "seed=1 --info defaults"),
        ("--config-dir own seed=1", "seed=1 --config-dir own --multirun"),
        ("seed=1 hydra.mode=RUN", "seed=1 hydra.mode=RUN"),
    ],
)
def test_options_stand_anywhere(arguments, given):
    assert settings_first(arguments.split()) == given.split()


def test_completion_is_no_setting():
    assert for_hydra(["-sc", "install=bash"]) == ["install=bash", "-sc"]
