"""Run folders to tidy frames: one row per run, one row per logged step, one array per block of text.

Whatever cannot be read is named with its reason and skipped; no number is ever made up for it. Runs that
failed, are running or were interrupted keep their row, with their state, and are left out of every average.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from analysis.inference.uncertainty import Floats
from analysis.inference.verdicts import Blocks
from analysis.records.settings import setting_of
from numpygpt.errors import UserError
from numpygpt.runs import RunFolder

# Dictionaries of result.json that become columns such as generated.word_share.
NESTED = ("tokenizer_measures", "generated", "generated_tokens", "human")
SPLIT = ["val_fraction", "dev_fraction", "val_bytes", "val_chars", "train_bytes", "train_chars"]
COLUMNS = ["folder", "run", "study", "state", "reason", "group", "seed", "tokenizer", "model"]
COLUMNS += ["corpus", "corpus_sha256", *SPLIT]  # what every run has, however it ended


@dataclass(frozen=True)
class Problem:
    """A folder (or a file in it) that was left out, and why, in one sentence."""

    folder: Path
    sentence: str


@dataclass(frozen=True)
class Collection:
    """Everything that the folders hold but their metrics and scores.

    `runs` has one row per readable folder, indexed by its path, sorted; `group` is the hash of everything
    in the identity but the seed. `identities` (flat, dotted keys, without the seed) and `records` (run.json)
    and `results` (result.json, of finished runs) are by the same path.
    """

    runs: pd.DataFrame
    identities: dict[str, dict[str, Any]]
    records: dict[str, dict[str, Any]]
    results: dict[str, dict[str, Any]]
    problems: list[Problem] = field(default_factory=list)

    @property
    def done(self) -> pd.DataFrame:
        return self.runs[self.runs["state"] == "done"]


def flatten(nested: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """{"a": {"b": 1}} -> {"a.b": 1}; lists stay values."""
    flat: dict[str, Any] = {}
    for key, value in nested.items():
        if isinstance(value, Mapping):
            flat.update(flatten(value, f"{prefix}{key}."))
        else:
            flat[f"{prefix}{key}"] = value
    return flat


def collect(folders: Iterable[RunFolder]) -> Collection:
    """Reads run.json and result.json of every folder. Never raises for a damaged one: see `problems`."""
    rows: list[dict[str, Any]] = []
    found = Collection(pd.DataFrame(), {}, {}, {})
    for folder in sorted(folders):
        try:
            rows.append(_row(folder, found))
        except UserError as error:
            found.problems.append(Problem(folder.path, str(error)))
        except (KeyError, TypeError, AttributeError) as error:
            why = f"{folder.path} lacks what a run of this version holds ({error!r}): run its command again"
            found.problems.append(Problem(folder.path, why))
    frame = pd.DataFrame.from_records(rows) if rows else pd.DataFrame(columns=COLUMNS)
    frame = frame.set_index("folder", drop=False).rename_axis("path")
    return Collection(frame, found.identities, found.records, found.results, found.problems)


def _row(folder: RunFolder, found: Collection) -> dict[str, Any]:
    """One row; fills the dictionaries of `found` only when all files could be read."""
    record = folder.run()
    state = folder.state()
    result = folder.result() if state == "done" else {}
    failure = (folder.failure() if state == "failed" else None) or {}
    identity = flatten(record["identity"])
    corpus, config = record["corpus"], record["config"]
    path = str(folder.path)
    row = {
        **{key: value for key, value in result.items() if not isinstance(value, dict | list)},
        **{f"{n}.{k}": v for n in NESTED for k, v in flatten(result.get(n) or {}).items() if _scalar(v)},
        "folder": path,
        "run": folder.name,
        "study": folder.path.parent.name,
        "state": state,
        "reason": failure.get("reason", ""),
        "group": setting_of(identity),
        "seed": int(identity["seed"]),
        "tokenizer": result.get("tokenizer") or config["tokenizer"]["name"],
        "model": result.get("model") or config["model"]["name"],
        "corpus": str(corpus["name"]),
        "corpus_sha256": str(corpus["sha256"]),
        **{key: corpus.get(key, 0.0 if key == "dev_fraction" else None) for key in SPLIT},
    }
    found.identities[path] = {key: value for key, value in identity.items() if key != "seed"}
    found.records[path], found.results[path] = record, result
    for figure, why in (result.get("not_scored") or {}).items():
        found.problems.append(Problem(folder.path, f"{folder.path}: {figure} not scored ({why})"))
    return row


def _scalar(value: Any) -> bool:
    return value is None or isinstance(value, bool | int | float | str)


def metrics_frame(runs: pd.DataFrame) -> tuple[pd.DataFrame, list[Problem]]:
    """Every logged line of `runs` (rows of Collection.runs): folder, group, seed, then the line's own keys.

    One row per line of metrics.jsonl, in its order. A damaged file is named in the problems and left out.
    """
    rows: list[dict[str, Any]] = []
    problems = []
    for path, group, seed in zip(runs["folder"], runs["group"], runs["seed"], strict=True):
        own = {"folder": path, "group": group, "seed": seed}
        try:
            rows.extend(own | row for row in RunFolder(Path(path)).metrics())
        except UserError as error:
            problems.append(Problem(Path(path), str(error)))
    columns = None if rows else ["folder", "group", "seed", "step", "kind"]
    return pd.DataFrame(rows, columns=columns), problems


def read_blocks(folders: Iterable[str]) -> tuple[Blocks | None, list[Problem]]:
    """The bits per block of the seeds of one group; None if a file is missing or the blocks differ."""
    found: list[list[Floats]] = []
    for path in folders:
        try:
            scores = RunFolder(Path(path)).scores()
        except UserError as error:
            return None, [Problem(Path(path), str(error))]
        sizes, tokens = (np.asarray(scores[key], dtype=np.float64) for key in ("block_bytes", "bits_tokens"))
        residual = np.asarray(scores["bits_residual"] or np.zeros(len(sizes)), dtype=np.float64)
        first = found[0][0] if found else sizes
        if {sizes.shape, tokens.shape, residual.shape} != {first.shape} or (sizes != first).any():
            why = f"{path}/scores.json has other blocks than the other seeds of this setting"
            return None, [Problem(Path(path), why)]
        found.append([sizes, tokens, residual])
    sizes, tokens, residual = (np.stack(part) for part in zip(*found, strict=True))
    baselines = {key: np.asarray(bits) for key, bits in scores.get("bits_baselines", {}).items()}
    return Blocks(sizes[0], tokens, residual, baselines), []
