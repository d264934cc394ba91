"""TensorBoard gets every row of metrics once, however often a run was cut and resumed."""

from dataclasses import replace
from itertools import count

import pytest

from experiments.configuration.build import Corpora
from experiments.configuration.identity import identity, run_folder
from experiments.configuration.schema import TrackingConfig
from experiments.configuration.validation import check
from experiments.runner.interrupts import stop_requests
from experiments.runner.job import execute
from experiments.runner.progress import Reporter
from experiments.runner.tracking import tracked
from numpygpt.errors import UserError

TAGS = {
    *(f"eval/{key}" for key in ("train_loss", "val_loss", "train_bpb", "val_bpb")),
    *(f"train/{key}" for key in ("loss", "lr", "grad_norm")),
}


@pytest.fixture
def config(composer, text_file, tmp_path):
    composed = composer(
        *("tokenizer=char", "model=tiny", "data=file", f"data.path='{text_file}'", f"outputs='{tmp_path}'"),
        *("budget=iters", "budget.iters=8", "train.eval_interval=2", "train.eval_windows=4"),
        *("train.log_interval=1", "train.checkpoint_interval=3", "train.workers=1", "sample.tokens=5"),
        *("sample.number=1", "eval.texts=[]", "tracking=tensorboard"),
    )
    return replace(composed, data=Corpora().decide(composed.data, may_fall_back=False))


def drawn(run) -> dict[str, list[tuple[int, float]]]:
    """Tag -> (step, value) as TensorBoard draws them."""
    accumulator = pytest.importorskip(
        "tensorboard.backend.event_processing.event_accumulator", reason="needs numpygpt[tensorboard]"
    )
    events = accumulator.EventAccumulator(str(run.path / "tensorboard"))
    events.Reload()
    return {tag: [(e.step, e.value) for e in events.Scalars(tag)] for tag in events.Tags()["scalars"]}


def test_a_resumed_run_has_no_point_twice(config, monkeypatch):
    pytest.importorskip("tensorboard", reason="needs numpygpt[tensorboard]")
    run, updates = run_folder(config), count(1)

    def power_cut() -> bool:
        if next(updates) == 5:  # the last checkpoint was after update 3
            raise OSError("no power")
        return False

    with monkeypatch.context() as patch:
        patch.setattr(stop_requests, "requested", power_cut)
        assert execute(config, Reporter()) == "failed"
    assert max(row["step"] for row in run.metrics()) == 5
    assert execute(config, Reporter()) == "done"
    curves, rows = drawn(run), run.metrics()
    assert set(curves) == TAGS
    for tag, points in curves.items():
        kind, _, key = tag.partition("/")
        expected = [(row["step"], row[key]) for row in rows if row["kind"] == kind]
        assert points == [(step, pytest.approx(value, rel=1e-6)) for step, value in expected]


def test_tracking_is_no_part_of_what_a_run_is(config):
    assert identity(config) == identity(replace(config, tracking=TrackingConfig("none")))


def test_without_the_package_it_is_refused_before_any_work(config, monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(UserError, match=r"pip install -e \"\.\[tensorboard\]\""):
        check(config)


def test_nobody_else_is_told_by_default(tmp_path):
    with tracked("none", tmp_path) as track:
        track({"step": 0, "kind": "eval", "val_loss": 1.0})
    assert list(tmp_path.iterdir()) == []
