"""Every interval against SciPy or a case worked by hand, and a simulation of the null."""

from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from analysis.inference.uncertainty import (
    Difference,
    bonferroni,
    detection,
    holm,
    paired,
    seeds_needed,
    smallest_shown,
    welch,
    within_text,
)
from analysis.records.collect import read_blocks
from analysis.records.packed import read_packed

RNG = np.random.default_rng(7)
A, B = RNG.normal(2.3, 0.01, 5), RNG.normal(2.31, 0.03, 4)


@pytest.mark.parametrize("level", [0.95, 0.99])
def test_welch_is_scipys(level):
    got, want = welch(A, B, level), stats.ttest_ind(A, B, equal_var=False)
    interval = want.confidence_interval(level)
    assert (got.p, got.df) == pytest.approx((want.pvalue, want.df), rel=1e-10)
    assert (got.low, got.high) == pytest.approx((interval.low, interval.high), rel=1e-10)


def test_paired_is_scipys():
    b = A + RNG.normal(0.01, 0.002, 5)
    got, want = paired(A, b), stats.ttest_rel(A, b)
    interval = want.confidence_interval(0.95)
    assert got.p == pytest.approx(want.pvalue, rel=1e-10)
    assert (got.low, got.high) == pytest.approx((interval.low, interval.high), rel=1e-10)
    assert got.half < welch(A, b).half / 2  # what pairing is for


def test_no_spread_is_no_doubt_and_no_nan():
    same = welch([2.0, 2.0, 2.0], [2.0, 2.0, 2.0])
    assert (same.p, same.half, same.low) == (1.0, 0.0, 0.0)
    apart = welch([2.0, 2.0, 2.0], [2.1, 2.1, 2.1])
    assert (apart.p, apart.half, apart.low) == (0.0, 0.0, apart.value)


def test_the_difference_over_a_text_is_a_ratio_of_sums():
    size, d = RNG.uniform(2000, 6000, 12), RNG.normal(400, 90, 12)
    got = within_text(d + 100, np.full(12, 100.0), size)
    assert (got.value, got.n_blocks) == (pytest.approx(d.sum() / size.sum()), 12)
    assert got.half == pytest.approx(stats.t.ppf(0.975, 6) * got.se)
    assert got.p == pytest.approx(2 * stats.t.sf(got.value / got.se, 6))


def test_halves_are_cut_nearest_the_middle_byte():
    got = within_text([5, *[1] * 11], np.zeros(12), [100, 10, *[10] * 10])
    assert got.first_half == 5 / 100
    assert got.second_half == 11 / 110


def test_neighbouring_blocks_are_correlated():
    size = np.full(40, 4096.0)
    assert within_text(np.repeat(RNG.normal(0, 90, 8), 5), np.zeros(40), size).neighbours > 0.4
    assert within_text(np.tile([1.0, -1.0], 20), np.zeros(40), size).neighbours == pytest.approx(-1)
    assert within_text(size, 2 * size, size).neighbours == 0  # the same everywhere: nothing to correlate


def covered(passages):
    """The share of passages (k, n), really zero on average, whose interval covers zero."""
    size = np.full(passages.shape[1], 1.0)
    return np.mean([(found := within_text(d, 0 * d, size)).low <= 0 <= found.high for d in passages])


@pytest.mark.parametrize("n_blocks", [12, 27, 80])
@pytest.mark.parametrize("rho", [0.0, 0.42, 0.64, 0.75])
def test_the_interval_over_the_text_covers(rho, n_blocks):
    rng = np.random.default_rng(3)
    steps = rng.normal(0, 1, (n_blocks + 40, 400))
    passages = [steps[0]]
    for step in steps[1:]:  # an AR(1) process, each block like the one before it
        passages.append(rho * passages[-1] + step)
    assert covered(np.stack(passages[40:], axis=1)) >= 0.92


@pytest.mark.parametrize("length", [5, 9])
@pytest.mark.parametrize("pair", [("char", "word"), ("word", "bpe"), ("bpe", "bpe-bytefallback")])
def test_it_covers_what_real_texts_do(pair, length):
    """A kept study's differences of two tokenizers, centred, and passages made of long stretches of them."""
    kept = read_packed(Path(__file__).parents[2] / "docs/results/quick-iters.jsonl")
    sides = []
    for name in pair:
        blocks, problems = read_blocks(run for run in kept if run.name.startswith(f"{name}-small-"))
        assert blocks is not None, problems
        sides.append((blocks.tokens + blocks.residual).mean(axis=0) / blocks.sizes)
    d = sides[0] - sides[1]
    rng, n = np.random.default_rng(4), len(d)
    starts = rng.integers(0, n, (600, -(-n // length), 1))
    places = (starts + np.arange(length)).reshape(600, -1)[:, :n] % n
    assert covered((d - d.mean())[places]) >= 0.90


def test_holm_by_hand():
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert holm([0.5, 0.9]) == [1.0, 1.0]
    assert holm([]) == []


def test_bonferroni():
    assert bonferroni(0.95, 6) == pytest.approx(1 - 0.05 / 6)
    assert bonferroni(0.95, 0) == 0.95


def test_power_is_what_simulation_shows():
    rng, se = np.random.default_rng(6), 0.01 * (2 / 5) ** 0.5
    found = []
    for true in (0.01, 0.02, 0.03):
        a, b = rng.normal(0, 0.01, (2000, 5)), rng.normal(true, 0.01, (2000, 5))
        t = (b.mean(1) - a.mean(1)) / ((a.var(1, ddof=1) + b.var(1, ddof=1)) / 5) ** 0.5
        assumed = Difference(true, se, 8, 0.0, 0.0, 0.95, "welch")
        assert detection(assumed, true) == pytest.approx(np.mean(t > stats.t.ppf(0.975, 8)), abs=0.03)
        found.append(smallest_shown(assumed))
    assert len(set(found)) == 1  # whatever was found: it is a question of the doubt alone
    assert detection(assumed, found[0]) == pytest.approx(0.8, abs=1e-6)
    both = smallest_shown(assumed, Difference(0.0, 2 * se, 6, 1.0, 0.0, 0.95, "waves"))
    assert both > smallest_shown(Difference(0.0, 2 * se, 6, 1.0, 0.0, 0.95, "waves")) > found[0]


def test_seeds_needed():
    five = welch(0.01 * np.array([-1.0, 1, 0, 1, -1]), 0.01 * np.array([1.0, -1, 0, 1, -1]))
    n = seeds_needed(five, 5, 0.02)
    assert n is not None
    spread = five.se * 5**0.5  # of one seed of each
    for many, enough in ((n, True), (n - 1, False)):
        assumed = Difference(0.02, spread / many**0.5, 2 * (many - 1), 0.0, 0.0, 0.95, "welch")
        assert (detection(assumed, 0.02) >= 0.8) == enough
    assert seeds_needed(five, 5, 1e-5) is None
    # SciPy gives NaN at 750 seeds.
    assert seeds_needed(Difference(0.02, 0.0055, 5.33, 0, 0, 0.992, "welch"), 5, 0.02) == 8
    assert seeds_needed(five, 5, 1.0) == 3  # fewer are never ranked
