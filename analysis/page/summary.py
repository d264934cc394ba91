"""How sure the conclusion is, which rows to take with caution, and bits per byte taken apart."""

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np

from analysis.inference.comparisons import Comparison
from analysis.inference.estimates import estimate_finite
from analysis.inference.pairs import Outcome
from analysis.inference.uncertainty import MIN_SEEDS
from analysis.inference.wording import NUMBER_WORDS, counted
from analysis.records.settings import Setting
from analysis.tables.cells import NAME, bits_cell, cell, estimate_cell
from analysis.tables.model import Cell, Column, Row, Table, measure_column

Kind = Literal["stop", "caution", "note"]


@dataclass(frozen=True)
class Badge:
    """A word about a row, and the reason in a sentence. `kind` decides its colour."""

    kind: Kind
    word: str
    reason: str


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


def why_table(comparison: Comparison) -> Table:
    """Bits per byte taken apart: what a token costs, for how many bytes it stands, and what is charged beside."""
    parts = ("bits_per_byte_tokens", "bits_per_byte_residual")
    columns = (
        NAME,
        Column("bits_per_token", "bits/token"),
        Column("bytes_per_token", "bytes/token"),
        *(measure_column(key) for key in (*parts, "bits_per_byte")),
    )
    rows = []
    for setting in comparison.settings:
        bits = setting.values("val_loss") / math.log(2)
        floors = setting.values("bits_per_byte_tokens")
        length = bits / np.where(floors > 0, floors, np.nan)  # zero under a tokenizer of a single token
        shown = [estimate_cell(estimate_finite(bits), ".3f"), estimate_cell(estimate_finite(length), ".2f")]
        shown += [cell(setting, key) for key in parts]
        rows.append(Row((Cell(setting.label), *shown, bits_cell(comparison, setting))))
    notes = ("tokens (floor) = bits/token \N{DIVISION SIGN} bytes/token; with the residual, bits/byte",)
    return Table("why", f"Bits per byte, taken apart: {comparison.title}", columns, tuple(rows), notes)


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
