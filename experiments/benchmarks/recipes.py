"""The recipes of conf/, composed outside of a sweep, for benchmarks."""

from functools import cache

from hydra import compose, initialize_config_dir

from experiments.configuration.schema import CONF, RunConfig, register, to_config


@cache
def composed(*overrides: str) -> RunConfig:
    """The configuration that these overrides make of the default one; Hydra's global state is left alone."""
    register()
    with initialize_config_dir(str(CONF), version_base="1.3"):
        return to_config(compose("config", list(overrides)))
