"""A real browser for the pages: headless Chromium, driven by Playwright; where one is missing, these tests skip."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "analysis"))  # for `synthetic`, the factory of run folders
sys.path.insert(0, str(Path(__file__).parent))

from browsing import FLAGS, NOTE_VIOLATIONS, chromium, note_faults
from studies import EVIL_NAME, hostile_study, usual_study

from analysis.reports import write_report


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """One Chromium for all tests, of the system: none is downloaded."""
    reason = "needs Playwright: pip install -e '.[browser]'"
    sync_api = pytest.importorskip("playwright.sync_api", reason=reason)
    if (path := chromium()) is None:
        pytest.skip("needs Chromium: apt-get install chromium, or name one in CHROMIUM")
    with sync_api.sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield started
        started.close()


@pytest.fixture
def opened(browser) -> Iterator[Callable[..., Any]]:
    """opened(file, width=..., **context) -> Page, which by the end of the test must have complained of nothing."""
    faults: list[str] = []
    pages = []

    def open_page(file: Path, width: int = 1280, height: int = 900, **options: Any) -> Any:
        context = browser.new_context(viewport={"width": width, "height": height}, **options)
        page = context.new_page()
        pages.append(page)
        page.set_default_timeout(15_000)
        page.add_init_script(NOTE_VIOLATIONS)
        note_faults(page, file, faults)
        page.goto(file.as_uri())
        return page

    yield open_page
    for page in pages:
        faults += page.evaluate("window.violations ?? []")
        page.context.close()
    assert faults == []


def report_of(root: Path) -> Path:
    return write_report(root).path.parent / "report.html"


@pytest.fixture(scope="session")
def usual(browser, tmp_path_factory) -> Path:
    """The report of a study as a sweep leaves it."""
    return report_of(usual_study(tmp_path_factory.mktemp("usual") / "quick"))


@pytest.fixture(scope="session")
def hostile(browser, tmp_path_factory) -> Path:
    """The report of a study full of markup."""
    return report_of(hostile_study(tmp_path_factory.mktemp("hostile") / EVIL_NAME))
