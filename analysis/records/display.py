"""How a key of result.json is called and written, in one place for tables, figures and pages.

`measure(key)` knows the harness's keys; any other key is shown too, under its own name.
"""

import math
from dataclasses import dataclass
from typing import Any

MISSING = "\N{EN DASH}"


@dataclass(frozen=True)
class Measure:
    """`form` is a format spec for floats, or one of: percent, share (of 1), count, si, yesno, text, seconds.

    Intervals of all but signed ones ("+.3f") end at zero, those of shares and percentages at 1, too.
    """

    key: str
    header: str
    form: str = ".3g"
    unit: str = ""

    @property
    def heading(self) -> str:
        return f"{self.header} ({self.unit})" if self.unit else self.header


def _measures(*rows: tuple[str, ...]) -> dict[str, Measure]:
    return {row[0]: Measure(*row) for row in rows}


MEASURES = _measures(
    ("bits_per_byte", "bits/byte", ".3f"),
    ("bits_per_byte_tokens", "tokens (floor)", ".3f"),
    ("bits_per_byte_residual", "residual", ".3f"),
    ("bits_per_char", "bits/char", ".3f"),
    ("best_bits_per_byte", "best bits/byte", ".3f"),
    ("best_step", "best at update", "count"),
    ("train_bits_per_byte", "training bits/byte", ".3f"),
    ("gap_bits_per_byte", "gap", "+.3f"),
    ("gap_change_bits_per_byte", "gap", "+.3f"),
    ("gap_unigram_bits_per_byte", "gap of a unigram", "+.3f"),
    ("lost_since_best_bits_per_byte", "lost since best", "+.3f"),
    ("bits_per_byte_at_best", "bits/byte at best", ".3f"),
    ("val_loss", "loss/token", ".3f", "nats"),
    ("best_val_loss", "best loss/token", ".3f", "nats"),
    ("train_loss", "training loss/token", ".3f", "nats"),
    ("vocab_size", "vocabulary", "count"),
    ("n_params", "parameters", "si"),
    ("n_params_embedding", "embedding", "si"),
    ("embedding_share", "embedding", "percent"),
    ("n_params_body", "body", "si"),
    ("chars_per_token", "chars/token", ".2f"),
    ("chars_in_500_tokens", "chars in 500 tokens", "count"),
    ("train_seconds", "training", "seconds"),
    ("total_seconds", "whole run", "seconds"),
    ("train_chars_per_second", "chars/s", "count"),
    ("train_flops", "training FLOPs", ".3g"),
    ("flops_per_byte", "FLOPs/byte", "si"),
    ("seconds_per_mb", "s/MB", ".1f"),
    ("peak_rss_mb", "peak memory", ".0f", "MB"),
    ("tokens_per_second_generated", "generated tokens/s", "count"),
    ("chars_per_second_generated", "generated chars/s", "count"),
    ("grad_spikes", "gradient spikes", ".1f"),
    ("clipped_share", "steps clipped", "percent"),
    ("loss_spread", "spread of loss", "percent"),
    ("iters", "updates", "count"),
    ("epochs", "epochs", ".2f"),
    ("chars_seen", "chars seen", "si"),
    ("tokens_seen", "tokens seen", "si"),
    ("context_chars_mean", "context, mean", ".0f", "chars"),
    ("context_chars_min", "context, least", ".0f", "chars"),
    ("lr_peak", "peak lr", ".2g"),
    ("schedule_iters", "schedule", "count", "updates"),
    ("warmup_iters", "warm-up", "count", "updates"),
    ("unknown_rate_tokens", "unknown tokens", "percent"),
    ("unknown_rate_chars", "unknown chars", "percent"),
    ("round_trip", "exact round trip", "yesno"),
    ("lossless", "lossless", "yesno"),
    ("renyi_efficiency", "Rényi efficiency", "share"),
    ("fertility", "tokens/word", ".2f"),
    ("words_kept_whole", "words kept whole", "percent"),
    ("vocab_used", "vocabulary used", "percent"),
    ("vocab_used_train", "used in training", "percent"),
    ("chars_per_token_val", "chars/token, validation", ".2f"),
    ("char_edit_rate", "characters lost", "percent"),
    ("rare_tokens", "rare tokens", "count"),
    ("unreachable_tokens", "unreachable tokens", "count"),
    ("unseen_tokens", "tokens unseen in training", "count"),
    ("unseen_rate", "unseen, share of tokens", "percent"),
    ("n_samples", "samples", "count"),
    ("chars_per_sample", "chars/sample", "count"),
    ("word_share", "real words", "percent"),
    ("n_headings", "headings", "count"),
    ("speaker_share", "real speakers", "percent"),
    *(
        (f"ngram{n}_{part}", f"{n}-grams in {where}", "percent")
        for part, where in (("train", "training text"), ("heldout", "held-out text"))
        for n in (3, 4, 5)
    ),
    ("longest_copied_chars", "longest copy", "count", "chars"),
    *((f"distinct_{n}", f"distinct-{n}", "share") for n in (1, 2, 3)),
)


