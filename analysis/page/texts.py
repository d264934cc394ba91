"""Texts for the page, read from the run folders: passages token by token, and what the models wrote.

Nothing is computed that a run did not record: bits are means over the seeds of a setting whose tokens are the same.
What cannot be read is named as a problem.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from analysis.inference.comparisons import Comparison
from analysis.records.collect import Problem
from analysis.records.find import Run
from analysis.records.settings import Setting
from numpygpt.errors import UserError
from numpygpt.runs import RunUnfinished

MARKS = ("foreign", "speaker", "stranger", "copied")
MOST_CHARS = 3000  # of a sample are shown
ALL_SAMPLES = 60  # of all settings together, but at least one of each
QUOTED = "\N{LEFT DOUBLE QUOTATION MARK}{}\N{HORIZONTAL ELLIPSIS}\N{RIGHT DOUBLE QUOTATION MARK}"
Scored = dict[str, Any]  # an entry of passages.json
Key = tuple[str, int, str]  # name ("" in validation text), first byte, text
Piece = tuple[str, tuple[str, ...]]  # a stretch of a sample, and the marks that lie on it, of MARKS


def _kept(read: Callable[[], Any], folder: Run, problems: list[Problem]) -> Any:
    """What the run has kept; None where it has not, as most seeds of kept records, or where that is damaged."""
    try:
        return read()
    except RunUnfinished:
        return None
    except UserError as error:
        problems.append(Problem(folder.path, str(error)))
        return None


# --- passages ---


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
    """A text as several settings read it; `cut` if only its beginning is shown."""

    title: str
    text: str
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
            for scored in _kept(folder.passages, folder, problems) or ():
                key = (str(scored.get("name") or ""), int(scored.get("start") or 0), str(scored["text"]))
                found.setdefault(key, {}).setdefault(number, []).append(scored)
    return [_passage(key, found[key], most_bytes) for key in sorted(found)], problems


def _passage(key: Key, scored: dict[int, list[Scored]], most_bytes: int) -> Passage:
    name, start, text = key
    raw = text.encode()
    shown = raw[:most_bytes].decode(errors="ignore")
    title = name or f"{QUOTED.format(' '.join(text.split())[:48])} (validation text, byte {start:,})"
    n_bytes = len(shown.encode())
    readings = tuple(_reading(number, seeds, n_bytes) for number, seeds in sorted(scored.items()))
    return Passage(title, shown, n_bytes < len(raw), len(raw), readings)


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


# --- samples, cut where samples.json says that something stands out ---


@dataclass(frozen=True)
class Sample:
    """`counts` says in words what is marked."""

    prompt: str
    pieces: tuple[Piece, ...]
    counts: str
    cut: bool


@dataclass(frozen=True)
class Column:
    """The samples of one run, which stands for its setting. `least_copied` in characters."""

    setting: int
    run: str
    samples: tuple[Sample, ...]
    least_copied: int


def sample_columns(comparison: Comparison) -> tuple[list[Column], list[Problem]]:
    """One column per setting that has any: those of its first run that keeps samples.json."""
    problems: list[Problem] = []
    most = max(1, ALL_SAMPLES // len(comparison.settings))
    columns = [_column(number, setting, most, problems) for number, setting in enumerate(comparison.settings)]
    return [column for column in columns if column is not None], problems


def _column(number: int, setting: Setting, most: int, problems: list[Problem]) -> Column | None:
    for folder in setting.folders:
        if record := _kept(folder.samples, folder, problems):
            samples = tuple(_sample(record["prompt"], entry) for entry in record["samples"][:most])
            return Column(number, folder.name, samples, record["least_copied"])
    return None


def _sample(prompt: str, entry: dict[str, Any]) -> Sample:
    text, marks = entry["text"], entry["marks"]
    marked = [(kind, int(a), int(b)) for kind in MARKS for a, b in marks[kind]]
    pieces = tuple(_pieces(text[:MOST_CHARS], marked))
    return Sample(prompt, pieces, _counts(marks, entry["n_words"]), len(text) > MOST_CHARS)


def _pieces(text: str, marked: Iterable[tuple[str, int, int]]) -> Iterator[Piece]:
    """The text cut wherever a mark begins or ends."""
    marked = [(kind, min(a, len(text)), min(b, len(text))) for kind, a, b in marked]
    borders = sorted({0, len(text), *(border for _, a, b in marked for border in (a, b))})
    for a, b in pairwise(borders):
        yield text[a:b], tuple(kind for kind, start, end in marked if start <= a and b <= end)


def _counts(marks: dict[str, list[tuple[int, int]]], n_words: int) -> str:
    """What is marked, in words."""
    real, strange = len(marks["speaker"]), len(marks["stranger"])
    said = [f"{len(marks['foreign'])} of {n_words} words not in the training text" if n_words else "no words"]
    if real + strange:
        said.append(f"{real} of {real + strange} speakers real")
    copied = sum(b - a for a, b in marks["copied"])
    return ", ".join([*said, f"{copied} characters copied" if copied else "nothing copied"])
