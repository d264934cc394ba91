"""A tokenizer chosen within a limit of minutes: what is tried, for how long, what counts, what is refused."""

import json
import signal
import time

import pytest
from cats import prose

from experiments.runner.interrupts import Interrupted, limited, stop_requests
from experiments.sweeping import choose
from experiments.sweeping.choose import Choice
from numpygpt.errors import UserError
from numpygpt.runs.folder import REQUIRED

PER_CHAR, BESIDE = {"char": 4e-4, "bpe": 1e-4, "word": 2e-4}, 2.0  # seconds
UPDATE = 1000  # characters


class Launcher:
    """Writes what runs would have written, and counts the seconds that they would have taken."""

    def __init__(self, clock, best=1.0, lost=0.0):
        self.clock, self.best, self.lost, self.ran, self.fails = clock, best, lost, [], ()

    def __call__(self, runs):
        for run in runs:
            config, kind = run.config, run.config.tokenizer.kind
            if run.folder.state() == "done":
                continue
            self.ran.append(run)
            run.folder.create({key: {} for key in REQUIRED["run.json"]})
            if kind in self.fails:
                run.folder.write_failure("not possible", "too few characters")
                continue
            iters = (
                config.budget.iters if config.budget.kind == "iters" else round(config.budget.chars / UPDATE)
            )
            seconds = PER_CHAR[kind] * iters * UPDATE
            self.clock[0] += seconds + BESIDE
            bits = 3 - 0.5 * (kind == "bpe") + (config.tokenizer.vocab_size or 0) / 1e6 * (kind == "bpe")
            figures = {"bits_per_byte": bits, "lost_since_best_bits_per_byte": self.lost}
            figures |= {
                "train_seconds": seconds,
                "total_seconds": seconds + BESIDE,
                "chars_seen": iters * UPDATE,
            }
            figures |= {"iters": iters, "best_step": round(iters * self.best)}
            run.folder.write_result(dict.fromkeys(REQUIRED["result.json"], 0) | figures)


@pytest.fixture
def clock(monkeypatch):
    now = [0.0]
    monkeypatch.setattr(choose.time, "monotonic", lambda: now[0])
    return now


@pytest.fixture
def typed(planner, tmp_path):
    """typed("tokenizer=char,bpe", ...): the runs of a command line about a text of 300 kB."""
    (tmp_path / "choose").mkdir()
    text = tmp_path / "cats.txt"
    text.write_text((prose(900, seed=0) * 20)[:300_000], encoding="utf-8")

    def runs(*arguments):
        line = "experiment=choose", f"data.path='{text}'", f"outputs='{tmp_path}'", *arguments
        return planner.plan(planner.expand({"tokenizer": "char,word,bpe", "seed": "1,2,3"}, line))

    return runs


def test_sizes_are_tried_on_development_text_and_the_better_ones_run_to_the_end(planner, typed, clock):
    launcher = Launcher(clock)
    runs = planner.plan(Choice(planner, typed(), launcher).lines())
    tried = [
        (r.config.tokenizer.kind, r.config.budget.kind, r.config.tokenizer.vocab_size) for r in launcher.ran
    ]
    assert [size for kind, budget, size in tried if (kind, budget) == ("bpe", "text")] == [512, 2048]
    assert [kind for kind, *_ in tried] == ["char", "word", "bpe", "bpe"] * 2
    assert all(run.config.data.dev_fraction == 0.1 and run.config.seed == 1 for run in launcher.ran)
    assert len({run.config.budget.chars for run in launcher.ran[4:]}) == 1
    assert [(run.config.tokenizer.kind, run.config.seed) for run in runs] == [
        (kind, seed) for seed in (1, 2, 3) for kind in ("char", "word", "bpe")
    ]
    assert {run.config.tokenizer.vocab_size for run in runs if run.config.tokenizer.kind == "bpe"} == {512}
    assert all(run.config.data.dev_fraction == 0 and run.config.study == "choose" for run in runs)
    assert {round(run.config.data.val_fraction * 300_000) for run in runs} == {63_900}  # at least 12 blocks


@pytest.mark.parametrize("minutes", [10, 500])
def test_the_minutes_are_used_and_not_exceeded(planner, typed, clock, minutes):
    launcher = Launcher(clock)
    launcher(planner.plan(Choice(planner, typed(f"choose.minutes={minutes}"), launcher).lines()))
    assert 0.8 * 60 * minutes < clock[0] <= 60 * minutes


