"""What somebody who knows Hydra types out of habit works here, or is answered in a sentence."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from experiments.configuration.schema import REPOSITORY
from experiments.sweeping.arguments import for_hydra, options_first
from numpygpt.runs import find_runs

RUN = REPOSITORY / "experiments" / "run.py"
TINY = (
    *("model=tiny", "budget.iters=4", "train.eval_interval=4", "train.eval_windows=4", "train.workers=1"),
    *("sample.tokens=12", "sample.number=2", "eval.texts=[]"),
)
MINE = """# @package _global_
study: mine
hydra:
  sweeper:
    params:
      seed: 1,2
"""
SEARCH = '''"""A sweeper that searches: it takes the seed with the lowest number that the runs return."""

from hydra.core.plugins import Plugins
from hydra.plugins.sweeper import Sweeper


class SearchSweeper(Sweeper):
    def setup(self, *, hydra_context, task_function, config):
        self.config = config
        self.launcher = Plugins.instance().instantiate_launcher(
            hydra_context=hydra_context, task_function=task_function, config=config
        )

    def sweep(self, arguments):
        lines = [[*arguments, f"seed={seed}"] for seed in (1, 2)]
        print("best", min(float(job.return_value) for job in self.launcher.launch(lines, 0)))
'''


@pytest.fixture
def run(text_file: Path, tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """run(*arguments) -> the finished command; own/ in its folder holds experiments and a sweeper."""
    own, plugin = tmp_path / "own", tmp_path / "path" / "hydra_plugins" / "search"
    for folder in (own / "experiment", own / "hydra" / "sweeper", plugin):
        folder.mkdir(parents=True)
    (own / "experiment" / "mine.yaml").write_text(MINE, encoding="utf-8")
    (own / "experiment" / "broken.yaml").write_text("tokenizer: {kind: [\n", encoding="utf-8")
    (own / "hydra" / "sweeper" / "search.yaml").write_text("_target_: hydra_plugins.search.SearchSweeper\n")
    (plugin / "__init__.py").write_text(SEARCH, encoding="utf-8")

    def finished(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        settings = (*TINY, "data=file", f"data.path={text_file}", f"outputs={tmp_path / 'out'}")
        return subprocess.run(
            [sys.executable, str(RUN), *settings, *arguments],
            capture_output=True, text=True, cwd=tmp_path,
            env={
                **os.environ, "NUMPYGPT_CACHE": str(tmp_path / "cache"),
                "PYTHONPATH": str(tmp_path / "path"), **variables,
            },
        )  # fmt: skip

    return finished


@pytest.mark.parametrize("option", [("--cfg", "job"), ("-m", "--cfg", "job"), ("-c", "job", "--multirun")])
def test_the_configuration_is_shown_with_m_or_without(run, tmp_path, option):
    shown = run(*option, "tokenizer=bpe")
    assert shown.returncode == 0, shown.stderr
    assert "kind: bpe" in shown.stdout
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("option", [("--info",), ("-m", "-i"), ("--info", "defaults")])
def test_hydra_shows_how_it_composes(run, option):
    shown = run(*option)
    assert shown.returncode == 0, shown.stderr
    assert "tokenizer/char" in shown.stdout


def test_an_experiment_of_one_s_own_is_found_with_config_dir(run, tmp_path):
    ended = run("--config-dir", "own", "experiment=mine")
    assert ended.returncode == 0, ended.stderr
    assert sorted(folder.run()["config"]["seed"] for folder in find_runs(tmp_path / "out" / "mine")) == [1, 2]


def test_the_shell_completes_choices(run):
    installed = run("-sc", "install=bash")
    assert installed.returncode == 0, installed.stderr
    assert "-sc query=bash" in installed.stdout
    completed = run("-sc", "query=bash", COMP_LINE="python run.py tokenizer=b", COMP_POINT="25")
    assert "tokenizer=bpe" in completed.stdout.split()


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
        (("--config-dir", "own", "hydra/sweeper=search"), "add data.dev_fraction=0.1"),
    ],
)
def test_a_mistake_is_answered_in_a_sentence_before_any_work(run, tmp_path, arguments, said):
    refused = run(*arguments)
    assert refused.returncode == 2
    assert said in refused.stderr.splitlines()[-1]
    assert "Traceback" not in refused.stderr
    assert find_runs(tmp_path / "out") == []


def test_another_sweeper_searches_by_the_development_text_s_bits_per_byte(run, tmp_path):
    ended = run("--config-dir", "own", "hydra/sweeper=search", "data.dev_fraction=0.2")
    assert ended.returncode == 0, ended.stderr
    found = [folder.result()["bits_per_byte"] for folder in find_runs(tmp_path / "out")]
    assert len(found) == 2
    assert f"best {min(found)}" in ended.stdout


def test_settings_that_would_scatter_a_run_s_files_are_left_out_with_a_note(run, tmp_path):
    settings = ("run.dir=a", "sweep.dir=b", "sweep.subdir=c", "output_subdir=d", "job.chdir=true")
    ended = run(*(f"hydra.{setting}" for setting in settings))
    assert ended.returncode == 0, ended.stderr
    for setting in settings:
        assert f"note: hydra.{setting.partition('=')[0]} has no effect: " in ended.stdout
    assert len(find_runs(tmp_path / "out" / "default")) == 1
    assert not {"a", "b", "c", "d"} & {path.name for path in tmp_path.iterdir()}


def test_hydra_is_as_verbose_as_it_is_told_to_be(run):
    assert "[HYDRA]" in run("hydra.verbose=true").stdout


@pytest.mark.parametrize(
    ("typed", "given"),
    [
        ("seed=1 -m", "--multirun seed=1"),
        ("seed=1 --cfg job -m", "--cfg job seed=1"),
        ("--info seed=1", "--info=all seed=1"),
        ("seed=1 --info defaults", "--info defaults seed=1"),
        ("seed=1 hydra.mode=RUN", "seed=1 hydra.mode=RUN"),
    ],
)
def test_options_stand_anywhere(typed, given):
    assert options_first(typed.split()) == given.split()


def test_completion_is_no_setting():
    assert for_hydra(["-sc", "install=bash"]) == (["-sc", "install=bash"], [])
