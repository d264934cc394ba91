"""What Hydra and OmegaConf refuse or misunderstand, said in one sentence: what it may be, and what to type."""

import re
from collections.abc import Iterator, Sequence
from typing import Any

from hydra.errors import HydraException, MissingConfigException, OverrideParseException
from omegaconf import errors
from omegaconf.errors import OmegaConfBaseException
from yaml import MarkedYAMLError, YAMLError

from experiments.configuration.schema import GROUPS, is_nullable, settings, type_of
from experiments.configuration.typed import LISTS, ONE_EACH, TEXTS, command
from numpygpt.errors import UserError, did_you_mean, folded, nearest
from numpygpt.places import CONF

SETTINGS = settings()
SECTIONS = tuple(dict.fromkeys(key.partition(".")[0] for key in SETTINGS if "." in key))
KEYS = (*GROUPS, "hydra/launcher", "hydra.launcher.n_jobs", *SETTINGS)
EXPLAINED = (HydraException, OmegaConfBaseException, YAMLError)
# What our presets build upon: the preset, whose extra of that name installs it.
EXTRAS = {"hydra/launcher/joblib": "local", "hydra/launcher/submitit_slurm": "slurm"}
TYPES: dict[Any, str] = {
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    str: "a text",
    list[str]: "a list of texts",
}


def explain(error: BaseException, overrides: Sequence[str] = ()) -> str:
    """One sentence for an error that Hydra or OmegaConf raised over `overrides` or over a file in conf/."""
    chain = list(_chain(error))
    for link in chain:
        if isinstance(link, OverrideParseException):
            fault = f"'{link.override}' {'cannot be read' if '=' in link.override else 'is not a setting'}"
            return f"{fault}: it may be key=value, group=choice, or values with commas between"
        if isinstance(link, MarkedYAMLError) and (mark := link.problem_mark):
            return f"{mark.name} is no YAML (line {mark.line + 1}): {link.problem}"
        if isinstance(link, MissingConfigException) and link.missing_cfg_file:
            return _unknown_choice(link.missing_cfg_file, link.options or ())
    for link in chain:
        if isinstance(link, OmegaConfBaseException):
            return _bad_value(link, _named_in(chain), overrides)
    if several := re.match("Ambiguous value for argument '(.*)'", str(error)):
        return f"{several[1]} is several runs, of which one can be shown: type one value"
    return _plain(str(error)) or f"{type(error).__name__} in the configuration"


def sentence(error: Exception, overrides: Sequence[str]) -> str | None:
    """What to tell the user of an error that a command line raised; None for a bug of ours."""
    if isinstance(error, UserError):
        return str(error)
    if isinstance(error, EXPLAINED):
        return explain(error, overrides)
    if "hydra_plugins.hydra_ray_launcher" in str(error):
        return 'hydra/launcher=ray is not possible yet: it needs pip install -e ".[ray]"'
    if "Config group override must be a string" not in str(error):
        return None
    pairs = (override.split("=", 1) for override in overrides if "=" in override)
    odd = [f"{group}/{choice}" for group, choice in pairs if group in GROUPS and not choice[:1].isalpha()]
    return _unknown_choice(odd[0], ()) if odd else _plain(str(error))


def refuse_misunderstood(arguments: Sequence[str]) -> None:
    """Raises UserError for what Hydra takes for something else, or refuses without saying what to type."""
    for argument, following in zip(arguments, [*arguments[1:], "..."], strict=True):
        if match := re.fullmatch(r"--?([\w.-]+)(?:=(.*))?", argument, re.DOTALL):
            key, value = match[1], following if match[2] is None else match[2]
            if meant := _same(key):
                raise UserError(f"{argument} is not an option but a setting: {_to_type(meant, value)}")
        elif match := re.fullmatch(r"\+{0,2}([A-Za-z_][\w./-]*)=(.*)", argument, re.DOTALL):
            _refuse_setting(match[1], match[2])


