"""Texts on the command line: what is typed arrives, although Hydra reads numbers, brackets, `$` and more in it.

The values of the schema's text keys are quoted before Hydra parses them. Commas still stand between the values of
several runs; quotes around a whole value, as Hydra has them, guard its commas.
"""

import re
import shlex
from collections.abc import Sequence

from hydra.core.override_parser.types import Quote, QuotedString

from experiments.configuration.schema import is_nullable, settings, type_of
from numpygpt.errors import UserError

NULLABLE = tuple(key for key, own in settings().items() if is_nullable(own))
LISTS = tuple(key for key, own in settings().items() if type_of(own) == list[str])
TEXTS = tuple(key for key, own in settings().items() if type_of(own) is str)
ONE_EACH = {  # what cannot be swept, and why
    "experiment": "each brings a sweep of its own",
    "study": "each has a report of its own",
    "outputs": "each holds studies of its own",
    "sample.prompt": "the samples of a comparison all begin alike",
}
ARGUMENT = re.compile(r"(\+{0,2})([\w.]+)=(.*)", re.DOTALL)
QUOTED = r"""'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*\""""
VALUE = re.compile(rf"\s*({QUOTED})\s*(?=,|\Z)|[^,]*", re.DOTALL)


def as_typed(argument: str) -> str:
    """`key=value` with its texts quoted for Hydra; what sets no text of the schema as it is.

    Raises UserError for several values where there may be only one, and for a list without brackets.
    """
    match = ARGUMENT.fullmatch(argument)
    if match is None or match[2] not in (*TEXTS, *LISTS):
        return argument
    prefix, key, value = match.groups()
    read = _lists if key in LISTS else _texts
    return f"{prefix}{key}={','.join(read(key, value))}"


def with_choices(arguments: Sequence[str]) -> list[str]:
    """What one choice alone reads chooses it: `budget.iters=500` `budget=iters`, `data.path=x` `data=file`."""
    known, keys = settings(), {argument.partition("=")[0].lstrip("+") for argument in arguments}
    chosen = []
    for group in ("budget", "data"):
        only = [known[key].metadata["only"] for key in keys & {*known} if key.startswith(f"{group}.")]
        kinds = [kinds[0] for kinds in only if kinds]
        if len(kinds) == 1 and not keys & {group, f"{group}.kind"}:
            chosen.append(f"{group}={kinds[0]}")
    return [*chosen, *arguments]


def quoted(text: str) -> str:
    """As Hydra's grammar and then OmegaConf's, where `${` begins an interpolation, have to read it."""
    escaped = re.sub(r"(\\*)\$\{", r"\1\1\\${", text)
    return QuotedString(escaped, Quote.single if '"' in text else Quote.double).with_quotes()


def command(key: str, value: str) -> str:
    """What to type in a shell so that the setting has this value."""
    if key in LISTS and not value.startswith("["):
        value = f"[{value}]"
    elif key in TEXTS and key in ONE_EACH and len(_split(value)) > 1:
        value = quoted(value)
    return shlex.quote(f"{key}={value}")


def _texts(key: str, value: str) -> list[str]:
    values = _split(value)
    if len(values) > 1 and key in ONE_EACH:
        whole = f", or, if the comma belongs to it, {command(key, value)}" if key != "study" else ""
        raise UserError(
            f"{key}={value} is not possible: it may be one {key}, as {ONE_EACH[key]}; "
            f"type a command for each{whole}"
        )
    return [_read(key, value) for value in values]


def _lists(key: str, value: str) -> list[str]:
    lists = re.split(r"(?<=\])\s*,\s*(?=\[)", value.strip())
    if lists == ["null"] and key in NULLABLE:
        return lists
    if not all(re.fullmatch(r"\[.*\]", one, re.DOTALL) for one in lists):
        raise UserError(
            f"{key}={value} is not possible: it may be a list of texts: type {command(key, value)}"
        )
    return [f"[{','.join(_read(key, text) for text in _split(one[1:-1].strip()) if text)}]" for one in lists]


def _split(value: str) -> list[str]:
    """At the commas that no quotes guard; a single value keeps the spaces around it."""
    values: list[str] = []
    at = 0
    while at <= len(value):
        match = VALUE.match(value, at)
        assert match is not None  # it matches nothing at all, too
        values.append(match[1] or match[0])
        at = match.end() + 1
    return values if len(values) == 1 else [one.strip() for one in values]


def _read(key: str, value: str) -> str:
    if value == "null" and key in TEXTS and key in NULLABLE:
        return value
    if key == "sample.prompt":
        value = value.replace(r"\n", "\n")
    if re.fullmatch(QUOTED, value, re.DOTALL):  # an escaped `\${` stands in it as Hydra's manual has it
        return re.sub(r"(?<!\\)((?:\\\\)*)\$\{", r"\1\\${", value)
    return quoted(value)
