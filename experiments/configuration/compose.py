"""A configuration composed outside of a sweep, for what needs the recipes of conf/ without a command line."""

from contextlib import nullcontext
from functools import cache

from hydra import compose, initialize_config_dir
from hydra.core.global_hydra import GlobalHydra

from experiments.configuration.schema import RunConfig, register, to_config
from numpygpt.places import CONF


@cache
def composed(*overrides: str) -> RunConfig:
    """The configuration that these overrides make of the default one; to be read only, as it is composed once."""
    register()
    is_ready = GlobalHydra.instance().is_initialized()
    with nullcontext() if is_ready else initialize_config_dir(str(CONF), version_base="1.3"):
        return to_config(compose("config", overrides=list(overrides)))
