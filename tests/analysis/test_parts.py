"""Where the bits go: the table's rows and the figure's bars sum to what they take apart."""

import pytest

from analysis.figures.differences import part_differences, part_figure
from analysis.figures.style import styled
from analysis.inference.comparisons import group_runs
from analysis.records.collect import collect
from analysis.tables.tokenizers import part_tables
from numpygpt.runs import find_runs


@pytest.fixture
def comparison(study):
    (found,), _ = group_runs(collect(find_runs(study)))
    return found


def test_a_row_of_the_table_sums_to_the_bits_per_byte(comparison):
    (kinds,) = (
        table for table in part_tables(comparison) if table.name == "bits_by_byte_kind" and table.rows
    )
    *settings, shares = kinds.rows
    for row, setting in zip(settings, comparison.settings, strict=True):
        assert row.cells[0].value == setting.label
        assert sum(cell.value for cell in row.cells[1:]) == pytest.approx(setting.mean("bits_per_byte"))
    assert [cell.text for cell in shares.cells] == ["share of the bytes", "80.0 %", "20.0 %"]


def test_a_bar_of_the_figure_sums_to_the_difference(comparison):
    found = part_differences(comparison, "byte_kind")
    best = min(s.mean("bits_per_byte") for s in comparison.settings)
    for setting in comparison.settings:
        if setting.label in found.index:
            lead = setting.mean("bits_per_byte") - best
            assert found.loc[setting.label].sum() == pytest.approx(lead)
    assert len(found) == len(comparison.settings) - 1
    with styled():
        axes = part_figure(comparison, "byte_kind").axes[0]
    ends = axes.lines[0].get_xdata()
    assert list(ends) == pytest.approx(list(found.sum(axis=1)))
    widths = [[bar.get_width() for bar in bars] for bars in axes.containers]
    assert [sum(parts) for parts in zip(*widths, strict=True)] == pytest.approx(list(ends))


def test_runs_that_recorded_no_parts_have_none_to_show(comparison):
    assert part_differences(comparison, "window_place").empty
