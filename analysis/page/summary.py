"""How sure the conclusion is, which rows to take with caution, and bits per byte taken apart."""

from dataclasses import dataclass
from typing import Literal

from analysis.inference.comparisons import Comparison
from analysis.inference.pairs import Outcome
from analysis.inference.uncertainty import MIN_SEEDS
from analysis.inference.wording import NUMBER_WORDS, counted
from analysis.records.settings import Setting
from analysis.tables.cells import measure_table
from analysis.tables.model import Table

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
