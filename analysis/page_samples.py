"""Samples for the page: what the runs wrote, cut where samples.json says that something stands out."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

from analysis.collect import Problem
from analysis.groups import Comparison, Group
from numpygpt.errors import UserError
from numpygpt.runs import RunFolder, RunUnfinished

MARKS = ("foreign", "speaker", "stranger", "copied")
MOST_CHARS = 3000  # of a sample are shown
ALL_SAMPLES = 60  # of all settings together, but at least one of each
_SAMPLE = re.compile(r"^--- sample \d+ ---\n", re.MULTILINE)


@dataclass(frozen=True)
class Piece:
    """A stretch of a sample with the marks that lie on it, of MARKS."""

    text: str
    marks: tuple[str, ...] = ()


@dataclass(frozen=True)
class Sample:
    """`counts` says in words what is marked; None where the run has recorded no marks."""

    number: int
    prompt: str
    pieces: tuple[Piece, ...]
    counts: str | None
    cut: bool


@dataclass(frozen=True)
class Column:
    """The samples of one run, which stands for its setting. `least_copied` in characters; None without marks."""

    setting: int
    run: str
    samples: tuple[Sample, ...]
    least_copied: int | None


def sample_columns(comparison: Comparison) -> tuple[list[Column], list[Problem]]:
    """One column per setting: its first run with marked samples, else its first with any."""
    problems: list[Problem] = []
    columns = [_column(number, group, problems) for number, group in enumerate(comparison.groups)]
    most = max(1, ALL_SAMPLES // max(1, len(columns)))
    return [replace(c, samples=c.samples[:most]) for c in columns if c is not None], problems


def _column(number: int, group: Group, problems: list[Problem]) -> Column | None:
    folders = [RunFolder(Path(folder)) for folder in group.runs["folder"]]
    for folder in folders:
        try:
            record = folder.samples()
            samples = tuple(_marked(n, str(record["prompt"]), s) for n, s in enumerate(record["samples"], 1))
            return Column(number, folder.name, samples, int(record["least_copied"]))
        except RunUnfinished:
            pass  # it ended before runs marked their samples
        except UserError as error:
            problems.append(Problem(folder.path, str(error)))
        except (KeyError, TypeError, ValueError) as error:
            why = f"{folder.path}/samples.json is none of this version ({error!r}): not shown"
            problems.append(Problem(folder.path, why))
    plain = ((folder, _unmarked(folder)) for folder in folders)
    return next((Column(number, folder.name, found, None) for folder, found in plain if found), None)


def _unmarked(folder: RunFolder) -> tuple[Sample, ...]:
    """Those of samples.txt."""
    try:
        page = folder.samples_path.read_bytes().decode("utf-8", errors="replace")
    except OSError:
        return ()
    texts = [text.removesuffix("\n") for text in _SAMPLE.split(page)[1:]]
    return tuple(
        Sample(n, "", (Piece(text[:MOST_CHARS]),), None, len(text) > MOST_CHARS)
        for n, text in enumerate(texts, 1)
    )


def _marked(number: int, prompt: str, entry: dict[str, Any]) -> Sample:
    text = str(entry["text"])
    shown = text[:MOST_CHARS]
    marked = [(kind, int(a), int(b)) for kind in MARKS for a, b in entry["marks"][kind]]
    counts = _counts({kind: entry["marks"][kind] for kind in MARKS}, int(entry["n_words"]))
    return Sample(number, prompt, tuple(_pieces(shown, marked)), counts, len(shown) < len(text))


def _pieces(text: str, marked: Iterable[tuple[str, int, int]]) -> Iterator[Piece]:
    """The text cut wherever a mark begins or ends."""
    marked = [(kind, min(a, len(text)), min(b, len(text))) for kind, a, b in marked]
    borders = sorted({0, len(text), *(border for _, a, b in marked for border in (a, b))})
    for a, b in pairwise(borders):
        yield Piece(text[a:b], tuple(kind for kind, start, end in marked if start <= a and b <= end))


def _counts(marks: dict[str, list[tuple[int, int]]], n_words: int) -> str:
    """What is marked, in words."""
    real, strange = len(marks["speaker"]), len(marks["stranger"])
    said = [f"{len(marks['foreign'])} of {n_words} words not in the training text" if n_words else "no words"]
    if real + strange:
        said.append(f"{real} of {real + strange} speakers real")
    copied = sum(b - a for a, b in marks["copied"])
    return ", ".join([*said, f"{copied} characters copied" if copied else "nothing copied"])
