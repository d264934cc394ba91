"""The page of a sweep that is watched: it loads itself again, stays where its reader is, and stops at the end."""

import re
import time

import pytest
from synthetic import make_run, record

from analysis.standing import Study
from analysis.watch import Page
from numpygpt.runs import RunFolder


@pytest.fixture
def quick_reload(monkeypatch):
    """Seconds between two loads; of whole ones, as browsers have it."""
    monkeypatch.setattr("analysis.watch_page.RELOAD", 1)


@pytest.fixture
def study(tmp_path):
    for number in range(30):  # enough to scroll
        make_run(tmp_path, "char", number, every=100)
    going = RunFolder(tmp_path / "bpe-small-s1")
    going.create(record("bpe", 1, going.name) | {"resolved": {"iters": 1000}})
    log(going, 0, 100, 200)
    return Study(tmp_path)


def log(run: RunFolder, *steps: int) -> None:
    for step in steps:
        row = {"train_loss": 2.0, "val_loss": 2.1, "train_bpb": 2.9, "val_bpb": 3.0 - step / 1000}
        seen = {"tokens": 768 * step, "chars": 768.0 * step, "seconds": 0.1 * step}
        run.append_metrics({"step": step, "kind": "eval", **row, **seen})


def write(study: Study, page: Page) -> None:
    study.update()
    page.show(study.standing(time.time()), changed=True)


def test_it_follows_a_run_and_stops_when_nothing_goes_on(study, opened, quick_reload):
    going = RunFolder(study.path / "bpe-small-s1")
    kept = Page(study.path / "watch.html")
    with going.lock():
        write(study, kept)
        page = opened(kept.path, height=500)
        row = page.locator("tr[data-run='bpe-small-s1']")
        assert row.get_attribute("data-state") == "running"
        assert page.locator("#state [data-state=running]").inner_text() == "1 running"
        line = page.locator("#charts g.live polyline").first
        assert len(line.get_attribute("points").split()) == 3
        page.locator("tr[data-run='char-small-s20']").scroll_into_view_if_needed()
        before = page.evaluate("scrollY")
        log(going, 300, 400)
        write(study, kept)
        row.filter(has_text="400/1,000").wait_for()
        assert len(line.get_attribute("points").split()) == 5
        assert before > 300
        assert page.evaluate("scrollY") == pytest.approx(before, abs=40)
    study.update()
    kept.close(study.standing(time.time()))
    page.locator("meta[http-equiv=refresh]").wait_for(state="detached")
    assert "Nothing goes on here any more" in page.locator("main").inner_text()
    page.evaluate("window.last = true")
    page.wait_for_timeout(1500)
    assert page.evaluate("window.last")
    assert row.get_attribute("data-state") == "interrupted"


def test_it_is_light(study, opened, record_property):
    kept = Page(study.path / "watch.html")
    write(study, kept)
    page = opened(kept.path)
    loaded = page.evaluate("performance.getEntriesByType('navigation')[0].loadEventEnd") / 1000
    record_property("seconds to open", loaded)
    assert loaded < 2.0
    assert kept.path.stat().st_size < 100_000
    assert re.search(r"30/31 ", page.title())