def measure(key: str) -> Measure:
    """The measure of a key such as `generated.word_share`; for an unknown key, one made from its name."""
    name = key.rpartition(".")[2]
    known = MEASURES.get(key) or MEASURES.get(name)
    if known:
        return Measure(key, known.header, known.form, known.unit)
    words = name.split("_")
    percent = not {"rate", "share", "whole", "used", "coverage"}.isdisjoint(words)
    return Measure(key, name.replace("_", " "), "percent" if percent else ".3g")


def plus_minus(value: float, half: float, sign: str = "") -> str:
    """`0.213 ± 0.042`: the half-width rounded up to two significant digits, the value to as many decimals.

    More digits (decimals up to the sixth) where rounding would make them say otherwise which is the larger. `sign`
    is that of a format spec: "+" shows it of positive values, too. Without a half-width (NaN): three decimals.
    """
    if not math.isfinite(half):
        return f"{value:{sign},.3f}"
    for digits in (2, 3, 4, 5):
        decimals = _places(half, digits) if half > 0 else 2
        unit = 10.0**-decimals
        shown, up = round(value / unit) * unit, _ceil(half / unit) * unit
        if (abs(value) > half) == (abs(shown) > up * (1 + 1e-9)):
            break
    shown_decimals = max(0, decimals)
    return f"{shown:{sign},.{shown_decimals}f} ± {up:,.{shown_decimals}f}"


def within(value: float, half: float, low: float, high: float) -> str:
    """`33 (0 to 100)`: an interval that would leave the possible range, cut off there, ends rounded outwards."""
    ends = max(low, value - half), min(high, value + half)
    decimals = min(6, 1 - math.floor(math.log10(max(ends[1] - ends[0], 1e-9) / 2)))
    unit = 10.0**-decimals
    figures = (round(value / unit), -_ceil(-ends[0] / unit), _ceil(ends[1] / unit))
    mean, left, right = (f"{x * unit + 0:,.{max(0, decimals)}f}" for x in figures)
    return f"{mean} ({left} to {right})"


def _places(half: float, digits: int) -> int:
    """The decimals that show so many digits of a half-width that is rounded up; fewer than none are tens."""
    places = digits - 1 - math.floor(math.log10(max(half, 1e-9)))
    return min(6, places - (_ceil(half * 10.0**places) == 10**digits))


def _ceil(x: float) -> int:
    """Rounded up, but for what arithmetic has added."""
    return math.ceil(x - 1e-9 * max(1.0, abs(x)))


def _si(value: float, half: float = 0.0) -> str:
    """3227717 -> 3.23M; with an interval 3.228 ± 0.012M."""
    for size, letter in ((1e15, "P"), (1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k")):
        if abs(value) >= size * 0.9995:
            return f"{_pm(value / size, half / size, _decimals(value / size))}{letter}"
    return _pm(value, half, 0 if value == int(value) else _decimals(value))


def duration(value: float, half: float = 0.0) -> str:
    """41.3 -> 41 s; 3700 -> 62 min; with an interval 41.3 ± 1.6 s."""
    size, unit = (1.0, "s") if value < 119.5 else (60.0, "min") if value < 7170 else (3600.0, "h")
    decimals = 0 if value / size >= 9.95 and unit != "h" else 1
    return f"{_pm(value / size, half / size, decimals)} {unit}"


def _pm(value: float, half: float, decimals: int, high: float = math.inf) -> str:
    """Of what lies between 0 and `high`: with its interval, or, without one, with so many decimals."""
    if half <= 0:
        return f"{value:,.{decimals}f}"
    if 0 <= value <= high and (value < 1.15 * half or value + 1.15 * half > high):  # as rounded
        return within(value, half, 0.0, high)
    return plus_minus(value, half)


def _decimals(value: float, digits: int = 3) -> int:
    """The decimals that give `value` so many significant digits (none beyond the third for small ones)."""
    if value == 0 or float(f"{value:.{digits}g}") == 0:
        return 0
    return min(digits, max(0, digits - 1 - math.floor(math.log10(abs(float(f"{value:.{digits}g}"))))))


def show(value: Any, form: str, half: float = math.nan) -> str:
    """A value as text, with its interval if it has one: `2.310 ± 0.012`, `98.2 ± 0.4 %`, a dash if missing."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return MISSING
    if form == "yesno" or isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, str) or form == "text":
        return str(value)
    half = 0.0 if math.isnan(half) else half
    if not math.isfinite(value):
        return str(value)
    if form == "percent":
        return f"{_pm(100 * value, 100 * half, min(2, _decimals(100 * value)), 100.0)} %"
    if form == "count":
        return _pm(value, half, 0)
    if form == "si":
        return _si(value, half)
    if form == "seconds":
        return duration(value, half)
    if form == "share":
        return _pm(value, half, 3, 1.0)
    if form.startswith("+"):
        return plus_minus(value, half, "+") if half > 0 else f"{value:{form}}"
    if form.endswith("f"):
        return _pm(value, half, int(form[-2]))
    return f"{value:{form}}" if half <= 0 else _pm(value, half, _decimals(value))
