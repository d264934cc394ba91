"""From one command line to its runs: expanded, composed and checked, before any work.

A sweep is planned once, in the process where it was typed: which corpus is really used, which runs there are,
which of them differ only in keys that they do not use. Hydra's launchers then compose each run again.
"""

import copy
import functools
import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hydra.core.config_loader import ConfigLoader
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override
from omegaconf import DictConfig, OmegaConf, open_dict

from experiments.cli.eval_texts import read_texts, text_path
from experiments.configuration.build import decided
from experiments.configuration.identity import run_folder
from experiments.configuration.schema import RunConfig, settings, to_config, used_keys
from experiments.configuration.typed import ONE_EACH, quoted
from experiments.configuration.validation import check
from numpygpt.data import resolve
from numpygpt.errors import UserError
from numpygpt.files import expanded
from numpygpt.runs import RunFolder


@dataclass(frozen=True)
class PlannedRun:
    """A run before it starts: its settings as Hydra's launcher takes them, and as the run will see them."""

    overrides: tuple[str, ...]
    config: RunConfig
    folder: RunFolder

    @property
    def is_to_do(self) -> bool:
        return self.config.force or self.folder.state() != "done"


class Planner:
    """Composes the configurations of a sweep: each combination of choices once, values on top of it.

    Hydra composes a run in about 0.1 s, which for hundreds of runs is too long to find out that all are done.
    """

    def __init__(self, loader: ConfigLoader, master: DictConfig) -> None:
        self.loader, self.master = loader, master
        self.parser = OverridesParser.create(config_loader=loader)
        self.groups = frozenset(loader.list_groups(""))
        self.fallback_reason: str | None = None  # why a corpus is not the one that was asked for
        self._resolve = functools.cache(resolve)  # each is found, checked and downloaded once
        self._parse = functools.cache(self.parser.parse_override)
        self._base = functools.cache(self._composed_choices)

    def expand(self, params: Mapping[str, Any], arguments: Sequence[str]) -> list[list[str]]:
        """The overrides of each run: `params`, or what the arguments set instead, in every combination.

        Raises UserError for a sweep of what there may be one of, or of what cannot be enumerated.
        """
        swept = [f"{key}={values}" for key, values in params.items()]
        choices: dict[str, list[str]] = {}
        for override in self.parser.parse_overrides([*swept, *arguments]):
            key = override.get_key_element().lstrip("+")  # nothing can be added to a schema
            choices[key] = [f"{key}={value}" for value in self._values(override)]
        return [list(line) for line in itertools.product(*choices.values())]

    def _values(self, override: Override) -> list[str]:
        key, typed = override.key_or_group, f"{override.input_line} is not possible"
        if not override.is_sweep_override():
            return [override.get_value_element_as_str()]
        if key in ONE_EACH:
            raise UserError(f"{typed}: it may be one {key}, as {ONE_EACH[key]}; type a command for each")
        values = list(override.sweep_string_iterator()) if override.is_discrete_sweep() else []
        if not values:
            raise UserError(f"{typed}: it names no value: type them with commas between them ({key}=...,...)")
        return values

    def plan(self, lines: Sequence[Sequence[str]]) -> list[PlannedRun]:
        """The distinct runs of `lines`, each line the overrides of one.

        Raises UserError for the first fault, or what Hydra or omegaconf raises (`messages.explain`).
        """
        configs = [to_config(self.compose(line)) for line in lines]
        for config in configs:
            check(config)
        explicit = any(override.startswith("data=") for line in lines for override in line)
        runs: dict[Path, PlannedRun] = {}
        for line, config in zip(lines, configs, strict=True):
            data = config.data
            corpus = self._resolve(data.kind, data.path, data.fallback is not None and not explicit)
            self.fallback_reason = self.fallback_reason or corpus.fallback_reason
            config.data = decided(data, corpus)
            read_texts(config.eval.texts)  # which refuses one that cannot be scored
            config.eval.texts = list(dict.fromkeys(str(text_path(text)) for text in config.eval.texts))
            if config.tokenizer.path is not None:
                config.tokenizer.path = str(expanded(config.tokenizer.path).absolute())
            planned = PlannedRun((*line, *_pinned(config)), config, run_folder(config))
            runs.setdefault(planned.folder.path, planned)
        return list(runs.values())

    def compose(self, line: Sequence[str]) -> DictConfig:
        """What Hydra composes for these overrides, without its own node."""
        parsed = [self._parse(override) for override in line]
        choices = tuple(o.input_line or "" for o in parsed if o.key_or_group in self.groups)
        values = [o for o in parsed if o.key_or_group not in self.groups]
        composed = copy.deepcopy(self._base(choices))
        for value in values:
            OmegaConf.update(composed, value.key_or_group, value.value(), merge=True)
        return composed

    def _composed_choices(self, choices: tuple[str, ...]) -> DictConfig:
        base = self.loader.load_sweep_config(self.master, list(choices))
        with open_dict(base):
            del base["hydra"]
        return base


def _pinned(config: RunConfig) -> list[str]:
    """The sweep's decisions as overrides, so that each run, in whatever process, uses the same files."""
    data, paths = config.data, {"data.path": config.data.path, "tokenizer.path": config.tokenizer.path}
    pinned = [f"data.kind={data.kind}", f"data.sha256={data.sha256}", "data.fallback=null"]
    pinned += [f"{key}={quoted(path)}" for key, path in paths.items() if path is not None]
    if config.eval.texts:
        pinned.append(f"eval.texts=[{','.join(quoted(text) for text in config.eval.texts)}]")
    return pinned


def unused_settings(arguments: Sequence[str], runs: Sequence[PlannedRun]) -> list[str]:
    """The keys set on the command line that no run of the sweep reads."""
    used = [used_keys(run.config).items() for run in runs]
    read = {f"{group}.{name}" for groups in used for group, names in groups for name in names}
    typed = [argument.partition("=")[0].lstrip("+") for argument in arguments]
    return [key for key in typed if "." in key and key in settings() and key not in read]