def test_a_text_that_is_learned_by_heart_is_stopped_where_the_first_was_best(planner, typed, clock):
    launcher = Launcher(clock, best=0.25, lost=0.1)
    count = {run.config.budget.chars for run in planner.plan(Choice(planner, typed(), launcher).lines())}
    assert count.pop() == pytest.approx(0.25 * launcher.ran[-1].config.budget.chars, rel=0.01)


def test_the_same_command_means_the_same_runs_and_so_do_further_seeds(planner, typed, clock, tmp_path):
    launcher = Launcher(clock)
    lines = Choice(planner, typed(), launcher).lines()
    tried = len(launcher.ran)
    clock[0] += 1234
    assert Choice(planner, typed(), launcher).lines() == lines
    more = Choice(planner, typed("tokenizer=bpe", "seed=3,4"), launcher).lines()
    first, second = planner.plan(more)
    assert first.folder in [run.folder for run in planner.plan(lines)]
    assert second.config.budget == first.config.budget
    assert len(launcher.ran) == tried
    Choice(planner, typed("choose.minutes=30"), launcher).lines()
    assert len(json.loads((tmp_path / "choose" / "plan.json").read_text())) == 2


def test_trials_that_were_interrupted_go_on(planner, typed, clock, monkeypatch):
    launcher = Launcher(clock)

    def killed(runs):
        launcher([run for run in runs if run.config.budget.kind == "iters"])
        if launcher.ran != runs:
            launcher(runs[:2])
            raise Interrupted(signal.SIGTERM)

    with pytest.raises(Interrupted):
        Choice(planner, typed(), killed).lines()
    assert len(launcher.ran) == 4 + 2
    clock[0] += 100
    Choice(planner, typed(), launcher).lines()
    assert len(launcher.ran) == 4 + 4


def test_what_cannot_be_run_is_left_out_and_said(planner, typed, clock, capsys):
    launcher = Launcher(clock)
    launcher.fails = ("word",)
    runs = planner.plan(Choice(planner, typed(), launcher).lines())
    assert {run.config.tokenizer.kind for run in runs} == {"char", "bpe"}
    assert "left out: word-small-s1" in capsys.readouterr().out
    launcher.fails = tuple(PER_CHAR)
    with pytest.raises(UserError, match="no setting can be run"):
        Choice(planner, typed("model=tiny"), launcher).lines()


def test_a_text_too_short_to_rank_on_is_refused_before_anything_is_trained(planner, clock, tmp_path):
    (tmp_path / "short.txt").write_text("too short\n" * 5000)
    line = planner.expand(
        {}, ["experiment=choose", f"data.path='{tmp_path / 'short.txt'}'", "tokenizer=char"]
    )
    launcher = Launcher(clock)
    with pytest.raises(
        UserError, match=r"15,000 of its 50,000 bytes are .* 4 blocks .* 12 are needed: use .* 213 kB"
    ):
        Choice(planner, planner.plan(line), launcher).lines()
    assert not launcher.ran


def test_too_few_minutes_are_refused_and_the_number_that_is_named_is_enough(planner, typed, clock):
    with pytest.raises(
        UserError, match=r"choose.minutes=0.5 is not enough .*choose.minutes=(\d+)"
    ) as refused:
        Choice(planner, typed("choose.minutes=0.5"), Launcher(clock)).lines()
    enough = (
        str(refused.value)
        .partition("choose.minutes=0.5")[2]
        .partition("choose.minutes=")[2]
        .partition(",")[0]
    )
    launcher = Launcher(clock)
    assert Choice(planner, typed(f"choose.minutes={enough}"), launcher).lines()
    assert launcher.ran


def test_a_limit_that_is_over_stops_the_block_as_a_signal_does(monkeypatch, capsys):
    monkeypatch.setattr(stop_requests, "signum", None)
    with pytest.raises(Interrupted), stop_requests.handled(), limited(0.05, "choose.minutes"):
        time.sleep(30)
    assert capsys.readouterr().out == "choose.minutes is over\n"
    with limited(0.05, "choose.minutes"):
        pass
    time.sleep(0.1)
