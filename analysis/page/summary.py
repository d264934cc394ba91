"""The top of the page: who won, by how much, and how sure that is, as bars, leads and badges.

Positions are percentages of a picture's width, so that the templates draw without arithmetic.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from analysis.inference.comparisons import Comparison
from analysis.inference.estimates import estimate_of
from analysis.inference.pairs import Outcome, Verdict
from analysis.inference.uncertainty import MIN_SEEDS, Difference
from analysis.inference.wording import NUMBER_WORDS, counted
from analysis.page.data import look_number
from analysis.records.display import plus_minus, show
from analysis.records.settings import Setting
from analysis.tables.cells import measure_table
from analysis.tables.model import Table

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
    """A setting or a baseline: `floor`, `total`, `low` and `high` (its interval) in percent of the width."""

    label: str
    kind: Literal["run", "baseline"]
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


def badges(setting: Setting) -> tuple[Badge, ...]:
    """Why this row may not be ranked beside the others, or with what caution."""
    found = []
    if setting.lossy:
        reason = f"{setting.tokenizer} {setting.losses}: charged as residual"
        found.append(Badge("note", "lossy, charged", reason))
    if len(setting.seeds) < MIN_SEEDS:
        number = NUMBER_WORDS[len(setting.seeds)]
        reason = f"a rank needs at least {MIN_SEEDS} seeds; this setting has {number}"
        found.append(Badge("caution", counted(len(setting.seeds), "seed"), reason))
    return tuple(found)


def bars(comparison: Comparison) -> list[Bar]:
    """Settings and baselines in one list, fewest bits first."""
    found = [(setting, estimate_of(setting, "bits_per_byte")) for setting in comparison.settings]
    ends = [e.mean + np.nan_to_num(e.half) for _, e in found]
    width = max([*ends, *(b.bits_per_byte for b in comparison.main_baselines)]) * ROOM
    behind = _behind(comparison)
    unsorted: list[tuple[float, Bar]] = []
    for setting, bits in found:
        half = float(np.nan_to_num(bits.half))
        shown, _, interval = show(bits.mean, ".3f", bits.half).partition(" ± ")
        bar = Bar(
            setting.label,
            "run",
            look_number(setting.tokenizer, comparison.tokenizers),
            _percent(setting.values("bits_per_byte_tokens").mean(), width),
            _percent(bits.mean, width),
            _percent(bits.mean - half, width),
            _percent(bits.mean + half, width),
            shown,
            interval,
            setting.label == comparison.conclusion.leader,
            behind.get(setting.label, ""),
            badges(setting),
        )
        unsorted.append((bits.mean, bar))
    for baseline in comparison.main_baselines:
        at, shown = _percent(baseline.bits_per_byte, width), f"{baseline.bits_per_byte:.3f}"
        bar = Bar(baseline.label, "baseline", 0, at, at, at, at, shown, "", False, "", ())
        unsorted.append((baseline.bits_per_byte, bar))
    return [bar for _, bar in sorted(unsorted, key=lambda item: item[0])]


def _percent(x: float, width: float) -> float:
    return round(100 * max(0.0, x) / width, 3)


def _behind(comparison: Comparison) -> dict[str, str]:
    """How far each setting is behind the leader: label -> words. Empty without a leader."""
    leader = comparison.conclusion.leader
    wins = [v for v in comparison.conclusion.verdicts if leader is not None and v.winner == leader]
    return {v.b: f"{_least(v)}{plus_minus(v.seeds.value, v.seeds.half)} behind" for v in wins if v.seeds}


def _least(verdict: Verdict) -> str:
    """The mark of a lead that may be larger under another residual coder."""
    return "\N{GREATER-THAN OR EQUAL TO} " if verdict.bound else ""


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
    keys = (
        "bits_per_token",
        "bytes_per_token",
        "bits_per_byte_tokens",
        "bits_per_byte_residual",
        "bits_per_byte",
    )
    note = "tokens (floor) = bits/token \N{DIVISION SIGN} bytes/token; with the residual, bits/byte"
    return measure_table(comparison, "why", "Bits per byte, taken apart", keys, note)


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
