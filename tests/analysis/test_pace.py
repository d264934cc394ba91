"""Time left is what the figures say, and no figure is made up."""

import math

import pytest

from analysis.pace import SPAN, Cost, Left, Pace, all_left, clock, running_left, typical


@pytest.mark.parametrize(("seconds", "text"), [(0, "0:00"), (61.4, "1:01"), (3725, "1:02:05"), (-3, "0:00")])
def test_clock(seconds, text):
    assert clock(seconds) == text


def test_pace_is_the_runs_own_until_it_has_been_watched_for_long_enough():
    pace = Pace()
    assert math.isnan(pace.seconds_per_update)
    for step in (1, 11, 21):
        pace.logged(0.5 * step, step)
    assert pace.seconds_per_update == pytest.approx(0.5)
    pace.watched(1000.0, 21)
    pace.watched(1010.0, 31)  # too short to count
    assert pace.seconds_per_update == pytest.approx(0.5)
    pace.watched(1020.0, 41)  # evaluations and all: twice as slow
    assert pace.seconds_per_update == pytest.approx(1.0)


def test_pace_is_of_the_latest_past():
    pace = Pace()
    for second in range(0, 300, 10):
        pace.watched(float(second), second)  # one update a second
    for second in range(300, 420, 10):
        pace.watched(float(second), 300 + 5 * (second - 300))  # then five
    assert pace.seconds_per_update == pytest.approx(0.2)
    assert len(pace._marks) <= SPAN / 10 + 2


def test_a_run_set_back_to_its_checkpoint_is_watched_anew():
    pace = Pace()
    pace.watched(0.0, 500)
    pace.watched(50.0, 250)
    pace.watched(100.0, 300)
    assert pace.seconds_per_update == pytest.approx(1.0)
    pace.logged(9.0, 500)
    pace.logged(4.0, 250)
    assert len(pace._own) == 1


def test_a_running_run_needs_its_updates_and_what_comes_after_them():
    assert running_left(100, 0.5, 0.0, None) == Left(50.0, at_least=True)
    assert running_left(100, 0.5, 0.0, Cost(70.0, 20.0)) == Left(70.0)
    assert running_left(100, math.nan, 0.0, Cost(70.0, 20.0)) is None
    assert running_left(0, 0.5, 5.0, Cost(70.0, 20.0)) == Left(15.0)
    assert running_left(0, 0.5, 99.0, Cost(70.0, 20.0)) == Left(0.0)
    assert running_left(0, 0.5, 5.0, None) is None


def test_typical_is_not_led_astray_by_a_paused_run():
    assert typical([]) is None
    assert typical([Cost(100, 10), Cost(104, 12), Cost(900, 800)]) == Cost(104, 12)


def test_a_sweep_fills_the_places_that_come_free():
    ten, known = Left(10.0), [Left(30.0), Left(20.0), Left(5.0)]
    assert all_left([ten], known, 1) == Left(65.0)
    assert all_left([ten, Left(2.0)], known, 2) == Left(35.0)  # until 32 and 30, then 5 more
    assert all_left([], known, 2) == Left(30.0)


def test_what_is_unknown_makes_the_rest_a_least():
    assert all_left([], [], 1) is None
    assert all_left([None], [None], 1) is None
    assert all_left([Left(10.0)], [None, Left(5.0)], 1) == Left(15.0, at_least=True)
    assert all_left([Left(10.0, at_least=True)], [], 1) == Left(10.0, at_least=True)
    assert str(Left(15.0, at_least=True)) == "at least 0:15"
    assert Left(15.0, at_least=True).short == "≥ 0:15"
    assert str(Left(15.0)) == Left(15.0).short == "0:15"
