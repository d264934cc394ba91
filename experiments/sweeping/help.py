"""The page of `run.py --help`, from conf/help.txt; Hydra takes three times as long to make one."""

from argparse import ArgumentParser
from collections.abc import Sequence
from pathlib import Path

from hydra import compose, initialize_config_dir
from omegaconf import DictConfig, OmegaConf

from experiments.configuration.schema import GROUPS, settings, shown
from experiments.configuration.typed import quoted
from numpygpt.places import CONF, RUN


def help_page(arguments: Sequence[str]) -> str:
    """Choices, and all keys with the values that these arguments give them. Raises Hydra's own errors."""
    parser = ArgumentParser(add_help=False)
    parser.add_argument("--config-dir", "-cd", type=Path)
    folder = parser.parse_known_args(arguments)[0].config_dir
    overrides = [argument for argument in arguments if "=" in argument and argument[0] != "-"]
    if folder is not None:
        overrides.append(f"hydra.searchpath=[{quoted(f'file://{folder.absolute()}')}]")
    with initialize_config_dir(str(CONF), version_base="1.3"):
        composed = compose("config", overrides)
    folders = [CONF] if folder is None else [CONF, folder]
    page = (CONF / "help.txt").read_text(encoding="utf-8")
    return page.format(command=RUN, choices="\n".join(choices(folders)), keys="\n".join(keys(composed)))


def choices(folders: Sequence[Path]) -> list[str]:
    """A line for each group of settings."""
    lines = []
    for group in sorted(GROUPS):
        names = sorted(path.stem for folder in folders for path in (folder / group).glob("*.yaml"))
        lines.append(f"{group}: {', '.join(names)}")
    return lines


def keys(composed: DictConfig) -> list[str]:
    """A line for each setting: `key=value` as it would be typed, and its meaning; sections apart."""
    lines, section = [], "tokenizer"
    for key, own in settings().items():
        if key.rpartition(".")[0] != section:
            section = key.rpartition(".")[0]
            lines.append("")
        lines.append(f"{f'{key}={shown(OmegaConf.select(composed, key))}':41}  {own.metadata['help']}")
    return lines
