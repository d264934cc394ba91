"""Samples for the page: what the runs wrote, cut where samples.json says that something stands out."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise

from analysis.inference.comparisons import Comparison
from analysis.records.collect import Problem
from analysis.records.settings import Setting
from numpygpt.errors import UserError
from numpygpt.runs import RunUnfinished

MARKS = ("foreign", "speaker", "stranger", "copied")
MOST_CHARS = 3000  # of a sample are shown
ALL_SAMPLES = 60  # of all settings together, but at least one of each


Piece = tuple[str, tuple[str, ...]]  # a stretch of a sample, and the marks that lie on it, of MARKS


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
        try:
            record, samples = folder.samples(), []
            for entry in record["samples"][:most]:
                text, marks = entry["text"], entry["marks"]
                marked = [(kind, int(a), int(b)) for kind in MARKS for a, b in marks[kind]]
                pieces, counts = tuple(_pieces(text[:MOST_CHARS], marked)), _counts(marks, entry["n_words"])
                samples.append(Sample(record["prompt"], pieces, counts, len(text) > MOST_CHARS))
            return Column(number, folder.name, tuple(samples), record["least_copied"])
        except RunUnfinished:
            continue  # kept records have them for one seed of each setting
        except UserError as error:
            problems.append(Problem(folder.path, str(error)))
    return None


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
