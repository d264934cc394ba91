"""A setting: one configuration under several seeds, with what its runs measured."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from analysis.records.collect import Floats
from analysis.records.find import Run
from analysis.records.identity import setting_of

NEGLIGIBLE = 0.0005  # bits per byte: a residual below the last digit that is shown


class Estimate(NamedTuple):
    """A mean over `n` seeds and its t-interval, `mean` plus or minus `half` (NaN where nothing is known of it)."""

    mean: float = float("nan")
    low: float = float("nan")
    high: float = float("nan")
    half: float = float("nan")
    n: int = 0


@dataclass(frozen=True)
class Setting:
    """One configuration under several seeds: its finished runs, one per seed, in the order of the seeds.

    rows: each run's row of `Collection.runs`   results: each run's result.json
    identity: flat, with dotted keys, without the seed
    label: what tables and figures call it
    imported: the file of a tokenizer that another library made   estimates: of every measure, by its key
    """

    key: str
    label: str
    folders: tuple[Run, ...]
    rows: tuple[Mapping[str, Any], ...]
    results: tuple[Mapping[str, Any], ...]
    identity: Mapping[str, Any]
    imported: str = ""
    estimates: Mapping[str, Estimate] = field(default_factory=dict)

    @property
    def tokenizer(self) -> str:
        return str(self.rows[0]["tokenizer"])

    @property
    def model(self) -> str:
        return str(self.rows[0]["model"])

    @cached_property
    def tokenizer_key(self) -> str:
        """Settings that share it have one tokenizer."""
        return setting_of({k: v for k, v in self.identity.items() if k.startswith("tokenizer.")})

    @cached_property
    def seeds(self) -> tuple[int, ...]:
        return tuple(int(row["seed"]) for row in self.rows)

    @property
    def texts(self) -> list[dict[str, Any]]:
        """What each seed has measured on further texts."""
        return [text for result in self.results for text in result.get("texts") or ()]

    @property
    def losses(self) -> str:
        """What the tokenizer loses, in words."""
        return str(self.first("losses") or "")

    @cached_property
    def lossy(self) -> bool:
        """Whether this text loses something that is charged with more than a rounding error."""
        return bool(self.losses) and not np.all(self.values("bits_per_byte_residual") < NEGLIGIBLE)

    def first(self, key: str) -> Any:
        """The value of the first seed, for what no seed changes; None if it is not there."""
        return self.results[0].get(key)

    def values(self, key: str) -> Floats:
        """A measure, one number per seed (n,), NaN where a run has none."""
        found = [row.get(key) for row in self.rows]
        numbers = [x if isinstance(x, int | float | np.number | np.bool_) else np.nan for x in found]
        return np.array(numbers, np.float64)

    def estimate(self, key: str) -> Estimate:
        """A measure over the seeds that have it; all NaN if none has."""
        return self.estimates.get(key, Estimate())

    def mean(self, key: str) -> float:
        return self.estimate(key).mean
