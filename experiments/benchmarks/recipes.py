"""The recipes of conf/, composed outside of a sweep, for benchmarks."""

from functools import cache

from hydra._internal.config_loader_impl import ConfigLoaderImpl
from hydra._internal.utils import create_config_search_path
from hydra.types import RunMode
from omegaconf import open_dict

from experiments.configuration.schema import CONF, RunConfig, register, to_config


@cache
def composed(*overrides: str) -> RunConfig:
    """The configuration that these overrides make of the default one; Hydra's global state is left alone."""
    register()
    loader = ConfigLoaderImpl(create_config_search_path(str(CONF)))
    config = loader.load_configuration("config", list(overrides), RunMode.RUN)
    with open_dict(config):
        del config["hydra"]
    return to_config(config)
