"""Fixtures of the experiments' tests: composing without a command line, and a small text to train on."""

import copy
import functools
from collections.abc import Callable
from pathlib import Path

import pytest
from hydra import compose, initialize_config_dir
from hydra.core.override_parser.overrides_parser import OverridesParser
from omegaconf import DictConfig, OmegaConf

from experiments.configuration.schema import GROUPS, RunConfig, register, to_config
from numpygpt.places import CONF

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
