"""Texts for the page, read from the run folders: passages with what each token cost, and samples with their marks.

Nothing is computed that a run did not record: bits are averaged over the seeds of a setting whose tokens are the
same, and samples.json says what is marked. What cannot be read is named as a problem.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from analysis.collect import Problem
from analysis.groups import Comparison, Group
from analysis.page_data import rounded
from numpygpt.errors import UserError
from numpygpt.runs import RunFolder, RunUnfinished

MOST_BYTES = 4000  # of a passage are shown
MOST_CHARS = 6000  # of a sample
QUOTE = ("\N{LEFT DOUBLE QUOTATION MARK}", "\N{HORIZONTAL ELLIPSIS}\N{RIGHT DOUBLE QUOTATION MARK}")
_SAMPLE = re.compile(r"^--- sample (\d+) ---\n", re.MULTILINE)


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
    """A text as several settings read it; `own` if a user had it scored, `cut` if only its beginning is shown."""

    title: str
    text: str
    own: bool
    cut: bool
    n_bytes: int
    readings: tuple[Reading, ...]


def passages(comparison: Comparison) -> tuple[list[Passage], list[Problem]]:
    """Every passage that any run of the comparison has scored, the validation text's before a user's own."""
    found: dict[tuple[str | None, int, str], dict[int, list[dict[str, Any]]]] = {}
    problems: list[Problem] = []
    for number, group in enumerate(comparison.groups):
        for folder in group.runs["folder"]:
            for passage in _read(Path(folder), problems):
                key = (passage.get("name"), int(passage.get("start") or 0), passage["text"])
                found.setdefault(key, {}).setdefault(number, []).append(passage)
    ordered = sorted(found.items(), key=lambda item: (item[0][0] is not None, item[0][0] or "", item[0][1]))
    return [_passage(*key, scored) for key, scored in ordered], problems


def _read(folder: Path, problems: list[Problem]) -> Iterator[dict[str, Any]]:
    try:
        yield from RunFolder(folder).passages()
    except RunUnfinished:
        return  # kept records have them for one seed of each setting
    except UserError as error:
        problems.append(Problem(folder, str(error)))


def _passage(name: str | None, start: int, text: str, scored: dict[int, list[dict[str, Any]]]) -> Passage:
    raw = text.encode()
    shown = raw[:MOST_BYTES].decode(errors="ignore")
    first = " ".join(text.split())[:48]
    where = f"validation text, from byte {start:,}"
    title = f"{QUOTE[0]}{first}{QUOTE[1]} ({where})" if name is None else name
    readings = tuple(_reading(number, same, len(shown.encode())) for number, same in scored.items())
    return Passage(title, shown, name is not None, len(shown) < len(text), len(raw), readings)


def _reading(number: int, seeds: Sequence[dict[str, Any]], n_bytes: int) -> Reading:
    """The mean over those seeds that have the first one's tokens; a token that reaches beyond the text is cut."""
    first = seeds[0]
    same = [s for s in seeds if s["ids"] == first["ids"] and s["ends"] == first["ends"]]
    ends = np.minimum(np.asarray(first["ends"], np.int64), n_bytes)
    starts = np.concatenate([[0], ends])[:-1]
    kept = int(np.searchsorted(starts, n_bytes))
    bits = np.mean([s["bits"][:kept] for s in same], axis=0)
    residual = np.mean([s["bits_residual"][:kept] for s in same], axis=0)
    whole = kept == len(ends)
    return Reading(
        number,
        len(same),
        first["ids"][:kept],
        (ends - starts)[:kept].tolist(),
        rounded(bits),
        rounded(residual) if residual.any() else [],
        float(np.mean([s.get("bits_tail", 0.0) for s in same])) if whole else 0.0,
    )


# --- samples ---


@dataclass(frozen=True)
class Piece:
    """A stretch of a sample with the marks that lie on it: foreign, speaker, stranger, copied."""

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
    """The samples of one run, which stands for its setting."""

    setting: int
    run: str
    samples: tuple[Sample, ...]
    least_copied: int | None


def sample_columns(comparison: Comparison) -> tuple[list[Column], list[Problem]]:
    """One column per setting: its first run with marked samples, else its first with any."""
    problems: list[Problem] = []
    columns = [_column(number, group, problems) for number, group in enumerate(comparison.groups)]
    return [c for c in columns if c is not None], problems


def _column(number: int, group: Group, problems: list[Problem]) -> Column | None:
    plain: Column | None = None
    for folder in map(RunFolder, map(Path, group.runs["folder"])):
        try:
            record = folder.samples()
            return Column(number, folder.name, _marked(record), int(record["least_copied"]))
        except RunUnfinished:
            pass
        except UserError as error:
            problems.append(Problem(folder.path, str(error)))
        if plain is None and (texts := _unmarked(folder)):
            plain = Column(number, folder.name, texts, None)
    return plain


def _unmarked(folder: RunFolder) -> tuple[Sample, ...]:
    """samples.txt, as far as it can be told where one ends."""
    try:
        page = folder.samples_path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ()
    parts = _SAMPLE.split(page)[1:]
    texts = [text.removesuffix("\n") for text in parts[1::2]]
    return tuple(
        Sample(n, "", (Piece(text[:MOST_CHARS]),), None, len(text) > MOST_CHARS)
        for n, text in enumerate(texts, 1)
    )


def _marked(record: dict[str, Any]) -> tuple[Sample, ...]:
    return tuple(_sample(n, record.get("prompt", ""), s) for n, s in enumerate(record["samples"], 1))


def _sample(number: int, prompt: str, sample: dict[str, Any]) -> Sample:
    text, spans = sample["text"][:MOST_CHARS], sample["marks"]
    marked = [(kind, a, b) for kind, places in spans.items() for a, b in places]
    return Sample(
        number, prompt, tuple(_pieces(text, marked)), _counts(sample), len(text) < len(sample["text"])
    )


def _pieces(text: str, marked: Iterable[tuple[str, int, int]]) -> Iterator[Piece]:
    """The text cut wherever a mark begins or ends."""
    marked = [(kind, min(a, len(text)), min(b, len(text))) for kind, a, b in marked]
    borders = sorted({0, len(text), *(x for _, a, b in marked for x in (a, b))})
    for a, b in pairwise(borders):
        yield Piece(text[a:b], tuple(kind for kind, start, end in marked if start <= a and b <= end))


def _counts(sample: dict[str, Any]) -> str:
    marks, words = sample["marks"], int(sample["n_words"])
    foreign, real, stranger = (len(marks[kind]) for kind in ("foreign", "speaker", "stranger"))
    copied = sum(b - a for a, b in marks["copied"])
    said = [f"{foreign} of {words} words are none" if words else "no words"]
    if real + stranger:
        said.append(f"{real} of {real + stranger} speakers real")
    said.append(f"{copied} characters copied" if copied else "nothing copied")
    return ", ".join(said)
