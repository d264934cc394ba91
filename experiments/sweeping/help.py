"""The page of `run.py --help`, from conf/help.txt; Hydra takes three times as long to make one."""

from hydra import compose, initialize_config_dir
from omegaconf import OmegaConf

from experiments.configuration.schema import GROUPS, settings, shown
from numpygpt.places import CONF, RUN


def help_page() -> str:
    """Choices, and all keys with their defaults."""
    page = (CONF / "help.txt").read_text(encoding="utf-8")
    return page.format(command=RUN, choices="\n".join(choices()), keys="\n".join(keys()))


def choices() -> list[str]:
    """A line for each group of settings."""
    names = {group: sorted(path.stem for path in (CONF / group).glob("*.yaml")) for group in sorted(GROUPS)}
    return [f"{group}: {', '.join(choices)}" for group, choices in names.items()]


def keys() -> list[str]:
    """A line for each setting: `key=value` as it would be typed, and its meaning; sections apart."""
    with initialize_config_dir(str(CONF), version_base="1.3"):
        composed = compose("config")
    lines, section = [], "tokenizer"
    for key, own in settings().items():
        if key.rpartition(".")[0] != section:
            section = key.rpartition(".")[0]
            lines.append("")
        lines.append(f"{f'{key}={shown(OmegaConf.select(composed, key))}':41}  {own.metadata['help']}")
    return lines
