"""Who leads as compute grows: frontiers, crossings and laws of runs whose truth is known."""

from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from analysis.figures.style import styled
from analysis.inference.scaling import Scaling, power_law
from analysis.inference.uncertainty import mean_and_half
from analysis.page.view import view
from analysis.records.find import runs_in
from analysis.reports import write_report
from analysis.tables.model import Table

KEPT = Path(__file__).parents[2] / "docs" / "results"
FLOPS = np.geomspace(1e12, 1e14, 9)


def law(floor, scale, exponent, factors=(1.0, 1.01, 0.99)):
    """Runs of a tokenizer that obeys it, (seeds, runs, 2): seeds differ by a factor of the bits above the floor."""
    bits = [floor + f * scale * (FLOPS / 1e12) ** -exponent for f in factors]
    return np.array([np.column_stack([FLOPS, own]) for own in bits])


EARLY, LATE = law(2.0, 0.3, 0.5), law(1.9, 0.6, 0.5)
TRUE_CROSSINGS = 1e12 * (np.array([1.0, 1.01, 0.99]) * 0.3 / 0.1) ** 2


def test_a_frontier_joins_the_runs_that_no_other_beats():
    worse = np.array([[3e12, 9.0]])
    found = Scaling({"a": np.concatenate([EARLY, np.stack([worse] * 3)], axis=1), "b": LATE})
    between = np.sqrt(FLOPS[0] * FLOPS[1])
    bits = found.bits("a", np.array([FLOPS[0], between, FLOPS[1]]))
    assert bits[:, 0] == pytest.approx(EARLY[:, 0, 1])
    assert bits[:, 1] == pytest.approx(EARLY[:, :2, 1].mean(axis=1))
    assert found.range == pytest.approx((1e12, 1e14))


def test_only_compute_that_all_have_paid_for_is_compared():
    found = Scaling({"a": EARLY[:, :6], "b": LATE[:, 2:]})
    assert found.range == pytest.approx((FLOPS[2], FLOPS[5]))
    assert found.levels[[0, -1]] == pytest.approx(found.range)


def test_a_crossing_has_the_interval_of_its_seeds():
    (sentence,) = Scaling({"early": EARLY, "late": LATE}).crossings()
    logs = np.log(TRUE_CROSSINGS)
    low, high = np.exp(stats.t.interval(0.95, 2, logs.mean(), stats.sem(logs)))
    assert sentence.startswith("late comes below early at ")
    at, bounds = sentence.removeprefix("late comes below early at ").split(" FLOPs ")
    shown = [float(x.strip("()T")) * 1e12 for x in (at, *bounds.split(" to "))]
    assert shown == pytest.approx([np.exp(logs.mean()), low, high], rel=0.02)


def test_what_does_not_cross_or_not_in_all_seeds_is_said():
    below = EARLY - [0, 0.01]
    assert Scaling({"a": EARLY, "b": below}).crossings() == [
        "b below a all along: no crossing seen from 1.00T to 100T FLOPs"
    ]
    mixed = np.concatenate([below[:2], EARLY[2:] + np.array([0, 0.01])])
    (sentence,) = Scaling({"a": EARLY, "b": mixed}).crossings()
    assert "the seeds do not agree" in sentence


def test_a_leader_is_one_by_the_seeds():
    found = Scaling({"early": EARLY, "late": LATE})
    assert [found.leader(flops) for flops in found.levels] == ["early", "early", None, "late", "late"]
    assert Scaling({"early": EARLY[:2], "late": LATE[:2]}).leader(1e14) is None


def test_a_law_is_found_again_where_the_points_bend():
    found = Scaling({"bent": LATE, "straight": law(0.0, 3.0, 0.05)})
    bent = found.law("bent")
    assert bent is not None
    assert mean_and_half(bent[:, 0]) == pytest.approx((1.9, 0), abs=1e-4)
    assert bent[:, 2] == pytest.approx(0.5, abs=1e-3)
    assert power_law(1e15, *bent.T).mean() == pytest.approx(1.9 + 0.6 * 1000**-0.5, abs=1e-4)
    assert found.law("straight") is None
    assert Scaling({"bent": LATE[:, :3], "b": EARLY}).law("bent") is None


@pytest.fixture(scope="module")
def budgets():
    return [KEPT / f"budget-{name}.jsonl" for name in ("text", "short", "iters")]


def test_a_report_over_budgets_shows_it(budgets):
    found = view(runs_in(budgets))
    (table,) = (table for table in found.overviews if table.name == "scaling")
    assert isinstance(table, Table)
    assert [row.cells[0].text for row in table.rows] == ["char", "word", "bpe", "bpe-bytefallback"]
    assert [cell.best for cell in table.rows[1].cells[1:6]] == [True] * 5
    assert any(note.startswith("word below char all along") for note in table.notes)
    (drawing,) = found.drawings
    with styled():
        axes = drawing.draw().axes[0]
    assert axes.get_xscale() == "log"
    assert len(axes.collections[0].get_offsets()) == sum(
        len(s.seeds) for c in found.sections for s in c.comparison.settings
    )


def test_it_stands_in_page_and_markdown(budgets, tmp_path):
    report = write_report(budgets, tmp_path)
    assert (tmp_path / "figures" / "scaling.svg").exists()
    assert 'data-figure="scaling"' in report.page.read_text("utf-8")
    assert "figures/scaling.svg" in report.path.read_text("utf-8")
    one = write_report(budgets[:2], tmp_path)
    assert not (tmp_path / "figures" / "scaling.svg").exists()
    assert 'data-table="scaling"' not in one.page.read_text("utf-8")
