"""What Hydra and OmegaConf refuse, said in one sentence: the key, the value, and what it may be."""

import dataclasses
import re
from collections.abc import Iterator, Sequence
from typing import Any

from hydra.errors import HydraException, MissingConfigException, OverrideParseException
from omegaconf.errors import (
    ConfigAttributeError,
    ConfigKeyError,
    InterpolationKeyError,
    MissingMandatoryValue,
    OmegaConfBaseException,
)

from experiments.checks import did_you_mean
from experiments.config import CONF, GROUPS, RunConfig

EXPLAINED = (HydraException, OmegaConfBaseException)
EXTRAS = {  # what our presets build upon: the preset, and the extra that installs it
    "hydra/launcher/joblib": ("local", "local"),
    "hydra/launcher/submitit_slurm": ("slurm", "slurm"),
}
TYPES = {
    "Integer": "a whole number",
    "Float": "a number",
    "Boolean": "true or false",
    "String": "a text",
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "str": "a text",
}


def explain(error: BaseException, overrides: Sequence[str] = ()) -> str:
    """One sentence for an error that Hydra or OmegaConf raised over `overrides` or over a file in conf/."""
    chain = list(_chain(error))
    for link in chain:
        if isinstance(link, OverrideParseException):
            return _unreadable(link.override)
        if isinstance(link, MissingConfigException) and link.missing_cfg_file:
            return _unknown_choice(link.missing_cfg_file, link.options or ())
    for link in chain:
        if isinstance(link, OmegaConfBaseException):
            return _bad_value(link, _named_in(chain), overrides)
    return _plain(str(error)) or f"{type(error).__name__} in the configuration"


def explain_plain(error: Exception, overrides: Sequence[str]) -> str | None:
    """A sentence for what Hydra raises over a command line as an exception of Python's own, else None."""
    if "hydra_plugins.hydra_ray_launcher" in str(error):
        return 'hydra/launcher=ray is not possible yet: it needs pip install -e ".[ray]"'
    if "Config group override must be a string" not in str(error):
        return None
    for override in overrides:
        group, _, choice = override.partition("=")
        if group in GROUPS and not re.match("[A-Za-z]", choice):
            return _unknown_choice(f"{group}/{choice}", ())
    return _plain(str(error))


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _unreadable(override: str) -> str:
    what = "it may be key=value, group=choice, or several values with commas between them"
    if "=" not in override:
        return f"'{override}' is not a setting: {what}"
    return f"'{override}' cannot be read: {what} (a value with "
    "spaces, brackets or letters that are not ASCII stands in quotes)"


def _unknown_choice(config: str, options: Sequence[str]) -> str:
    group, _, choice = config.rpartition("/")
    if config in EXTRAS:
        preset, extra = EXTRAS[config]
        return f'hydra/launcher={preset} is not possible yet: it needs pip install -e ".[{extra}]"'
    names = sorted(options) or sorted(path.stem for path in (CONF / group).glob("*.yaml"))
    return f"{group}={choice} is not possible: {group} may be {', '.join(names)}{did_you_mean(choice, names)}"


def _bad_value(error: OmegaConfBaseException, origin: str, overrides: Sequence[str]) -> str:
    key = error.full_key or str(error.key or "")
    if isinstance(error, ConfigAttributeError | ConfigKeyError):
        if key.startswith("hydra."):
            return f"{key} is not one of Hydra's own settings{origin}: --hydra-help and --cfg hydra list them"
        return _unknown_key(key, origin)
    if isinstance(error, MissingMandatoryValue):
        return f"{key} is missing: give it a value ({key}=...)"
    if isinstance(error, InterpolationKeyError):
        return f"{key or 'a value'} refers to something that is not there ({_plain(str(error))})"
    value = _value_of(key, error, overrides)
    return f"{key}{value} is not possible: it may be {_allowed(key)}{origin}"


def _unknown_key(key: str, origin: str) -> str:
    section = key.rpartition(".")[0]
    known = sorted(_keys().get(section, ()))
    if not known:
        section, known = "", sorted({*_keys()[""], *GROUPS})
    where = f"keys of {section} are" if section else "there are"
    full = [f"{section}.{name}" if section else name for name in known]
    return f"{key} is not a key{origin}: {where} {', '.join(known)}{did_you_mean(key, full)}"


def _value_of(key: str, error: OmegaConfBaseException, overrides: Sequence[str]) -> str:
    """`=value` as it was typed, else as OmegaConf quotes it."""
    for override in reversed(overrides):
        if override.lstrip("+").split("=", 1)[0] == key:
            return "=" + override.split("=", 1)[1]
    match = re.search(r"[Vv]alue '(.*?)'", str(error))
    return f"={match[1]}" if match else ""


def _allowed(key: str) -> str:
    section, _, last = key.rpartition(".")
    annotation = str(_keys().get(section, {}).get(last, ""))
    if section not in _keys() or not annotation:
        return "what conf/ says about it"
    if key in _keys():
        return f"a choice of the group {key}, or its keys one by one ({key}.{next(iter(_keys()[key]))}=...)"
    first = annotation.split("|")[0].strip()
    named = "a list of texts" if first.startswith("list") else TYPES.get(first, first)
    return f"{named} or null" if "None" in annotation else named


def _keys() -> dict[str, dict[str, Any]]:
    """Section -> key -> annotation; the section of the top level is ''."""
    sections: dict[str, dict[str, Any]] = {"": {}}
    for field in dataclasses.fields(RunConfig):
        sections[""][field.name] = _annotation(field.type)
        if dataclasses.is_dataclass(field.type):
            sections[field.name] = {f.name: _annotation(f.type) for f in dataclasses.fields(field.type)}
    return sections


def _annotation(declared: Any) -> str:
    return declared.__name__ if isinstance(declared, type) and declared is not list else str(declared)


def _named_in(chain: Sequence[BaseException]) -> str:
    """` (in experiment/x.yaml)` if the fault is in a file, else nothing."""
    for link in chain:
        match = re.match(r"In '(.+?)':|Error merging '(.+?)'", str(link))
        if match:
            return f" (in {match[1] or match[2]}.yaml)"
    return ""


def _plain(message: str) -> str:
    """The first line of a message, as part of a sentence."""
    lines = [line.strip() for line in message.splitlines() if line.strip()]
    return lines[0].rstrip(".") if lines else ""
