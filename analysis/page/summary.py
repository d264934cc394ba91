"""The top of the page: who won, by how much, and how sure that is, as bars, leads and badges.

Positions are percentages of a picture's width, so that the templates draw without arithmetic.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from analysis.figures.bars import mean_and_half
from analysis.inference.comparisons import Comparison, Group
from analysis.inference.uncertainty import MIN_SEEDS, Floats, estimate
from analysis.inference.verdicts import COUNT, Difference, Outcome, Verdict
from analysis.page.data import look_number
from analysis.records.display import measure, plus_minus, show
from analysis.tables.comparison import bits_cell, cell, interval, name_cell
from analysis.tables.model import Cell, Column, Row, Table, column

Kind = Literal["stop", "caution", "note"]
ROOM = 1.06  # the longest bar leaves a little


@dataclass(frozen=True)
class Badge:
    """A word about a row, and the reason in a sentence. `kind` decides its colour."""

    kind: Kind
    word: str
    reason: str


@dataclass(frozen=True)
class Bar:
    """A setting or a ruler: `floor`, `total`, `low` and `high` (its interval) in percent of the width."""

    label: str
    kind: Literal["run", "ruler"]
    look: int
    floor: float
    total: float
    low: float
    high: float
    bits: str
    interval: str
    best: bool
    behind: str
    badges: tuple[Badge, ...]


@dataclass(frozen=True)
class Whisker:
    """A difference with its interval, in percent of the width, and in words."""

    low: float
    value: float
    high: float
    words: str


@dataclass(frozen=True)
class Lead:
    """One verdict: its sentence, its notes, and both differences to be drawn."""

    sentence: str
    outcome: str
    notes: tuple[str, ...]
    seeds: Whisker | None
    text: Whisker | None


@dataclass(frozen=True)
class Leads:
    """All verdicts on one scale; `zero` is where neither leads, in percent."""

    zero: float
    rows: tuple[Lead, ...]


def badges(group: Group) -> tuple[Badge, ...]:
    """Why this row may not be ranked beside the others, or with what caution."""
    found = []
    if group.lossy:
        found.append(
            Badge("note", "lossy, charged", f"{group.tokenizer} {group.losses}: charged as residual")
        )
    if len(group.seeds) < MIN_SEEDS:
        number = COUNT[len(group.seeds)]
        reason = f"a rank needs at least {MIN_SEEDS} seeds; this setting has {number}"
        found.append(Badge("caution", f"{number} seed{'s' * (len(group.seeds) > 1)}", reason))
    return tuple(found)


def bars(comparison: Comparison) -> list[Bar]:
    """Settings and rulers in one list, fewest bits first."""
    figures = {g.label: _figures(g) for g in comparison.groups}
    ends = [total + half for _, total, half in figures.values()]
    width = max([*ends, *(r.bits_per_byte for r in comparison.main_rulers), 1e-9]) * ROOM
    behind = _behind(comparison)
    tokenizers = [g.tokenizer for g in comparison.groups]
    found: list[tuple[float, Bar]] = []
    for group in comparison.groups:
        floor, total, half = figures[group.label]
        bits, _, interval = show(total, ".3f", half).partition(" ± ")
        bar = Bar(
            group.label,
            "run",
            look_number(group.tokenizer, tokenizers),
            _percent(floor, width),
            _percent(total, width),
            _percent(total - half, width),
            _percent(total + half, width),
            bits,
            interval,
            group.label == comparison.conclusion.leader,
            behind.get(group.label, ""),
            badges(group),
        )
        found.append((total, bar))
    for ruler in comparison.main_rulers:
        at = _percent(ruler.bits_per_byte, width)
        bits = f"{ruler.bits_per_byte:.3f}"
        bar = Bar(ruler.label, "ruler", 0, at, at, at, at, bits, "", False, "", ())
        found.append((ruler.bits_per_byte, bar))
    return [bar for _, bar in sorted(found, key=lambda item: item[0])]


def _figures(group: Group) -> tuple[float, float, float]:
    """Floor, total and half-width of the interval."""
    total, half = mean_and_half(group, "bits_per_byte")
    floor = mean_and_half(group, "bits_per_byte_tokens")[0]
    floor = total if math.isnan(floor) else floor
    return floor, total, half


def _percent(x: float, width: float) -> float:
    return round(100 * max(0.0, x) / width, 3)


def _behind(comparison: Comparison) -> dict[str, str]:
    """How far each setting is behind the leader: label -> words. Empty without a leader."""
    leader = comparison.conclusion.leader
    wins = [v for v in comparison.conclusion.verdicts if leader is not None and v.winner == leader]
    return {v.b: f"{_least(v)}{plus_minus(v.seeds.value, v.seeds.half)} behind" for v in wins if v.seeds}


def _least(verdict: Verdict) -> str:
    """The mark of a lead that may be larger under another residual coder."""
    return "\N{GREATER-THAN OR EQUAL TO} " * verdict.bound


def leads(verdicts: Sequence[Verdict]) -> Leads:
    """Every verdict that has something to draw or to say."""
    found = [d for v in verdicts for d in (v.seeds, v.text) if d is not None]
    left, right = min([0.0, *(d.low for d in found)]), max([0.0, *(d.high for d in found)])
    span = 1.06 * (right - left or 1.0)
    left -= 0.03 * span / 1.06

    def whisker(difference: Difference | None) -> Whisker | None:
        if difference is None:
            return None
        low, value, high = (
            round(100 * (x - left) / span, 3) for x in (difference.low, difference.value, difference.high)
        )
        return Whisker(low, value, high, plus_minus(difference.value, difference.half))

    rows = tuple(
        Lead(v.sentence, v.outcome.value, v.notes, whisker(v.seeds), whisker(v.text)) for v in verdicts
    )
    return Leads(round(-100 * left / span, 3), rows)


def why_table(comparison: Comparison) -> Table:
    """Bits per byte taken apart: what a token costs, for how many bytes it stands, and what is charged beside."""
    columns = [Column("tokenizer", "tokenizer", right=False)]
    columns += [
        Column("bits_per_token", "bits/token", form=".3f"),
        Column("bytes_per_token", "bytes/token", form=".2f"),
        *(
            column(measure(key))
            for key in ("bits_per_byte_tokens", "bits_per_byte_residual", "bits_per_byte")
        ),
    ]
    rows = []
    for group in comparison.groups:
        bits = group.values("val_loss") / math.log(2)
        floors = group.values("bits_per_byte_tokens")  # zero under a tokenizer of a single token
        length = bits / np.where(np.isfinite(floors) & (floors > 0), floors, np.nan)
        shown = [_mean_cell(bits, ".3f"), _mean_cell(length, ".2f")]
        shown += [cell(group, key) for key in ("bits_per_byte_tokens", "bits_per_byte_residual")]
        rows.append(Row((name_cell(group), *shown, bits_cell(comparison, group))))
    notes = ("tokens (floor) = bits/token \N{DIVISION SIGN} bytes/token; with the residual, bits/byte",)
    return Table("why", f"Bits per byte, taken apart: {comparison.title}", tuple(columns), tuple(rows), notes)


def _mean_cell(values: Floats, form: str) -> Cell:
    """The mean of the finite ones with its interval."""
    values = values[np.isfinite(values)]
    found = estimate(values) if len(values) else None
    return Cell(found.mean, form, interval(found)) if found else Cell(None, form)


def sureness(comparison: Comparison) -> str:
    """How sure the conclusion is, in one sentence."""
    verdicts = comparison.conclusion.verdicts
    if not verdicts:
        return ""
    n, ranked = len(verdicts), sum(v.outcome is Outcome.BETTER for v in verdicts)
    if n == 1:
        many = "The pair is ranked" if ranked else "The pair is not ranked"
    elif ranked == 0:
        many = f"None of {n} pairs is ranked"
    else:
        many = f"{'All' if ranked == n else f'{ranked} of'} {n} pairs are ranked"
    return f"{many}: a rank needs the seeds and the text, each with an interval of its own, to exclude zero."
