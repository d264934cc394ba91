"""Fixtures of the experiments' tests: composing, typing commands in this process, and a small text to train on."""

import copy
import functools
import logging
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from hydra import compose, initialize_config_dir
from hydra.core.global_hydra import GlobalHydra
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf

from experiments.configuration.build import build_corpus, decided
from experiments.configuration.identity import run_folder
from experiments.configuration.schema import GROUPS, RunConfig, register, to_config
from experiments.run import main
from experiments.runner.job import execute
from experiments.runner.progress import Reporter
from experiments.sweeping.plan import Planner
from numpygpt.places import CONF, ROOT
from numpygpt.runs import RunFolder

sys.path.insert(0, str(Path(__file__).parent))  # for `cats`, a text to train on

from cats import prose


@pytest.fixture(scope="session")
def composer() -> Callable[..., RunConfig]:
    """composer("tokenizer=bpe", ...) -> RunConfig, as Hydra composes it; choices are composed once."""
    register()
    parser = OverridesParser.create()

    @functools.cache
    def chosen(*choices: str) -> DictConfig:
        with initialize_config_dir(str(CONF), version_base="1.3"):
            return compose("config", overrides=list(choices))

    def composed(*overrides: str) -> RunConfig:
        choices = [override for override in overrides if override.split("=")[0] in GROUPS]
        values = parser.parse_overrides([override for override in overrides if override not in choices])
        config = copy.deepcopy(chosen(*choices))
        for value in values:
            OmegaConf.update(config, value.key_or_group, value.value(), merge=True)
        return to_config(config)

    return composed


@pytest.fixture(scope="session")
def planner() -> Planner:
    register()
    with initialize_config_dir(str(CONF), version_base="1.3"):
        loader = GlobalHydra.instance().config_loader()
    return Planner(loader, loader.load_configuration("config", [], RunMode.MULTIRUN))


@pytest.fixture
def text_file(tmp_path: Path) -> Path:
    """About 6 kB of text."""
    path = tmp_path / "cats, dogs = pets.txt"  # a name that has to be quoted for Hydra
    path.write_text(prose(190, seed=0), encoding="utf-8")
    return path


@pytest.fixture(scope="session")
def finished(
    composer: Callable[..., RunConfig], tmp_path_factory: pytest.TempPathFactory
) -> Callable[[str], RunFolder]:
    """finished("word"): a run of that tokenizer that has learned something, trained once; not to be changed."""
    folder = tmp_path_factory.mktemp("finished")
    (folder / "cats.txt").write_text(prose(300, seed=0), encoding="utf-8")

    @functools.cache
    def run(tokenizer: str) -> RunFolder:
        config = composer(
            *(f"tokenizer={tokenizer}", "model=tiny", "data=file", f"data.path='{folder / 'cats.txt'}'"),
            *("budget=iters", "budget.iters=60", "optimizer.warmup_ratio=0.1", "optimizer.lr=0.01"),
            *("train.eval_interval=60", "train.workers=1", "eval.texts=[crlf]", "sample.tokens=5"),
            *("sample.number=1", f"outputs='{folder}'"),
        )
        config = replace(config, data=decided(config.data, build_corpus(config.data)))
        assert execute(config, Reporter()) == "done"
        return run_folder(config)

    return run


@dataclass(frozen=True)
class Ended:
    """A command that has ended."""

    code: int
    out: str
    errors: str


@pytest.fixture
def typed(
    text_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Callable[..., Ended]]:
    """typed(*arguments) -> what run.py did in this process, on the small text, with outputs in tmp_path/out."""

    def ended(*arguments: str) -> Ended:
        monkeypatch.chdir(tmp_path)
        monkeypatch.setenv("NUMPYGPT_CACHE", str(tmp_path / "cache"))
        monkeypatch.setenv("HYDRA_FULL_ERROR", "0")  # which the command itself sets
        if not any(argument.startswith("data=") for argument in arguments):
            arguments = ("data=file", f"data.path='{text_file}'", *arguments)
        script = str(ROOT / "experiments" / "run.py")
        monkeypatch.setattr(sys, "argv", [script, f"outputs={tmp_path / 'out'}", *arguments])
        capsys.readouterr()
        code = 0
        try:
            main()
        except SystemExit as leaving:
            code = int(leaving.code or 0)
        return Ended(code, *capsys.readouterr())

    level = logging.root.level
    yield ended
    logging.root.setLevel(level)  # Hydra, told to be verbose, writes on to an output that is closed by then
    logging.root.handlers[:] = [
        one for one in logging.root.handlers if type(one) is not logging.StreamHandler
    ]
