"""What somebody who knows Hydra types out of habit works here, or is answered in a sentence."""

import functools
import importlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hydra.core.plugins import Plugins

from experiments.sweeping.command import for_hydra, settings_first
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
def own(tmp_path: Path) -> Path:
    """A folder with choices of one's own: two experiments, and a sweeper to be found on the path."""
    own, plugin = tmp_path / "own", tmp_path / "path" / "hydra_plugins" / "search"
    for folder in (own / "experiment", own / "hydra" / "sweeper", plugin):
        folder.mkdir(parents=True)
    (own / "experiment" / "mine.yaml").write_text(MINE, encoding="utf-8")
    (own / "experiment" / "broken.yaml").write_text("tokenizer: {kind: [\n", encoding="utf-8")
    (own / "hydra" / "sweeper" / "search.yaml").write_text("_target_: hydra_plugins.search.SearchSweeper\n")
    (plugin / "__init__.py").write_text(SEARCH, encoding="utf-8")
    return own


@pytest.fixture
def run(own: Path, typed: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """run(*arguments) -> the ended command of a tiny run, where one's own choices and plug-ins are found."""
    monkeypatch.syspath_prepend(str(own.parent / "path"))
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


def test_another_sweeper_searches_by_the_development_text_s_bits_per_byte(run, tmp_path):
    plugin = importlib.import_module("hydra_plugins.search")
    Plugins.instance().register(plugin.SearchSweeper)  # Hydra looks for plug-ins once in a process
    search = ("--config-dir", "own", "hydra/sweeper=search")
    refused = run(*search)
    assert refused.code == 2
    assert "add data.dev_fraction=0.1" in refused.errors.splitlines()[-1]
    assert "Traceback" not in refused.errors
    assert find_runs(tmp_path / "out") == []
    ended = run(*search, "data.dev_fraction=0.2")
    assert ended.code == 0, ended.errors
    found = [folder.result()["bits_per_byte"] for folder in find_runs(tmp_path / "out")]
    assert len(found) == 2
    assert f"best {min(found)}" in ended.out


def test_hydra_is_verbose_if_told_so_and_moves_no_run(run, tmp_path):
    moves = ("run.dir=a", "sweep.dir=b", "sweep.subdir=c", "output_subdir=d", "job.chdir=true")
    own = [f"hydra.{setting}" for setting in moves]
    ended = run("hydra/hydra_logging=default", "hydra.verbose=true", *own)
    assert ended.code == 0, ended.errors
    assert "[HYDRA]" in ended.out
    assert len(find_runs(tmp_path / "out" / "default")) == 1


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
