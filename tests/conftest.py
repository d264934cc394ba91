"""Fixtures that many tests share, and `--skipped`: the tests that lacked an extra, once it is installed."""

import hashlib
import os
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # tests may run side by side (pytest -n auto)

import numpy as np
import pytest
from hypothesis import settings

pytest_plugins = ["pytester"]
settings.register_profile("suite", deadline=None)  # a machine may be busy with other things
settings.load_profile("suite")
SKIPPED = "skipped"  # in pytest's cache: the ids of tests, and of whole files, that the last run skipped
SHAKESPEARE_SHA256 = "86c4e6aa9db7c042ec79f339dcb96d42b0075e16b8fc2e86bf0ca57e2dc565ed"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--skipped", action="store_true", help="run only the tests that the last run skipped")
    parser.addoption("--faults", type=int, default=0, help="tests/faults: so many of each kind; 0: a few")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("--skipped"):
        last = set(config.cache.get(SKIPPED, []))
        chosen = [
            item for item in items if not last.isdisjoint({item.nodeid, item.nodeid.partition("::")[0]})
        ]
        config.hook.pytest_deselected(items=[item for item in items if item not in chosen])
        items[:] = chosen


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    if (cache := getattr(config, "cache", None)) is not None:  # none under -p no:cacheprovider
        cache.set(SKIPPED, [report.nodeid for report in terminalreporter.stats.get("skipped", [])])


@pytest.fixture(scope="session")
def shakespeare() -> str:
    """The tiny Shakespeare text, from the folder that NUMPYGPT_DATA names; the test is skipped without it."""
    folder = os.environ.get("NUMPYGPT_DATA")
    path = Path(folder) / "shakespeare.txt" if folder else None
    if path is None or not path.is_file():
        pytest.skip("needs the Shakespeare corpus: set NUMPYGPT_DATA to a folder that holds shakespeare.txt")
    data = path.read_bytes()
    if hashlib.sha256(data).hexdigest() != SHAKESPEARE_SHA256:
        pytest.skip(f"{path} is not the Shakespeare corpus that these tests expect")
    return data.decode("utf-8")


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(0)
