"""Every interval against SciPy or a case worked by hand, and a simulation of the null."""

import numpy as np
import pytest
from scipy import stats

from analysis.uncertainty import bonferroni, estimate, holm, jackknife, paired, welch

RNG = np.random.default_rng(7)
A, B = RNG.normal(2.3, 0.01, 5), RNG.normal(2.31, 0.03, 4)


def test_mean_interval_is_scipys():
    got, want = estimate(A), stats.ttest_1samp(A, 0).confidence_interval(0.95)
    assert got.mean - got.half == pytest.approx(want.low, rel=1e-12)
    assert got.mean + got.half == pytest.approx(want.high, rel=1e-12)


def test_mean_of_one_seed_has_no_interval():
    one = estimate([2.5])
    assert one.mean == 2.5
    assert np.isnan(one.half)


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
    assert (same.p, same.half, same.excludes_zero) == (1.0, 0.0, False)
    apart = welch([2.0, 2.0, 2.0], [2.1, 2.1, 2.1])
    assert (apart.p, apart.half, apart.excludes_zero) == (0.0, 0.0, True)


def test_jackknife_by_hand():
    # differences 10, 20, 30 bits in blocks of 10, 10, 20 bytes: 60/40 = 1.5;
    # leaving one out: 50/30, 40/30, 30/20; mean 1.5; squares (1/6)^2, (1/6)^2, 0; se^2 = 2/3 * 2/36 = 1/27
    got = jackknife([110, 120, 130], [100, 100, 100], [10, 10, 20])
    assert got.value == 1.5
    assert got.se == pytest.approx((1 / 27) ** 0.5, rel=1e-12)
    assert got.half == pytest.approx(stats.t.ppf(0.975, 2) * (1 / 27) ** 0.5, rel=1e-12)
    assert (got.first_half, got.second_half) == (1.5, 1.5)
    assert got.n_blocks == 3


def test_jackknife_of_equal_blocks_is_the_t_of_the_mean():
    d = RNG.normal(400, 90, 27)
    got, want = jackknife(d, np.zeros(27), np.full(27, 4096.0)), stats.ttest_1samp(d / 4096, 0)
    assert got.p == pytest.approx(want.pvalue, rel=1e-8)
    assert got.se == pytest.approx(d.std(ddof=1) / 4096 / 27**0.5, rel=1e-10)


def test_halves_are_cut_nearest_the_middle_byte():
    got = jackknife([5, 1, 1, 1], [0, 0, 0, 0], [100, 10, 50, 50])
    assert got.first_half == 5 / 100
    assert got.second_half == 3 / 110


def test_holm_by_hand():
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert holm([0.5, 0.9]) == [1.0, 1.0]
    assert holm([]) == []


def test_bonferroni():
    assert bonferroni(0.95, 6) == pytest.approx(1 - 0.05 / 6)
    assert bonferroni(0.95, 0) == 0.95


@pytest.mark.parametrize("bad", [[1.0], [1.0, float("nan")], [[1.0, 2.0]]])
def test_too_few_or_broken_values_are_refused(bad):
    with pytest.raises(ValueError, match="needs"):
        welch(bad, [1.0, 2.0])
