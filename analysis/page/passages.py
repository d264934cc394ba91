"""Passages for the page, read from the run folders: what each token of each setting cost.

Nothing is computed that a run did not record: bits are means over the seeds of a setting whose tokens are the same.
What cannot be read is named as a problem.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from analysis.inference.comparisons import Comparison
from analysis.records.collect import Problem
from analysis.records.find import Run
from numpygpt.errors import UserError
from numpygpt.runs import RunUnfinished

QUOTED = "\N{LEFT DOUBLE QUOTATION MARK}{}\N{HORIZONTAL ELLIPSIS}\N{RIGHT DOUBLE QUOTATION MARK}"
Scored = dict[str, Any]  # an entry of passages.json
Key = tuple[str, int, str]  # name ("" in validation text), first byte, text


@dataclass(frozen=True)
class Reading:
    """One setting's tokens of one passage: `ids`, the bytes that each stands for, and the bits that each cost.

    `bits` and `residual` are means over `seeds` runs; `residual` is empty where nothing was charged. `tail` is
    what was charged for the bytes after the last token.
    """

    setting: int
    seeds: int
    ids: list[int]
    lengths: list[int]
    bits: list[float | None]
    residual: list[float | None]
    tail: float


@dataclass(frozen=True)
class Passage:
    """A text as several settings read it; `own` if a user had it scored, `cut` if only its beginning is shown."""

    title: str
    text: str
    own: bool
    cut: bool
    n_bytes: int
    readings: tuple[Reading, ...]


def passages(comparison: Comparison, most_bytes: int) -> tuple[list[Passage], list[Problem]]:
    """Every passage that any run of the comparison has scored, the validation text's before a user's own.

    Of each at most its first `most_bytes` bytes.
    """
    found: dict[Key, dict[int, list[Scored]]] = {}
    problems: list[Problem] = []
    for number, setting in enumerate(comparison.settings):
        for folder in setting.folders:
            for scored in _read(folder, problems):
                key = (str(scored.get("name") or ""), int(scored.get("start") or 0), str(scored["text"]))
                found.setdefault(key, {}).setdefault(number, []).append(scored)
    return [_passage(key, found[key], most_bytes) for key in sorted(found)], problems


def _read(folder: Run, problems: list[Problem]) -> list[Scored]:
    try:
        return folder.passages()
    except RunUnfinished:
        return []  # kept records have them for one seed of each setting
    except UserError as error:
        problems.append(Problem(folder.path, str(error)))
        return []


def _passage(key: Key, scored: dict[int, list[Scored]], most_bytes: int) -> Passage:
    name, start, text = key
    raw = text.encode()
    shown = raw[:most_bytes].decode(errors="ignore")
    title = name or f"{QUOTED.format(' '.join(text.split())[:48])} (validation text, byte {start:,})"
    n_bytes = len(shown.encode())
    readings = tuple(_reading(number, seeds, n_bytes) for number, seeds in sorted(scored.items()))
    return Passage(title, shown, bool(name), n_bytes < len(raw), len(raw), readings)


def _reading(number: int, seeds: Sequence[Scored], n_bytes: int) -> Reading:
    """The mean over those seeds that have the first one's tokens; a token that reaches beyond the text is cut."""
    first = seeds[0]
    same = [s for s in seeds if s["ids"] == first["ids"] and s["ends"] == first["ends"]]
    ends = np.minimum(np.asarray(first["ends"], np.int64), n_bytes)
    starts = np.concatenate([[0], ends])[:-1]
    kept = int(np.searchsorted(starts, n_bytes)) if n_bytes < max([0, *first["ends"]]) else len(ends)
    bits, residual = (np.mean([s[key][:kept] for s in same], axis=0) for key in ("bits", "bits_residual"))
    tail = float(np.mean([s.get("bits_tail", 0.0) for s in same])) if kept == len(ends) else 0.0
    # To a hundredth of a bit; JSON knows no infinity.
    cents, rest = ([round(b, 2) if np.isfinite(b) else None for b in x.tolist()] for x in (bits, residual))
    lengths = (ends - starts)[:kept].tolist()
    return Reading(
        number, len(same), first["ids"][:kept], lengths, cents, rest if residual.any() else [], round(tail, 3)
    )
