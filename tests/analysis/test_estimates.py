"""The frame of estimates: against SciPy, and the same figures wherever they are shown."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from synthetic import make_run, make_study

from analysis.inference.comparisons import group_runs
from analysis.inference.uncertainty import intervals
from analysis.records.collect import collect
from numpygpt.runs import find_runs


def test_intervals_are_scipys():
    values = pd.Series(np.random.default_rng(7).normal(2.3, 0.01, 9))
    found = intervals(values.groupby([0] * 5 + [1] * 4))
    for group, own in enumerate((values[:5], values[5:])):
        want = stats.ttest_1samp(own, 0).confidence_interval(0.95)
        assert tuple(found.loc[group, ["low", "high"]]) == pytest.approx((want.low, want.high), rel=1e-12)


def test_there_is_no_interval_of_one_value_nor_of_equal_ones():
    found = intervals(pd.Series([2.5, 0.1, 0.1, 0.1 + 1e-17, np.nan]).groupby([0, 1, 1, 1, 2]))
    assert found["mean"].tolist()[:2] == pytest.approx([2.5, 0.1])
    assert found["n"].tolist() == [1, 3, 0]
    assert found["half"].isna().all()


def test_what_a_seed_lacks_is_left_out_of_the_mean(tmp_path):
    make_study(tmp_path, ("char",), (1, 2))
    make_run(tmp_path, "char", 3, extra={"train_loss": None, "val_loss": float("inf")})
    ((comparison,), _) = group_runs(collect(find_runs(tmp_path)))
    n = comparison.estimates.set_index("measure")["n"]
    assert (n["train_loss"], n["val_loss"], n["bits_per_byte"]) == (2, 2, 3)
    assert "losses" not in n  # which is text


def test_a_row_per_setting_and_measure(study):
    ((comparison,), _) = group_runs(collect(find_runs(study)))
    found = comparison.estimates
    assert set(found["setting"]) == {"char", "word", "bpe", "bpe-bytefallback"}
    assert not found.duplicated(["setting", "measure"]).any()
    for setting in comparison.settings:
        own = found[found["setting"] == setting.label].set_index("measure")
        bits = setting.values("bits_per_byte")
        assert own.loc["bits_per_byte", "mean"] == pytest.approx(bits.mean())
        assert setting.estimate("bits_per_byte").half == own.loc["bits_per_byte", "half"]
        assert own.loc["bits_per_token", "mean"] == pytest.approx(
            setting.values("val_loss").mean() / np.log(2)
        )
    assert {"generated.word_share", "texts.emoji.bits_per_byte"} <= set(found["measure"])
