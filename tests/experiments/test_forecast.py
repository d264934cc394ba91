"""The time of a sweep is told from the pace of its runs, weighed by what each has to do."""

import math

import pytest

from experiments.runner.forecast import Forecast, about, works


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def trained(forecast: Forecast, clock: Clock, seconds: float, stop: float = 1.0) -> None:
    """A run begins, is set up for 2 s, and trains evenly in `seconds` seconds, up to the share `stop`."""
    forecast.start()
    clock.now += 2
    for step in range(round(stop * 10) + 1):
        forecast.row(1 - step / 10)
        clock.now += seconds / 10
    clock.now -= seconds / 10


def test_other_runs_take_as_long_as_their_work_at_the_pace_so_far():
    clock = Clock()
    forecast = Forecast([100.0, 50.0, 50.0], clock)
    forecast.start()
    assert math.isnan(forecast.seconds_left)
    assert (forecast.left, forecast.announcement()) == ("", "")
    forecast = Forecast([100.0, 50.0, 50.0], clock)
    trained(forecast, clock, 100, stop=0.1)
    assert forecast.seconds_left == pytest.approx(190, rel=0.15)  # and something for scoring
    assert forecast.announcement() == "about 4 min for 3 runs"
    assert forecast.announcement() == ""  # once
    for step in range(2, 11):
        clock.now += 10
        forecast.row(1 - step / 10)
    clock.now += 18
    forecast.end()  # 2 s and 18 s beside the training
    assert forecast.seconds_left == pytest.approx(100 + 2 * 20)
    forecast.start()
    assert (forecast.place, forecast.left) == ("run 2 of 3", "about 2 min left in all")


def test_a_run_that_another_process_has_or_that_fails_is_not_waited_for():
    clock = Clock()
    forecast = Forecast([10.0] * 4, clock)
    trained(forecast, clock, 10)
    forecast.end()
    forecast.start()  # never trained, never ended
    trained(forecast, clock, 10, stop=0.5)
    forecast.end()
    assert forecast.seconds_left == pytest.approx(10 + 2)


def test_a_run_alone_is_not_counted():
    clock = Clock()
    forecast = Forecast([1.0], clock)
    trained(forecast, clock, 100, stop=0.5)
    assert (forecast.place, forecast.left, forecast.announcement()) == ("", "", "")


def test_a_duration_in_words():
    said = [about(s) for s in (0.4, 31, 89, 90, 250, 5300, 9000)]
    assert said == [
        *("about 10 s", "about 40 s", "about 90 s", "about 2 min", "about 4 min"),
        *("about 88 min", "about 2.5 h"),
    ]


def test_work_follows_the_text_and_the_vocabulary(composer, text_file):
    def configured(*overrides: str):
        return composer("model=tiny", "data=file", f"data.path='{text_file}'", *overrides)

    char, word = works([configured("tokenizer=char", "budget=text"), configured("tokenizer=word")])
    assert char > 1.5 * word > 0  # a word is several characters
    one, two = works([configured("budget=iters", f"budget.iters={n}") for n in (100, 200)])
    assert two == pytest.approx(2 * one)
    assert works([configured("budget=seconds", f"budget.seconds={n}") for n in (3, 4)]) == [3, 4]
    missing = configured("tokenizer=custom", "tokenizer.factory=nobody:Nothing")
    assert works([missing, missing]) == [1, 1]
