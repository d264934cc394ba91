"""Values out of the kept records of docs/results, by way of the report's own statistics."""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from analysis.collect import Collection, collect, metrics_frame
from analysis.groups import Comparison, Group, group_runs
from analysis.tables import cell, derived
from analysis.uncertainty import Estimate, estimate
from numpygpt.errors import UserError
from numpygpt.runs import RunFolder, find_runs

ROOT = Path(__file__).resolve().parents[2]
RESULTS = ROOT / "docs" / "results"


@dataclass(frozen=True)
class Study:
    """The finished runs of docs/results/NAME. Without any, `comparisons` is empty and nothing can be asked."""

    name: str
    collection: Collection
    comparisons: tuple[Comparison, ...]
    metrics: pd.DataFrame

    @property
    def only(self) -> Comparison:
        """The one comparison of a study that holds one text and one budget."""
        if len(self.comparisons) != 1:
            raise UserError(f"docs/results/{self.name} holds {len(self.comparisons)} comparisons, not one")
        return self.comparisons[0]

    @property
    def labels(self) -> list[str]:
        """What the settings are called in tables, in the tables' order."""
        return [group.label for c in self.comparisons for group in c.groups]

    def group(self, label: str) -> Group:
        """The runs of one setting, a run per seed, by the label that tables show."""
        for comparison in self.comparisons:
            for group in comparison.groups:
                if group.label == label:
                    return group
        raise UserError(f"docs/results/{self.name} holds no {label}: it holds {', '.join(self.labels)}")

    def estimate(self, label: str, key: str) -> Estimate:
        """The mean over seeds of a number of result.json (`generated.word_share`), with its 95 % interval."""
        values = derived(self.group(label), key)
        if not np.isfinite(values).all():
            raise UserError(f"docs/results/{self.name}: {label} has no {key}")
        return estimate(values)

    def mean(self, label: str, key: str) -> float:
        return self.estimate(label, key).mean

    def shown(self, label: str, key: str) -> str:
        """As the report's tables show it: `2.160 ± 0.006`, `50.1 %`, `1.58M`."""
        return cell(self.group(label), key).text

    def folders(self, label: str) -> list[RunFolder]:
        """The run folders of one setting, lowest seed first."""
        return [RunFolder(Path(folder)) for folder in self.group(label).runs["folder"]]

    def record(self, label: str) -> dict[str, Any]:
        """run.json of the lowest seed."""
        return self.collection.records[str(self.folders(label)[0].path)]

    def curve(self, label: str, kind: str = "eval") -> pd.DataFrame:
        """The logged lines of one kind (eval, train) of one setting: a row per seed and step, step rising."""
        rows = self.metrics
        chosen = rows[(rows["group"] == self.group(label).key) & (rows["kind"] == kind)]
        return chosen.dropna(axis="columns", how="all")


def first_step(steps: np.ndarray, reached: np.ndarray) -> int:
    """The first of `steps` at which something was reached. Raises UserError if it never was: tell it otherwise."""
    if not reached.any():
        raise UserError("a curve never comes to where the text says that it does: rewrite that sentence")
    return int(steps[np.argmax(reached)])


def study(name: str) -> Study:
    """The finished runs kept in docs/results/NAME; an empty study if the folder is not there (yet)."""
    return _study(RESULTS / name)


@lru_cache
def _study(folder: Path) -> Study:
    collection = collect([run for run in find_runs(folder) if run.state() == "done"])
    if collection.problems:
        raise UserError(collection.problems[0].sentence)
    comparisons, problems = group_runs(collection)
    metrics, broken = metrics_frame(collection.runs)
    if problems or broken:
        raise UserError([*problems, *broken][0].sentence)
    return Study(folder.name, collection, tuple(comparisons), metrics)
