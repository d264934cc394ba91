"""watch.html: how a study stands, with live curves, on one page that loads itself again while the sweep goes on.

No script draws it, so that it stays light: the charts are SVG, the page is as old as it says it is.
"""

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from markupsafe import Markup

from analysis import shell
from analysis.following import Evaluation
from analysis.standing import Standing, Status
from analysis.style import PALETTE, look
from analysis.watch_words import bits, left, loss, position, speed, time_left, training, uncounted

Mood = Literal["followed", "left", "over"]  # somebody watches, has left, or nothing goes on
RELOAD = 5  # seconds
POINTS = 160  # of a line: more cannot be seen
WIDTH, HEIGHT = 420, 260  # of a chart, in its own units
LEFT, RIGHT, TOP, BOTTOM = 40, 8, 10, 24
EARLY = 0.04  # of the updates: what the curves fall from at first would leave no room for the rest


@dataclass(frozen=True)
class Line:
    """A run's curve: `points` for SVG, `end` its last one."""

    run: Status
    look: int
    points: str
    end: tuple[float, float]


@dataclass(frozen=True)
class Tick:
    at: float
    label: str


@dataclass(frozen=True)
class Chart:
    title: str
    lines: tuple[Line, ...]
    x_ticks: tuple[Tick, ...]
    y_ticks: tuple[Tick, ...]


def watch_page(standing: Standing, mood: Mood, has_report: bool = False) -> str:
    """The page. It loads itself again only while it is `followed`."""
    looks = _looks(standing.runs)
    style = Markup(shell.style("page.css", "watch.css"))
    theme = Markup(shell.source("scripts/theme.js"))
    return shell.environment().get_template("watch.html.j2").render(
        standing=standing,
        name=standing.study.resolve().name,
        mood=mood,
        reload=RELOAD,
        time_left=time_left(standing),
        uncounted=uncounted(standing),
        share=sum(run.share for run in standing.runs) / max(len(standing.runs), 1),
        charts=charts(standing.runs, looks),
        legend=_legend(standing.runs, looks),
        looks=looks,
        has_report=has_report,
        words={f.__name__: f for f in (bits, left, loss, position, speed, training)},
        written=time.strftime("%H:%M:%S on %d %B %Y", time.localtime(standing.time)),
        box=(WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM),
        style=style,
        theme=theme,
        policy=shell.policy([theme], [style]),
    )  # fmt: skip


def _looks(runs: Sequence[Status]) -> dict[str, int]:
    """Each run's place in the palette."""
    tokenizers = sorted({run.tokenizer for run in runs} - {""})
    return {run.name: PALETTE.index(look(run.tokenizer, tokenizers)) for run in runs}


def _legend(runs: Sequence[Status], looks: dict[str, int]) -> dict[str, int]:
    """Label -> look, of the runs that are drawn."""
    drawn = sorted((run.label, looks[run.name]) for run in runs if len(run.evaluations) > 1)
    return dict(drawn)


# ---------------------------------------------------------------------- charts


def charts(runs: Sequence[Status], looks: dict[str, int]) -> list[Chart]:
    """The validation loss against updates, and against text seen; none before there is a curve."""
    drawn = [run for run in reversed(runs) if len(run.evaluations) > 1]  # the running ones on top
    if not drawn:
        return []
    y = _scale(*_range([v for run in drawn for v in _after_the_fall(run)]), HEIGHT - BOTTOM, TOP)
    return [
        _chart("against updates", drawn, looks, lambda e: e.step, _last_update, y),
        _chart("against characters of training text seen", drawn, looks, lambda e: e.chars, _last_char, y),
    ]


def _after_the_fall(run: Status) -> list[float]:
    late = [e.val for e in run.evaluations if e.step >= EARLY * max(run.iters, run.step)]
    return late if len(late) > 1 else [e.val for e in run.evaluations]


def _range(values: Sequence[float]) -> tuple[float, float]:
    values = [value for value in values if math.isfinite(value)] or [0.0, 1.0]
    low, high = min(values), max(values)
    room = 0.05 * (high - low) or 0.05
    return low - room, high + room


def _last_update(run: Status) -> float:
    return max(run.iters, run.step)


def _last_char(run: Status) -> float:
    last = run.evaluations[-1]
    return last.chars * max(run.iters / last.step, 1.0) if last.step else 0.0


@dataclass(frozen=True)
class _Scale:
    low: float
    high: float
    begin: float
    end: float

    def __call__(self, value: float) -> float:
        share = (value - self.low) / (self.high - self.low)
        return round(self.begin + share * (self.end - self.begin), 1)

    def ticks(self, about: int, label: Callable[[float], str]) -> tuple[Tick, ...]:
        """At round numbers."""
        rough = (self.high - self.low) / about
        size = 10.0 ** math.floor(math.log10(rough))
        step = next(size * times for times in (1, 2, 5, 10) if size * times >= rough)
        first, last = math.ceil(self.low / step), math.floor(self.high / step)
        return tuple(Tick(self(n * step), label(n * step)) for n in range(first, last + 1))


def _scale(low: float, high: float, begin: float, end: float) -> _Scale:
    return _Scale(low, high if high > low else low + 1.0, begin, end)


def _chart(
    title: str,
    runs: Sequence[Status],
    looks: dict[str, int],
    where: Callable[[Evaluation], float],
    last: Callable[[Status], float],
    y: _Scale,
) -> Chart:
    x = _scale(0.0, max(last(run) for run in runs), LEFT, WIDTH - RIGHT)
    lines = []
    for run in runs:
        points = [(x(where(e)), y(e.val)) for e in _thin(run.evaluations) if math.isfinite(e.val)]
        if points:
            text = " ".join(f"{a:g},{b:g}" for a, b in points)
            lines.append(Line(run, looks[run.name], text, points[-1]))
    return Chart(title, tuple(lines), x.ticks(5, _short), y.ticks(5, "{:.4g}".format))


def _thin(evaluations: Sequence[Evaluation]) -> Sequence[Evaluation]:
    """Every so many of them, and always the last."""
    every = -(-len(evaluations) // POINTS)
    return [*evaluations[:-1:every], evaluations[-1]]


def _short(value: float) -> str:
    for size, unit in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if value >= size:
            return f"{value / size:g}{unit}"
    return f"{value:g}"
