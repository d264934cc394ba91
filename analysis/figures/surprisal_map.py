"""The surprisal map: one passage as several runs read it, each token coloured by the bits that it cost.

A token's bits, with the residual of what its tokenizer loses, are spread over the bytes that it stands for: so
the colours of any two tokenizers can be compared, and the mean over the passage is its bits per byte.
"""

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from analysis.figures.style import INK, PAPER, SOFT, new_figure, plain, styled
from analysis.records.collect import Floats
from analysis.records.find import runs_in
from numpygpt.errors import UserError
from numpygpt.runs import RunUnfinished

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# From white to dark brown: lightness falls all the way, in grey and to the colour-blind too.
COLOURS = "YlOrBr"
MOST = 8.0  # bits per byte of the darkest colour: what a byte costs without any model
DARK = 5.5  # bits per byte from which the letters are white
COLUMNS, LINES = 56, 18  # characters per line, after which it is broken; lines shown
PANEL = 4.1  # inches of a line
EM = 0.602  # width of a letter of DejaVu Sans Mono, in font sizes
BASELINE = 0.76  # share of a letter's cell above the line that it stands on
LINE_BREAK, UNSEEN = "\N{DOWNWARDS ARROW WITH CORNER LEFTWARDS}", "\N{MIDDLE DOT}"
NO_BREAK_SPACE = "\N{NO-BREAK SPACE}"  # which no viewer collapses


@dataclass(frozen=True)
class Layout:
    """A passage on a grid of (lines, columns): bits per byte (NaN: nothing there), letters, where tokens begin."""

    bits: Floats
    letters: np.ndarray
    begins: np.ndarray


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


def layout(passage: Mapping[str, Any], columns: int = COLUMNS, lines: int = LINES) -> Layout:
    """The passage laid out: line breaks kept and shown, long lines broken, no more than `lines` lines.

    A letter that is two columns wide stands in the first of them. A character of several tokens has their mean.
    """
    bits, owner = byte_bits(passage)
    shape = (lines, columns + 1)  # a full line's break stands beside it
    grid = Layout(np.full(shape, np.nan), np.full(shape, "", object), np.zeros(shape, bool))
    line = column = at = 0
    token = None
    for char in passage["text"]:
        size, width = len(char.encode()), _width(char)
        if column + width > columns and char != "\n":
            line, column = line + 1, 0
        if line >= lines:
            break
        grid.bits[line, column : column + width] = bits[at : at + size].mean()
        grid.letters[line, column] = LINE_BREAK if char == "\n" else char if char.isprintable() else UNSEEN
        grid.begins[line, column] = owner[at] != token
        token, at, column = owner[at + size - 1], at + size, column + width
        if char == "\n":
            line, column = line + 1, 0
    return grid


def _width(char: str) -> int:
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


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
    laid = {label: layout(passage, columns, lines) for label, passage in passages.items()}
    rows = max(int(np.isfinite(own.bits).any(axis=1).sum()) for own in laid.values())
    across = min(2, len(laid))
    down = -(-len(laid) // across)
    letter = PANEL / columns  # inches
    figure = new_figure(across * (PANEL + 0.2), down * (rows * letter / EM * 1.35 + 0.4) + 0.75)
    figure.set_layout_engine("constrained", w_pad=0.08, h_pad=0.08, wspace=0.02)
    grid = figure.subplots(down, across, squeeze=False)
    for axes in grid.flat:
        axes.set_axis_off()
    for axes, (label, own) in zip(grid.flat, laid.items(), strict=False):
        _cells(axes, own, rows)
        axes.set_title(plain(label, 26), fontsize=9.5, pad=3)
        summary = _summary(passages[label])
        axes.set_title(summary, loc="right", fontsize=8.5, color=SOFT, weight="normal", pad=3)
    place: dict[str, Any] = {"location": "bottom", "shrink": 1 / across, "anchor": (0, 0), "aspect": 30}
    bar = figure.colorbar(grid[0, 0].collections[0], ax=grid, extend="max", **place)
    bar.set_label("bits per byte of the token's stretch of text", fontsize=8.5, loc="left")
    bar.outline.set_visible(False)
    bar.ax.tick_params(labelsize=8, length=2)
    engine = figure.get_layout_engine()
    assert engine is not None
    engine.execute(figure)  # letters must be as wide as cells have become
    for axes, own in zip(grid.flat, laid.values(), strict=False):
        _letters(axes, own, rows, size=axes.get_window_extent().width * 72 / figure.dpi / columns / EM)
    return figure


def _summary(passage: Mapping[str, Any]) -> str:
    """Bits per byte of the whole passage; of a lossy tokenizer also of its tokens alone."""
    n_bytes = len(passage["text"].encode())
    floor = sum(passage["bits"]) / n_bytes
    rest = (sum(passage.get("bits_residual") or [0]) + passage.get("bits_tail", 0.0)) / n_bytes
    return f"{floor + rest:.2f} bits/byte" + (f" (tokens alone: {floor:.2f})" if rest >= 0.005 else "")


def _cells(axes: "Axes", grid: Layout, rows: int) -> None:
    """The colours, as one image; a white gap sets each token apart from the one before."""
    import seaborn as sns

    sns.heatmap(grid.bits[:rows], vmin=0, vmax=MOST, cmap=COLOURS, cbar=False, xticklabels=False,
                yticklabels=False, rasterized=True, ax=axes)  # fmt: skip
    line, column = np.nonzero(grid.begins[:rows])
    axes.vlines(column, line, line + 1, color=PAPER, linewidth=0.7, rasterized=True)
    axes.hlines(range(1, rows), 0, grid.bits.shape[1], color=PAPER, linewidth=0.5, rasterized=True)
    axes.set_xlim(0, grid.bits.shape[1] - 1)


def _letters(axes: "Axes", grid: Layout, rows: int, size: float) -> None:
    """One text per line and ink, as one per letter would make files ten times as large; wide letters alone."""
    from matplotlib import rcParams

    look: dict[str, Any] = {"fontsize": size, "family": ["monospace", *rcParams["font.family"]]}
    look |= {"in_layout": False, "parse_math": False}
    for y, (bits, letters) in enumerate(zip(grid.bits[:rows], grid.letters[:rows], strict=True)):
        inks = np.where(bits > DARK, PAPER, np.where(letters == LINE_BREAK, SOFT, INK))
        wide = np.array([letter != "" and _width(letter) == 2 for letter in letters])
        for ink in (INK, SOFT, PAPER):
            shown = np.where((inks == ink) & ~wide, letters, "")
            line = "".join(letter.strip() or NO_BREAK_SPACE for letter in shown).rstrip(NO_BREAK_SPACE)
            if line:
                axes.text(0, y + BASELINE, line, color=ink, **look)
        for x in np.flatnonzero(wide):
            axes.text(float(x) + 1, y + BASELINE, letters[x], color=inks[x], ha="center", **look)


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
        try:
            figure.savefig(out)
        except (OSError, ValueError) as error:
            why = f"{out} cannot be written ({error}): name a .png, .svg or .pdf with -o"
            raise UserError(why) from error
