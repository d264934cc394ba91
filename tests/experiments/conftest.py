"""Fixtures of the experiments' tests: composing, typing commands in this process, and a small text to train on."""

import copy
import functools
import logging
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from hydra import compose, initialize_config_dir
from hydra.core.override_parser.overrides_parser import OverridesParser
from omegaconf import DictConfig, OmegaConf

from experiments.configuration.schema import GROUPS, RunConfig, register, to_config
from experiments.run import main
from numpygpt.places import CONF, ROOT

SENTENCES = (
    "The cat sat on the mat.",
    "A dog, it seems, ate the cat's hat!",
    "Who sat there? Nobody: only a bat.",
)


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


@pytest.fixture
def text_file(tmp_path: Path) -> Path:
    """About 6 kB of text with a few dozen different words."""
    lines = [SENTENCES[(7 * i + i * i) % 3] + ("\n\n" if i % 5 == 0 else " ") for i in range(190)]
    path = tmp_path / "cats, dogs = pets.txt"  # a name that has to be quoted for Hydra
    path.write_text("".join(lines), encoding="utf-8")
    return path


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