def _refuse_setting(key: str, value: str) -> None:
    known = key in (*KEYS, *SECTIONS) or key.rpartition(".")[0] in SETTINGS
    if not known and (not re.match("hydra[./]", key) or key == "hydra.launcher"):
        raise UserError(_unknown_key(key, "", value))
    is_one = key in GROUPS or (key in SETTINGS and key not in (*TEXTS, *LISTS))
    if is_one and (several := re.fullmatch(r"\s*[\[(](.*)[\])]\s*", value, re.DOTALL)):
        values = ",".join(one.strip() for one in several[1].split(","))
        to_type = "a command for each" if key in ONE_EACH else f"-m {command(key, values)}"
        raise UserError(f"{key}={value} is not possible: a run has one {key}: type {to_type}")


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _unknown_choice(config: str, options: Sequence[str]) -> str:
    if "/" not in config:
        return f"--config-name {config} is not possible: there is no such file: leave the option out"
    group = next((group for group in GROUPS if config.startswith(f"{group}/")), config.rpartition("/")[0])
    choice = config.removeprefix(f"{group}/")
    if config in EXTRAS:
        return f'hydra/launcher={EXTRAS[config]} is not possible yet: it needs pip install -e ".[{EXTRAS[config]}]"'
    names = sorted(options) or sorted(path.stem for path in (CONF / group).glob("*.yaml"))
    hint = did_you_mean(choice, names, group)
    if group == "data" and re.search(r"[./~]", choice):
        hint = f": type data=file {command('data.path', choice)}"
    return f"{group}={choice} is not possible: {group} may be {', '.join(names)}{hint}"


def _bad_value(error: OmegaConfBaseException, origin: str, overrides: Sequence[str]) -> str:
    key = error.full_key or str(error.key or "")
    if isinstance(error, errors.ConfigAttributeError | errors.ConfigKeyError):
        if key.startswith("hydra."):
            return f"{key} is not one of Hydra's own settings{origin}: --hydra-help and --cfg hydra list them"
        return _unknown_key(key, origin)
    if isinstance(error, errors.MissingMandatoryValue):
        return f"{key} is missing: give it a value ({key}=...)"
    if isinstance(error, errors.InterpolationKeyError):
        return f"{key or 'a value'} refers to something that is not there ({_plain(str(error))})"
    value = _value_of(key, error, overrides)
    return f"{key}{value} is not possible: it may be {_allowed(key)}{origin}"


def _unknown_key(key: str, origin: str, value: str | None = None) -> str:
    """The sentence ends in what to type if `value`, as it was typed, is given."""
    meant = _same(key)
    if not meant and (close := nearest(key, [*KEYS, *map(_last, KEYS)])):
        meant = _same(close)
    hint = f" (did you mean {' or '.join(meant)}?)" if meant else ": --help lists all keys"
    to_type = f": {_to_type(meant, value)}" if meant and value is not None else ""
    return f"{key} is not a key{origin}{hint}{to_type}"


def _same(key: str) -> list[str]:
    """The keys that are called so, else those of other sections that are, but for case and dashes."""
    whole = [known for known in KEYS if folded(known) == folded(key)]
    return whole or [known for known in KEYS if folded(_last(known)) == folded(_last(key))]


def _to_type(keys: Sequence[str], value: str) -> str:
    return f"type {' or '.join(command(key, value) for key in keys)}"


def _last(key: str) -> str:
    return re.split(r"[./]", key)[-1]


def _value_of(key: str, error: OmegaConfBaseException, overrides: Sequence[str]) -> str:
    """`=value` as OmegaConf quotes it, which is one value of several, else as it was typed."""
    if match := re.search(r"[Vv]alue '(.*?)'", str(error)):
        return f"={match[1]}"
    typed = {k.lstrip("+"): value for k, _, value in (override.partition("=") for override in overrides)}
    return f"={typed[key]}" if key in typed else ""


def _allowed(key: str) -> str:
    if key in SECTIONS:
        example = next(own for own in SETTINGS if own.startswith(f"{key}."))
        return f"a choice of the group {key}, or its keys one by one ({example}=...)"
    if key not in SETTINGS:
        return "what conf/ says about it"
    own = SETTINGS[key]
    return TYPES[type_of(own)] + (" or null" if is_nullable(own) else "")


def _named_in(chain: Sequence[BaseException]) -> str:
    """` (in experiment/x.yaml)` if the fault is in a file, else nothing."""
    found = [re.match(r"In '(.+?)':|Error merging '(.+?)'", str(link)) for link in chain]
    return next((f" (in {match[1] or match[2]}.yaml)" for match in found if match), "")


def _plain(message: str) -> str:
    """The first line of a message, as part of a sentence."""
    lines = [line.strip() for line in message.splitlines() if line.strip()]
    return lines[0].rstrip(".") if lines else ""
