"""One look for all figures: colours that the colour-blind tell apart and that differ in grey, plus shapes.

Every tokenizer has its colour, marker and dash wherever it appears. Figures are made without pyplot and its
global state.
"""

import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure
from matplotlib.layout_engine import TightLayoutEngine
from rich.cells import cell_len, set_cell_size
from scipy.optimize import isotonic_regression

from numpygpt.printing import printable

INK, SOFT, GRID, PAPER = "#1a1a1a", "#6b6b6b", "#e3e3e3", "#ffffff"
BLUE = "#0072b2"  # beside INK, for two things that are told apart by their markers too

RC: dict[Any, Any] = {
    "font.family": ["DejaVu Sans"],  # comes with matplotlib: the same picture everywhere
    "font.size": 9.5,
    "axes.titlesize": 10.5,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    **dict.fromkeys(("text.color", "axes.labelcolor"), INK),
    **dict.fromkeys(("axes.edgecolor", "xtick.color", "ytick.color"), SOFT),
    **dict.fromkeys(("axes.spines.top", "axes.spines.right"), False),
    **dict.fromkeys(("axes.grid", "axes.axisbelow"), True),
    **dict.fromkeys(("xtick.bottom", "ytick.left"), False),  # the grid says it
    "grid.color": GRID,
    "grid.linewidth": 0.8,
    "lines.linewidth": 1.8,
    "legend.frameon": False,
    "hatch.linewidth": 0.7,
    "svg.hashsalt": "numpygpt",
    "svg.fonttype": "none",  # text stays text: small, searchable, quick
    "text.parse_math": False,  # a name may have dollar signs
    "figure.dpi": 144,
}


class Look(NamedTuple):
    """How one tokenizer is drawn."""

    colour: str
    marker: str
    dash: Any


# After Okabe and Ito's colours, two of them darker so that no two have the same grey.
LOOKS = {
    "char": Look(BLUE, "o", "-"),
    "word": Look("#e69f00", "s", (0, (6, 2))),
    "bpe": Look("#8f2d00", "^", (0, (1.2, 1.2))),
    "bpe-bytefallback": Look("#009e73", "D", (0, (5, 1.5, 1, 1.5))),
    "bpe-bytelevel": Look("#3f8db3", "P", (0, (3, 1))),
    "byte": Look("#c46f9c", "v", (0, (8, 2, 2, 2))),
}
OTHERS = (
    Look("#333333", "X", (0, (1, 2))),
    Look("#b9a44c", "*", (0, (10, 2))),
    Look("#5b3a8c", "p", (0, (4, 1, 1, 1, 1, 1))),
    Look("#5f7a1f", "h", (0, (2, 2))),
    Look("#7b8f9a", "d", (0, (7, 1, 1, 1))),
)
FIRST_OTHERS = ("hf", "sentencepiece", "tiktoken", "unigram")
PALETTE = (*LOOKS.values(), *OTHERS)  # every look; a page has a class and a colour for each, by its number


def look(tokenizer: str, all_tokenizers: Sequence[str] = ()) -> Look:
    """The look of a tokenizer; those without a look of their own share OTHERS, in the order of their names."""
    if tokenizer in LOOKS:
        return LOOKS[tokenizer]
    named = [*FIRST_OTHERS, *sorted({*all_tokenizers, tokenizer} - {*LOOKS, *FIRST_OTHERS, ""})]
    return OTHERS[named.index(tokenizer) % len(OTHERS) if tokenizer else -1]


def looks(tokenizers: Sequence[str]) -> dict[str, dict[str, Any]]:
    """The looks of tokenizers as seaborn takes them: palette, markers and dashes by `plain` name."""
    found = {plain(name): look(name, tokenizers) for name in tokenizers}
    return {
        "palette": {name: own.colour for name, own in found.items()},
        "markers": {name: own.marker for name, own in found.items()},
        "dashes": {name: "" if own.dash == "-" else own.dash[1] for name, own in found.items()},
    }


@contextmanager
def styled() -> Iterator[None]:
    """A context in which matplotlib draws in our style and says nothing of what it lacks, a letter or room.

    A letter that no font has here may be had by who looks: the text of an SVG is text.
    """
    with mpl.rc_context(rc=RC), warnings.catch_warnings():
        warnings.filterwarnings("ignore", r"Glyph \d+|Tight layout not applied")
        yield


def new_figure(width: float, height: float) -> Figure:
    """An empty figure of so many inches; to be made and drawn within `styled()`."""
    layout = TightLayoutEngine(rect=None)  # type: ignore[arg-type]  # a rect would be fitted twice
    return Figure(figsize=(width, height), layout=layout)


def save(figure: Figure, file: Path) -> None:
    """Writes an SVG, the same bytes for the same figure: no dates, no versions.

    Laid out here: savefig would draw the figure twice.
    """
    if (engine := figure.get_layout_engine()) is not None:
        engine.execute(figure)
        figure.set_layout_engine("none")
    FigureCanvasSVG(figure).print_svg(file, metadata={"Date": None, "Creator": None})


def row_height(rows: int, wished: float = 0.42) -> float:
    """Inches per row of a figure of bars: a hundred rows still make one picture."""
    return min(wished, max(0.1, 16 / max(rows, 1)))


def plain(text: str, longest: int = 48) -> str:
    """Text on one line, of at most `longest` columns."""
    text = " ".join(printable(text).split())
    return text if cell_len(text) <= longest else f"{set_cell_size(text, longest - 1)}\u2026"


def spread(positions: Sequence[float], least: float) -> list[float]:
    """Moves label positions apart until neighbours are `least` away, as little as possible, order kept."""
    if not len(positions):
        return []
    order, room = np.argsort(positions, kind="stable"), least * np.arange(len(positions))
    moved = np.empty(len(positions))
    moved[order] = isotonic_regression(np.asarray(positions)[order] - room).x + room
    return moved.tolist()


def label_ends(axes: Axes, ends: Sequence[tuple[float, str, str, str]], size: float = 8.5) -> None:
    """Names at the right of lines, moved apart so that they can be read: (y, text, colour, marker or "")."""
    low, high = axes.get_ylim()
    height = axes.get_window_extent().height / axes.figure.dpi * 72  # points, about: before the layout
    least = (high - low) * size * 1.3 / height
    beside = axes.get_yaxis_transform()
    for (y, text, colour, marker), place in zip(ends, spread([e[0] for e in ends], least), strict=True):
        axes.plot([1, 1.02, 1.025], [y, place, place], marker=marker, markevery=[-1], markersize=5, color=colour,
                  linewidth=0.8, transform=beside, clip_on=False, in_layout=False)  # fmt: skip
        ink = INK if marker else SOFT
        axes.text(1.04, place, plain(text), color=ink, fontsize=size, va="center", transform=beside)
