"""From one command line to its runs: expanded, checked and compared with what is done, before any work.

Hydra's launchers do the running. A sweep is planned once, in the process where it was typed: which corpus is
really used, which runs there are, which of them differ only in keys that they do not use.
"""

import copy
import importlib
import os
import signal
import sys
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from hydra._internal.config_loader_impl import ConfigLoaderImpl
from hydra._internal.core_plugins.basic_sweeper import BasicSweeper
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override, OverrideType
from hydra.core.plugins import Plugins
from omegaconf import DictConfig, open_dict

from experiments.configuration.corpora import Corpora, folder_of, text_path
from experiments.configuration.identity import used_keys
from experiments.configuration.messages import EXPLAINED, explain
from experiments.configuration.schema import RunConfig, register_resolver, settings, to_config
from experiments.configuration.typed import ONE_EACH, quoted
from experiments.configuration.validation import check, shortened_warmup
from experiments.runner.interrupts import SIGNALS, Interrupted, stop_requests
from experiments.sweeping import launch, summary
from numpygpt.data.corpus import CACHE, cache_folder
from numpygpt.errors import UserError
from numpygpt.files import expanded, require_writable, writing
from numpygpt.runs import RunFolder, RunLocked

NUMBERS: dict[Any, type] = {
    int: int,
    int | None: int,
    float: float,
    float | None: float,
}  # of a declaration, its values
register_resolver()  # here, because processes that launchers start import this module first


def task(composed: DictConfig) -> str:
    """One run, as Hydra's launchers call it; what it needs is not even imported where all runs are done.

    In another process than the sweep's, a signal ends the run but not the process: the next runs are not begun.
    A signal that somebody else waits for too, as submitit does to queue the job again, is given back to him.
    """
    if stop_requests.requested() and not launch.in_process():
        return "interrupted"
    from experiments.runner.job import job

    try:
        return job(composed)
    except UserError as error:  # what was planned is not to be had any more, and there is no folder to say so
        print(f"a run cannot begin: {error}", file=sys.stderr)
        return "failed"
    except Interrupted as stop:
        if launch.in_process():
            raise
        if stop.signum not in SIGNALS:
            signal.raise_signal(stop.signum)
        return "interrupted"


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

    Hydra composes a run in about 0.1 s, which for hundreds of runs is too long to find out that all are done. Runs
    that differ only in numbers (seeds, sizes, rates) are composed once.
    """

    def __init__(self, loader: Any, master: DictConfig) -> None:
        self.loader, self.master = loader, master
        self.parser = OverridesParser.create(config_loader=loader)
        self.groups = frozenset(loader.list_groups(""))
        self._parsed: dict[str, Override] = {}
        self._bases: dict[tuple[str, ...], DictConfig] = {}
        self._configs: dict[tuple[str, ...], RunConfig] = {}
        self.corpora = Corpora()
        self.notes: dict[str, None] = {}  # what was decided otherwise than conf/ has it, in order

    def plan(self, lines: Sequence[Sequence[str]]) -> list[PlannedRun]:
        """The distinct runs of `lines`, each line the overrides of one. Raises UserError for the first fault."""
        configs = [self._configuration(line) for line in lines]
        explicit = any(override.startswith("data=") for line in lines for override in line)
        runs: dict[Path, PlannedRun] = {}
        for line, config in zip(lines, configs, strict=True):
            decided = replace(config, data=self.corpora.decide(config.data, may_fall_back=not explicit))
            decided.eval.texts = [text_path(text) for text in config.eval.texts]
            if config.tokenizer.path is not None:
                decided.tokenizer.path = str(expanded(config.tokenizer.path).absolute())
            planned = PlannedRun((*line, *_pinned(decided)), decided, folder_of(decided))
            if runs.setdefault(planned.folder.path, planned) is planned and planned.is_to_do:
                self.corpora.check(decided)
        return list(runs.values())

    def _configuration(self, line: Sequence[str]) -> RunConfig:
        try:
            numbers = [o for o in map(self._parse, line) if is_number_of_schema(o)]
            others = tuple(o for o in line if self._parse(o) not in numbers)
            if others not in self._configs:
                self._configs[others] = to_config(self.compose(others))
        except EXPLAINED as error:
            raise UserError(explain(error, line)) from error
        config = copy.deepcopy(self._configs[others])
        for number in numbers:
            section, _, key = number.key_or_group.rpartition(".")
            setattr(getattr(config, section) if section else config, key, number.value())
        if all(self._parse(override).key_or_group != "optimizer.warmup" for override in line):
            self._shorten_warmup(config)
        check(config)
        return config

    def _shorten_warmup(self, config: RunConfig) -> None:
        warmup = shortened_warmup(config)
        if warmup < config.optimizer.warmup:
            config.optimizer.warmup = warmup
            self.notes[f"optimizer.warmup={warmup} here, a tenth of {config.budget.iters} updates"] = None

    def compose(self, line: Sequence[str]) -> DictConfig:
        """What Hydra composes for these overrides, without its own node."""
        parsed = [self._parse(override) for override in line]
        choices = tuple(o.input_line or "" for o in parsed if o.key_or_group in self.groups)
        values = [o for o in parsed if o.key_or_group not in self.groups]
        if choices not in self._bases:
            base = self.loader.load_sweep_config(self.master, list(choices))
            with open_dict(base):
                del base["hydra"]
            self._bases[choices] = base
        composed = copy.deepcopy(self._bases[choices])
        ConfigLoaderImpl._apply_overrides_to_config(values, composed)
        return composed

    def _parse(self, override: str) -> Override:
        if override not in self._parsed:
            self._parsed[override] = self.parser.parse_override(override)
        return self._parsed[override]


def is_number_of_schema(override: Override) -> bool:
    """Whether it sets a number of the schema to one of exactly its type: no value hangs on it then."""
    own = settings().get(override.key_or_group)
    kind = own and NUMBERS.get(own.type)
    return override.type == OverrideType.CHANGE and kind is not None and type(override.value()) is kind


def _pinned(config: RunConfig) -> list[str]:
    """The sweep's decisions as overrides, so that each run, in whatever process, uses the same files."""
    data = config.data
    pinned = [
        f"optimizer.warmup={config.optimizer.warmup}",
        f"data.kind={data.kind}",
        f"data.sha256={data.sha256}",
        "data.fallback=null",
    ]
    if data.path is not None:
        pinned.append(f"data.path={quoted(data.path)}")
    if config.tokenizer.path is not None:
        pinned.append(f"tokenizer.path={quoted(config.tokenizer.path)}")
    if config.eval.texts:
        pinned.append(f"eval.texts=[{','.join(quoted(text) for text in config.eval.texts)}]")
    return pinned


