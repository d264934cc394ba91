"""The surprisal map: one passage as several runs read it, each token coloured by the bits that it cost.

A token's bits, with the residual of what its tokenizer loses, are spread over the bytes that it stands for: so
the colours of any two tokenizers can be compared, and the mean over the passage is its bits per byte.
"""

import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from analysis.figures.style import INK, SOFT, find_letters, new_figure, plain, styled
from analysis.records.collect import Floats
from analysis.records.find import runs_in
from numpygpt.errors import UserError
from numpygpt.runs import RunUnfinished

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.colors import Colormap
    from matplotlib.figure import Figure

# From white to dark brown: lightness falls all the way, in grey and to the colour-blind too.
COLOURS = "YlOrBr"
MOST = 8.0  # bits per byte of the darkest colour: what a byte costs without any model
COLUMNS, LINES = 56, 18  # characters per line, after which it is broken; lines shown
EM = 0.602  # width of a letter of DejaVu Sans Mono, in font sizes
LINE_BREAK, UNSEEN = "\N{DOWNWARDS ARROW WITH CORNER LEFTWARDS}", "\N{MIDDLE DOT}"


@dataclass(frozen=True)
class Cell:
    """A stretch of one token on one line: `column` to `column + width`, in bits per byte."""

    line: int
    column: int
    width: int
    shown: str
    bits: float


def byte_bits(passage: Mapping[str, Any]) -> tuple[Floats, np.ndarray]:
    """Bits of each byte of the passage (n_bytes,), and the token that each belongs to (n_bytes,).

    `passage` is one of passages.json. A token that stands for no bytes adds its bits to the next one that
    does; bytes after the last token, which a tokenizer dropped, cost nothing here and belong to no token (-1).
    """
    n_bytes = len(passage["text"].encode())
    bits, owner = np.zeros(n_bytes), np.full(n_bytes, -1)
    start, carried = 0, 0.0
    residual = passage.get("bits_residual") or [0.0] * len(passage["ends"])
    for i, (end, own, rest) in enumerate(zip(passage["ends"], passage["bits"], residual, strict=True)):
        carried += own + rest
        if end > start:
            bits[start:end], owner[start:end] = carried / (end - start), i
            start, carried = end, 0.0
    return bits, owner


def cells(passage: Mapping[str, Any], columns: int = COLUMNS, lines: int = LINES) -> list[Cell]:
    """The passage laid out: line breaks kept and shown, long lines broken, no more than `lines` lines."""
    bits, owner = byte_bits(passage)
    found: list[Cell] = []
    line = column = at = 0
    token = None
    for char in passage["text"]:
        size, width = len(char.encode()), _width(char)
        if column + width > columns and char != "\n":
            line, column = line + 1, 0
        if line >= lines:
            break
        value, shown = float(bits[at : at + size].mean()), _shown(char)
        same = token == owner[at] and found and found[-1].line == line
        if same and abs(found[-1].bits - value) < 1e-9:
            last = found.pop()
            found.append(Cell(line, last.column, last.width + width, last.shown + shown, value))
        else:
            found.append(Cell(line, column, width, shown, value))
        token, at, column = owner[at + size - 1], at + size, column + width
        if char == "\n":
            line, column = line + 1, 0
    return found


def _width(char: str) -> int:
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


def _shown(char: str) -> str:
    return LINE_BREAK if char == "\n" else char if char.isprintable() else UNSEEN


# --- drawing ---


