"""How sure a difference in bits per byte is: pure functions from numbers to intervals.

Two sources of doubt are kept apart and never multiplied into one sample size:

* *seeds*: would other seeds give the same difference on this validation passage? Student's t over
  per-seed totals (`welch`, or `paired` where the seeds share their data order);
* *text*: does the difference hold across the passage, or does one scene make it? Slow waves along the blocks
  of the text (`within_text`), on bits averaged over the seeds.

`holm` corrects the tests over seeds for their number, `bonferroni` their intervals that are printed. Those over the
text are of 95 % each: they keep one scene from deciding, and with six degrees of freedom cannot do more.
"""

import math
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy.optimize import brentq
from scipy.special import nctdtr, stdtr, stdtrit  # Student's t; scipy.stats takes 600 ms to import

from analysis.records.collect import Floats

LEVEL = 0.95
POWER = 0.8
MIN_SEEDS = 3
MOST_SEEDS = 1000  # that anybody is told to train
MIN_BLOCKS = 12
N_WAVES = 6
NEIGHBOURS = 0.8  # 0.75 is the highest seen, and 27 blocks show about 0.1 too little (Kendall 1954)


@dataclass(frozen=True)
class Difference:
    """An estimate of a - b: `value` plus or minus `half` at `level`; `p` is two-sided, unadjusted."""

    value: float
    se: float
    df: float
    p: float
    half: float
    level: float
    method: Literal["welch", "paired", "waves"]

    @property
    def low(self) -> float:
        return self.value - self.half

    @property
    def high(self) -> float:
        return self.value + self.half


@dataclass(frozen=True)
class TextDifference(Difference):
    """A difference over one passage, and on each half of it; `neighbours`: correlation of adjacent blocks."""

    n_blocks: int
    first_half: float
    second_half: float
    neighbours: float


def t_quantile(df: ArrayLike, level: float) -> Any:
    """How many standard errors a two-sided interval at `level` reaches; NaN without degrees of freedom."""
    df = np.asarray(df, dtype=np.float64)
    return stdtrit(np.where(df > 0, df, np.nan), 0.5 + level / 2)


def mean_and_half(values: Floats) -> tuple[float, float]:
    """The mean of (seeds,) and the half-width of its 95 % t-interval, NaN for one seed."""
    n = len(values)
    half = t_quantile(n - 1, LEVEL) * values.std(ddof=1) / n**0.5 if n > 1 else np.nan
    return float(values.mean()), float(half)


def intervals(groups: Any, level: float = LEVEL) -> pd.DataFrame:
    """The mean of each group of values and its t-interval, mean +- t_{n-1} s / sqrt(n), over what is not NaN.

    groups: of a Series or a DataFrame, as groupby makes them. Returns a row per group; its columns are the fields
    of Estimate, above the columns of the DataFrame. The mean is NaN if there is no value, the half-width if there
    is one, or no spread but that of rounding.
    """
    mean, n = groups.mean(), groups.count()
    half = t_quantile(n - 1, level) * groups.std() / np.sqrt(n)
    half = half.where(half > 1e-9 * mean.abs())
    fields = {"mean": mean, "low": mean - half, "high": mean + half, "half": half, "n": n}
    return pd.concat(fields, axis=1, names=["field"])


def _difference(value: float, se: float, df: float, level: float, method) -> Difference:
    """Student's t for an estimate with standard error `se`; se = 0 means that there is no doubt."""
    t = abs(value) / se if se > 0 else 0.0 if value == 0 else np.inf
    p, half = 2 * float(stdtr(df, -t)), float(t_quantile(df, level)) * se if se > 0 else 0.0
    return Difference(float(value), float(se), float(df), p, half, level, method)


def welch(a: Sequence[float] | Floats, b: Sequence[float] | Floats, level: float = LEVEL) -> Difference:
    """mean(a) - mean(b) for independent samples of unequal variance, each of two values or more.

    Welch (1947): se^2 = s_a^2/n_a + s_b^2/n_b with the Welch-Satterthwaite degrees of freedom. A sample
    without spread (all values equal) adds neither variance nor degrees of freedom.
    """
    va, vb = float(np.var(a, ddof=1)) / len(a), float(np.var(b, ddof=1)) / len(b)
    spread = va**2 / (len(a) - 1) + vb**2 / (len(b) - 1)
    df = (va + vb) ** 2 / spread if spread > 0 else len(a) + len(b) - 2
    return _difference(float(np.mean(a) - np.mean(b)), (va + vb) ** 0.5, df, level, "welch")


def paired(a: ArrayLike, b: ArrayLike, level: float = LEVEL) -> Difference:
    """mean(a - b) where a[i] and b[i] come from the same seed and saw the same batches; two pairs or more."""
    d = np.subtract(a, b)
    return _difference(float(d.mean()), float(d.std(ddof=1)) / len(d) ** 0.5, len(d) - 1, level, "paired")


