"""Figures as text: how digits are rounded and how intervals are written, for all tables, pictures and pages."""

import math
from math import inf
from typing import Any

MISSING = "\N{EN DASH}"


def show(value: Any, form: str, half: float = math.nan) -> str:
    """A value in the form of its measure, with its interval if `half` is none of NaN: `98.20 ± 0.40 %`.

    A dash if it is missing.
    """
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return MISSING
    if form == "yesno" or isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, str) or form == "text" or not math.isfinite(value):
        return str(value)
    if form == "percent":
        decimals = min(2, _decimals(100 * value))
        return f"{plus_minus(100 * value, 100 * half, decimals=decimals, low=0, high=100)} %"
    if form == "share":
        return plus_minus(value, half, low=0, high=1)
    if form == "count":
        return plus_minus(value, half, decimals=0, low=0)
    if form == "si":
        return _si(value, half)
    if form == "seconds":  # 41.3 -> 41 s; 3700 -> 62 min; with an interval 41.3 ± 1.6 s
        size, unit = (1.0, "s") if value < 119.5 else (60.0, "min") if value < 7170 else (3600.0, "h")
        decimals = 0 if value / size >= 9.95 and unit != "h" else 1
        return f"{plus_minus(value / size, half / size, decimals=decimals, low=0)} {unit}"
    if form.startswith("+"):
        return plus_minus(value, half, "+", int(form[-2]))
    if form.endswith("f"):
        return plus_minus(value, half, decimals=int(form[-2]), low=0)
    return f"{value:{form}}" if math.isnan(half) else plus_minus(value, half, low=0)


def plus_minus(
    value: float, half: float, sign: str = "", decimals: int = 3, low: float = -inf, high: float = inf
) -> str:
    """`0.213 ± 0.042`: the half-width rounded up to two significant digits, the value to as many decimals.

    More digits (decimals up to the sixth) where rounding would make them say otherwise which is the larger. An
    interval that would leave what is possible, `low` to `high`, is cut off there: `33 (0 to 100)`. Without a
    half-width (NaN) so many `decimals`. `sign` is that of a format spec: "+" shows it of positive values, too.
    """
    if math.isnan(half):
        return f"{value:{sign},.{decimals}f}"
    if low <= value <= high and min(value - low, high - value) < 1.15 * half:  # as it may be rounded
        return _cut_off(value, max(low, value - half), min(high, value + half))
    for digits in (2, 3, 4, 5):
        places = _places(half, digits) if half > 0 else 2
        unit = 10.0**-places
        shown, up = round(value / unit) * unit, _ceil(half / unit) * unit
        if (abs(value) > half) == (abs(shown) > up * (1 + 1e-9)):
            break
    return f"{shown:{sign},.{max(0, places)}f} ± {up:,.{max(0, places)}f}"


def _cut_off(value: float, low: float, high: float) -> str:
    """The interval by its ends, rounded outwards."""
    places = min(6, 1 - math.floor(math.log10(max(high - low, 1e-9) / 2)))
    unit = 10.0**-places
    figures = (round(value / unit), -_ceil(-low / unit), _ceil(high / unit))
    mean, left, right = (f"{x * unit + 0:,.{max(0, places)}f}" for x in figures)
    return f"{mean} ({left} to {right})"


def _places(half: float, digits: int) -> int:
    """The decimals that show so many digits of a half-width that is rounded up; fewer than none are tens."""
    places = digits - 1 - math.floor(math.log10(max(half, 1e-9)))
    return min(6, places - (_ceil(half * 10.0**places) == 10**digits))


def _ceil(x: float) -> int:
    """Rounded up, but for what arithmetic has added."""
    return math.ceil(x - 1e-9 * max(1.0, abs(x)))


def _decimals(value: float, digits: int = 3) -> int:
    """The decimals that give `value` so many significant digits (none beyond the third for small ones)."""
    rounded = float(f"{value:.{digits}g}")
    return min(digits, max(0, digits - 1 - math.floor(math.log10(abs(rounded))))) if rounded else 0


def _si(value: float, half: float) -> str:
    """3227717 -> 3.23M; with an interval 3.228 ± 0.012M."""
    for size, letter in ((1e15, "P"), (1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k")):
        if abs(value) >= size * 0.9995:
            return f"{plus_minus(value / size, half / size, decimals=_decimals(value / size), low=0)}{letter}"
    return plus_minus(value, half, decimals=0 if value == int(value) else _decimals(value), low=0)