def unused_settings(arguments: Sequence[str], runs: Sequence[PlannedRun]) -> list[str]:
    """The keys set on the command line that no run of the sweep reads."""
    unused = []
    used = [used_keys(run.config) for run in runs]
    for argument in arguments:
        section, dot, key = argument.partition("=")[0].lstrip("+").partition(".")
        if dot and runs and all(key not in keys.get(section, {key}) for keys in used):
            unused.append(f"{section}.{key}")
    return unused


def sweep(sweeper: BasicSweeper, arguments: list[str]) -> None:
    """What Hydra's sweeper does in this project: plan all, run what is to do, close with the tables.

    Raises UserError if the sweep is refused, SystemExit with a code other than 0 if not all runs end well.
    """
    assert sweeper.config is not None
    assert sweeper.hydra_context is not None
    assert sweeper.launcher is not None
    planner = Planner(sweeper.hydra_context.config_loader, sweeper.config)
    lines = _lines(sweeper, planner, arguments)
    runs = planner.plan(lines)
    summary.warn_of_fallback(planner.corpora.fallback_reasons)
    for note in (*planner.notes, *(f"{key} has no effect here" for key in unused_settings(arguments, runs))):
        print(f"note: {note}")
    require_folders(runs)
    summary.announce(runs, asked=len(lines))
    todo = [run for run in map(_to_do, runs) if run is not None]
    stopped = launch.launch(sweeper.launcher, todo)
    code = summary.close(runs, todo, stopped)
    if code:
        raise SystemExit(code)


def require_folders(runs: Sequence[PlannedRun]) -> None:
    """Raises NotWritable, before any work, if there is some and it could not be kept."""
    if any(run.is_to_do for run in runs):
        require_writable(summary.study_folder(runs) / ".hydra", "outputs=FOLDER")
        require_writable(cache_folder(), CACHE)


def _to_do(run: PlannedRun) -> PlannedRun | None:
    """The run if it is to be launched.

    With force=true its old folder is put aside here, once: a job that a launcher starts again is to go on from its
    checkpoint. One that another process is at is left to it.
    """
    if not run.config.force:
        return run if run.folder.state() != "done" else None
    try:
        set_aside(run.folder)
    except RunLocked as error:
        print(error)
        return None
    return replace(run, overrides=(*run.overrides, "force=false"))


def set_aside(folder: RunFolder) -> None:
    """Moves an existing run folder to `.aside/` beside it.

    Raises RunLocked if somebody works on it, RunNotWritable if it cannot be moved.
    """
    if not folder.path.exists():
        return
    aside = folder.path.parent / ".aside"
    with writing(aside), folder.lock():
        aside.mkdir(exist_ok=True)
        number = 1
        while (target := aside / f"{folder.name}.{number}").exists():
            number += 1
        if os.name != "nt":
            folder.path.rename(target)
    if os.name == "nt":  # it moves no folder with an open file in it, such as the lock
        with writing(aside):
            folder.path.rename(target)


def _lines(sweeper: BasicSweeper, planner: Planner, arguments: list[str]) -> list[list[str]]:
    """The overrides of each run; what the command line sets replaces what the experiment sweeps."""
    parsed = planner.parser.parse_overrides([*sweeper._parse_config(), *arguments])
    for override in parsed:
        if override.key_or_group in ONE_EACH and override.is_sweep_override():
            raise UserError(
                f"{override.input_line} is not possible: it may be one {override.key_or_group}, as "
                f"{ONE_EACH[override.key_or_group]}; type a command for each"
            )
    lines = sweeper.split_arguments(parsed, None)[0]
    return [[override.lstrip("+") for override in line] for line in lines]  # nothing can be added to a schema


def install() -> None:
    """Puts `sweep` in the place of Hydra's own: Hydra takes sweepers from its plugins' namespace alone."""
    warnings.filterwarnings("ignore", "[^']*'hydra/launcher/ray' is validated against ConfigStore schema")
    Plugins.instance()  # looks for plugins, and in doing so loads the module of the basic sweeper anew
    module = importlib.import_module("hydra._internal.core_plugins.basic_sweeper")
    module.BasicSweeper.sweep = sweep
