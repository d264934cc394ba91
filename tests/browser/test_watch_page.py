"""The page of a sweep that is watched: it loads itself again, stays where its reader is, and stops at the end."""

import re
import time

import pytest
from browsing import patiently, seconds_to_open
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

    def shows(state: str, progress: str, points: int) -> None:
        row = page.locator("tr[data-run='bpe-small-s1']")
        assert row.get_attribute("data-state") == state
        assert progress in row.inner_text()
        line = page.locator("#charts title", has_text="bpe-small-s1").first.locator("xpath=../*[2]")
        assert len(line.get_attribute("points").split()) == points

    def scroll() -> float:
        page.locator("tr[data-run='char-small-s20']").scroll_into_view_if_needed()
        place = page.evaluate("scrollY")
        assert place > 300
        return place

    def still(place: float) -> None:
        assert page.evaluate("scrollY") == pytest.approx(place, abs=40)

    with going.lock():
        write(study, kept)
        page = opened(kept.path, height=500)
        patiently(lambda: shows("running", "200/1,000", 3))
        place = patiently(scroll)
        log(going, 300, 400)
        write(study, kept)
        patiently(lambda: shows("running", "400/1,000", 5))
        patiently(lambda: still(place))
    study.update()
    kept.close(study.standing(time.time()))
    patiently(lambda: shows("interrupted", "400/1,000", 5))
    assert page.locator("meta[http-equiv=refresh]").count() == 0
    assert "Nothing goes on here any more" in page.locator("main").inner_text()
    page.evaluate("window.last = true")
    page.wait_for_timeout(1500)
    assert page.evaluate("window.last")


def test_it_is_light(study, opened, record_property):
    kept = Page(study.path / "watch.html")
    write(study, kept)
    page = opened(kept.path)
    record_property("seconds to open", loaded := seconds_to_open(page))
    assert loaded < 1.0
    assert kept.path.stat().st_size < 100_000
    assert re.search(r"30/31 ", page.title())
