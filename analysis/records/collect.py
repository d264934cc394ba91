"""Runs to tidy frames: one row per run, one row per logged step, one array per block of text.

Whatever cannot be read is named with its reason and skipped; no number is ever made up for it. Runs that
failed, are running or were interrupted keep their row, with their state, and are left out of every average.
"""

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analysis.records.derived import with_derived
from analysis.records.find import Run
from analysis.records.identity import flatten, setting_of
from analysis.records.serving import DEFAULT, Deployment
from numpygpt.errors import UserError

Floats = NDArray[np.float64]

# Dictionaries of result.json that become columns such as generated.word_share or texts.emoji.bits_per_byte.
SCALARS = (bool, int, float, str, type(None))
NESTED = ("tokenizer_measures", "generated", "generated_tokens", "human", "texts", "bits_by", "perturbed")
SPLIT = ["val_fraction", "dev_fraction", "val_bytes", "val_chars", "train_bytes", "train_chars"]
COLUMNS = ["folder", "run", "study", "state", "reason", "key", "seed", "tokenizer", "model"]
COLUMNS += ["corpus", "corpus_sha256", *SPLIT, "host", "started"]  # what every run has, however it ended


@dataclass(frozen=True)
class Problem:
    """A run (or a file of it) that was left out, and why, in one sentence."""

    folder: Path
    sentence: str

    @property
    def text(self) -> str:
        """The sentence with runs by their names alone: the same wherever the study and its report lie."""
        return self.sentence.replace(f"{self.folder.parent}{os.sep}", "")


@dataclass(frozen=True)
class Record:
    """What a run has written, but its metrics and scores: `identity` is flat, with dotted keys, without the seed;
    `run` is run.json, `result` result.json ({} unless the run is done)."""

    folder: Run
    identity: Mapping[str, Any]
    run: Mapping[str, Any]
    result: Mapping[str, Any]


@dataclass(frozen=True)
class Collection:
    """Many runs: `runs` has one row per readable run, indexed by its path, sorted; `records` are by the same path.

    The column `key` is the hash of everything in the identity but the seed: that of the run's setting.
    """

    runs: pd.DataFrame
    records: Mapping[str, Record]
    problems: list[Problem] = field(default_factory=list)
    deployment: Deployment = DEFAULT

    @property
    def done(self) -> pd.DataFrame:
        return self.runs[self.runs["state"] == "done"]


@dataclass(frozen=True)
class Blocks:
    """Bits of the validation text in blocks: `sizes` in bytes (n,), `tokens` and `residual` (seeds, n).

    baselines: of programs without a neural network, by name, (n,) each.
    """

    sizes: Floats
    tokens: Floats
    residual: Floats
    baselines: Mapping[str, Floats] = field(default_factory=dict)


def collect(folders: Iterable[Run], deployment: Deployment = DEFAULT) -> Collection:
    """Reads run.json and result.json of every run. Never raises for a damaged one: see `problems`."""
    rows: list[dict[str, Any]] = []
    records: dict[str, Record] = {}
    problems: list[Problem] = []
    for folder in sorted(folders, key=lambda folder: folder.path):
        try:
            run, result = folder.run(), folder.result() if folder.state() == "done" else {}
            identity = flatten({key: value for key, value in run["identity"].items() if key != "seed"})
            record = Record(folder, identity, run, result)
            rows.append(_row(record))
            records[str(folder.path)] = record
            for figure, why in result.get("not_scored", {}).items():
                problems.append(Problem(folder.path, f"{folder.path}: {figure} not scored ({why})"))
        except UserError as error:
            problems.append(Problem(folder.path, str(error)))
        except (KeyError, TypeError, AttributeError) as error:
            why = f"{folder.path} lacks what a run of this version holds ({error!r}): run its command again"
            problems.append(Problem(folder.path, why))
    frame = pd.DataFrame.from_records(rows) if rows else pd.DataFrame(columns=COLUMNS)
    frame = with_derived(frame.set_index("folder", drop=False).rename_axis("path"), deployment)
    return Collection(frame, records, problems, deployment)


def _row(record: Record) -> dict[str, Any]:
    """All scalars of result.json, under their own names or, of the NESTED ones, dotted ones, and COLUMNS."""
    folder, run, result = record.folder, record.run, record.result
    corpus, config = run["corpus"], run["config"]
    state, study = folder.state(), folder.path.parent
    failure = (folder.failure() if state == "failed" else None) or {}
    worse = {t["name"]: t["bits_per_byte"] - result["bits_per_byte"] for t in result.get("perturbed") or ()}
    by_name = {t["name"]: t | {"name": None} for t in result.get("texts") or ()}
    nested = {**result, "texts": by_name, "perturbed": worse}
    figures = flatten({key: nested.get(key) or {} for key in NESTED})
    return {
        **{key: value for key, value in {**result, **figures}.items() if isinstance(value, SCALARS)},
        "folder": str(folder.path),
        "run": folder.name,
        "study": study.stem if study.suffix == ".jsonl" else study.name,
        "state": state,
        "reason": failure.get("reason", ""),
        "key": setting_of(record.identity),
        "seed": int(run["identity"]["seed"]),
        **{key: result.get(key) or config[key]["name"] for key in ("tokenizer", "model")},
        "corpus": str(corpus["name"]),
        "corpus_sha256": str(corpus["sha256"]),
        **{key: run.get("environment", {}).get(key) for key in ("host", "started")},
        **{key: corpus.get(key, 0.0 if key == "dev_fraction" else None) for key in SPLIT},
    }


def metrics_frame(collection: Collection) -> tuple[pd.DataFrame, list[Problem]]:
    """Every logged line of all runs: folder, seed, then the line's own keys.

    One row per line of metrics.jsonl, in its order. A damaged file is named in the problems and left out.
    """
    rows: list[dict[str, Any]] = []
    problems = []
    for path, seed in zip(collection.runs["folder"], collection.runs["seed"], strict=True):
        try:
            rows.extend(
                {"folder": path, "seed": seed} | row for row in collection.records[path].folder.metrics()
            )
        except UserError as error:
            problems.append(Problem(Path(path), str(error)))
    columns = None if rows else ["folder", "seed", "step", "kind"]
    return pd.DataFrame(rows, columns=columns), problems


def read_blocks(folders: Iterable[Run]) -> tuple[Blocks | None, list[Problem]]:
    """The bits per block of the seeds of one setting; None if a file is missing or the blocks differ."""
    found: list[list[Floats]] = []
    for folder in folders:
        try:
            scores = folder.scores()
        except UserError as error:
            return None, [Problem(folder.path, str(error))]
        sizes, tokens = (np.asarray(scores[key], dtype=np.float64) for key in ("block_bytes", "bits_tokens"))
        residual = np.asarray(scores["bits_residual"] or np.zeros(len(sizes)), dtype=np.float64)
        first = found[0][0] if found else sizes
        if {sizes.shape, tokens.shape, residual.shape} != {first.shape} or (sizes != first).any():
            why = f"{folder.path}/scores.json has other blocks than the other seeds of this setting"
            return None, [Problem(folder.path, why)]
        found.append([sizes, tokens, residual])
    sizes, tokens, residual = (np.stack(part) for part in zip(*found, strict=True))
    baselines = {key: np.asarray(bits) for key, bits in scores.get("bits_baselines", {}).items()}
    return Blocks(sizes[0], tokens, residual, baselines), []