def surprisal_figure(
    passages: Mapping[str, Mapping[str, Any]], lines: int = LINES, columns: int = COLUMNS
) -> "Figure":
    """A panel per run (`passages`: label -> one passage, the same text for all), two side by side.

    To be drawn within `styled()`. Raises UserError if there is nothing to show or the texts differ.
    """
    if not passages:
        raise UserError("there is no passage to show: name a run that has scored some")
    if len({passage["text"] for passage in passages.values()}) > 1:
        raise UserError("the runs read different passages: name runs on one text with one validation part")
    laid = {label: cells(passage, columns, lines) for label, passage in passages.items()}
    rows = 1 + max(cell.line for own in laid.values() for cell in own)
    across = min(2, len(laid))
    down = -(-len(laid) // across)
    panel, gap, letter = 4.1, 0.2, 4.1 / columns  # inches
    height = rows * letter / EM * 1.35
    width, tall = across * panel + (across + 1) * gap, down * (height + 0.42) + 0.75
    figure = new_figure(width, tall)
    figure.set_layout_engine("none")
    for i, (label, own) in enumerate(laid.items()):
        left = gap + (i % across) * (panel + gap)
        top = 0.1 + (i // across) * (height + 0.42) + 0.3
        axes = figure.add_axes((left / width, 1 - (top + height) / tall, panel / width, height / tall))
        _panel(axes, own, columns, rows, size=72 * letter / EM)
        _title(axes, label, _summary(passages[label]))
    _scale(figure, (gap / width, 0.36 / tall, min(3.2, panel) / width, 0.13 / tall))
    return figure


def _summary(passage: Mapping[str, Any]) -> str:
    """Bits per byte of the whole passage; of a lossy tokenizer also of its tokens alone."""
    n_bytes = len(passage["text"].encode())
    floor = sum(passage["bits"]) / n_bytes
    rest = (sum(passage.get("bits_residual") or [0]) + passage.get("bits_tail", 0.0)) / n_bytes
    return f"{floor + rest:.2f} bits/byte" + (f" (tokens alone: {floor:.2f})" if rest >= 0.005 else "")


def _title(axes: "Axes", label: str, summary: str) -> None:
    """The run at the left and its figure at the right, above the panel."""
    axes.text(0, 1, plain(label, 26), transform=axes.transAxes, weight="bold", fontsize=9.5, va="bottom")
    axes.text(1, 1, summary, transform=axes.transAxes, color=SOFT, fontsize=8.5, ha="right", va="bottom")


def _panel(axes: "Axes", laid: Sequence[Cell], columns: int, rows: int, size: float) -> None:
    """The coloured text: a white gap sets each token apart from the next."""
    from matplotlib.collections import PolyCollection

    colours = _colours()
    boxes, faces = [], []
    for cell in laid:
        x0, x1, y0, y1 = cell.column, cell.column + cell.width - 0.12, cell.line + 0.04, cell.line + 0.96
        boxes.append([(x0, y0), (x1, y0), (x1, y1), (x0, y1)])
        faces.append(colours(min(cell.bits / MOST, 1.0)))
    axes.add_collection(PolyCollection(boxes, facecolors=faces, edgecolors="none", clip_on=False))
    for (line, colour), letters in _inked(laid, faces).items():
        for column, text in _stretches(letters):
            axes.text(column - 0.06, line + 0.54, plain_letters(text), color=colour, fontsize=size,
                      family="DejaVu Sans Mono", va="center_baseline")  # fmt: skip
    axes.set_xlim(0, columns)
    axes.set_ylim(rows, 0)
    axes.set_axis_off()


def _inked(laid: Sequence[Cell], faces: Sequence[Any]) -> dict[tuple[int, str], dict[int, str]]:
    """The letters of each line by the colour that can be read on their ground, by their columns."""
    found: dict[tuple[int, str], dict[int, str]] = {}
    for cell, (red, green, blue, _) in zip(laid, faces, strict=True):
        is_light = 0.299 * red + 0.587 * green + 0.114 * blue > 0.5
        column = cell.column
        for letter in cell.shown:
            colour = "white" if not is_light else SOFT if letter == LINE_BREAK else INK
            found.setdefault((cell.line, colour), {})[column] = letter
            column += _width(letter)
    return found


def _stretches(letters: Mapping[int, str]) -> Iterator[tuple[int, str]]:
    """Letters of one line as few texts, each with its column: blanks between stand for what has another colour.

    A gap of more than two blanks ends a text. A letter that is two columns wide stands alone, for its font
    may be of another width.
    """
    start, text = 0, ""
    for column, letter in letters.items():
        if letter.isspace():
            continue
        gap = column - start - len(text)
        if not text or gap > 2 or _width(letter) > 1 or _width(text[-1]) > 1:
            if text:
                yield start, text
            start, text = column, letter
        else:
            text += " " * gap + letter
    if text:
        yield start, text


def plain_letters(text: str) -> str:
    """The letters as they are: a dollar sign would begin mathematics."""
    return text.replace("$", r"\$")


def _colours() -> "Colormap":
    from matplotlib import colormaps

    return colormaps[COLOURS]


def _scale(figure: "Figure", place: tuple[float, float, float, float]) -> None:
    """The one colour scale of all panels."""
    axes = figure.add_axes(place)
    axes.imshow(np.linspace(0, 1, 256)[None], cmap=_colours(), aspect="auto", extent=(0, MOST, 0, 1))
    axes.set_yticks([])
    axes.set_xticks(range(0, int(MOST) + 1, 2), [*map(str, range(0, int(MOST), 2)), f"{MOST:.0f} or more"])
    axes.tick_params(labelsize=8, length=2)
    axes.grid(False)
    axes.set_xlabel("bits per byte of the token's stretch of text", fontsize=8.5, loc="left")


# --- reading ---


def read_passages(folders: Sequence[Path], number: int = 0) -> dict[str, dict[str, Any]]:
    """One passage of each run in `folders` (runs, or folders of them), by the run's name.

    Runs that keep none are left out, as the records of all seeds but the lowest. Raises UserError for a folder
    without runs, for a run without so many passages, and if no run has any.
    """
    found: dict[str, dict[str, Any]] = {}
    missing: RunUnfinished | None = None
    for run in runs_in(folders):
        try:
            passages = run.passages()
        except RunUnfinished as error:
            missing = error
            continue
        if not 0 <= number < len(passages):
            raise UserError(f"{run.path} has {len(passages)} passages: --passage {number} is none of them")
        found[run.name] = passages[number]
    if missing and not found:
        raise missing
    return found


def draw_map(folders: Sequence[Path], passage: int, lines: int, out: Path) -> None:
    """Writes the map of one passage of the runs in `folders`. Raises UserError as these two do."""
    with styled():
        figure = surprisal_figure(read_passages(folders, passage), max(1, lines))
        find_letters(figure)
        try:
            figure.savefig(out)
        except (OSError, ValueError) as error:
            raise UserError(
                f"{out} cannot be written ({error}): name a .png, .svg or .pdf with -o"
            ) from error