@cache
def _waves(n: int) -> tuple[Floats, float]:
    """The slowest cosines along n blocks (n_waves, n), and how much too small their power is of AR(1) blocks."""
    n_waves = max(N_WAVES, int(0.4 * n ** (2 / 3)))
    waves = np.cos(np.pi * np.arange(1, n_waves + 1)[:, None] * (np.arange(n) + 0.5) / n) * (2 / n) ** 0.5
    alike = NEIGHBOURS ** np.abs(np.arange(-99, 100))  # beyond 99 blocks, nothing
    level_power, *wave_powers = (x @ np.convolve(x, alike)[99:-99] for x in (np.full(n, n**-0.5), *waves))
    return waves, float(level_power / np.mean(wave_powers))


def within_text(
    bits_a: ArrayLike, bits_b: ArrayLike, block_bytes: ArrayLike, level: float = LEVEL
) -> TextDifference:
    """sum(a - b) / sum(bytes) over the blocks of one passage, in their order, with its doubt *within this passage*.

    Args: bits per block (n_blocks,) of both sides, averaged over seeds; bytes per block (n_blocks,). At least
    MIN_BLOCKS of them.

    Neighbouring blocks are alike, so the scatter of single blocks says too little of a mean over all of them: its
    doubt is in the slow waves. se^2 is the mean power of the slowest cosines along the text, with Student's t of as
    many degrees of freedom (Lazarus et al. 2018; their number of waves, 0.4 n^(2/3), is used above N_WAVES). In a
    short text even the slowest is too fast: se^2 is raised by what it would miss if the blocks followed an AR(1)
    process of correlation NEIGHBOURS (the guard of Mueller 2014).
    The halves are cut at the block border nearest to the middle byte.
    """
    d, size = np.subtract(bits_a, bits_b), np.asarray(block_bytes, dtype=np.float64)
    n = len(size)
    value = d.sum() / size.sum()
    left = (d - value * size) / size.mean()  # what each block adds to the error of the ratio, times n
    waves, raised = _waves(n)
    se = float(np.sqrt(raised * np.square(waves @ left).mean() / n))
    t = _difference(value, se, len(waves), level, "waves")
    ends = np.cumsum(size)[:-1]
    cut = 1 + int(np.argmin(np.abs(ends - size.sum() / 2)))
    first, second = d[:cut].sum() / size[:cut].sum(), d[cut:].sum() / size[cut:].sum()
    varies = np.ptp(left[1:]) > 0 < np.ptp(left[:-1])
    neighbours = float(np.corrcoef(left[1:], left[:-1])[0, 1]) if varies else 0.0
    return TextDifference(**vars(t), n_blocks=n, first_half=first, second_half=second, neighbours=neighbours)


def detection(difference: Difference, true: float) -> float:
    """The chance that a test with the doubt of `difference` excludes zero on the right side if `true` holds."""
    if difference.se <= 0:
        return float(true != 0)
    reach, effect = t_quantile(difference.df, difference.level), abs(true) / difference.se
    missed = float(nctdtr(difference.df, effect, reach))
    if math.isnan(missed):  # SciPy's, of effects above about 38 with many degrees of freedom
        return float(effect > reach)
    return 1 - missed


def smallest_shown(*differences: Difference) -> float:
    """The smallest true difference that all of these independent tests would show together with chance POWER."""

    def lacking(true: float) -> float:
        return POWER - math.prod(detection(d, true) for d in differences)

    return float(brentq(lacking, 0.0, 1e6, xtol=1e-13))


def seeds_needed(seeds: Difference, n_seeds: int, true: float) -> int | None:
    """How many seeds of each setting show a difference `true` with chance POWER, were their spread the same.

    `seeds` is a difference over `n_seeds` of each. None if MOST_SEEDS are too few.
    """

    def enough(n: int) -> bool:
        df, se = seeds.df * (n - 1) / (n_seeds - 1), seeds.se * (n_seeds / n) ** 0.5
        return detection(_difference(true, se, df, seeds.level, seeds.method), true) >= POWER

    n = MIN_SEEDS + bisect_left(range(MIN_SEEDS, MOST_SEEDS + 1), True, key=enough)
    return n if n <= MOST_SEEDS else None


def holm(p_values: Sequence[float]) -> list[float]:
    """Holm's (1979) adjusted p-values: p_(k) times the number of hypotheses still open, made monotone."""
    m, adjusted, running = len(p_values), [0.0] * len(p_values), 0.0
    for rank, index in enumerate(sorted(range(m), key=lambda i: p_values[i])):
        running = max(running, min(1.0, (m - rank) * p_values[index]))
        adjusted[index] = running
    return adjusted


def bonferroni(level: float, n_intervals: int) -> float:
    """The level each of `n_intervals` needs so that all of them hold together with `level`."""
    return 1 - (1 - level) / max(1, n_intervals)
