"""One small study for all tests of the analysis that only read."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))  # for `synthetic`, the factory of run folders

from synthetic import make_study


@pytest.fixture(scope="session")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four tokenizers under five seeds, as a default sweep leaves them."""
    root = tmp_path_factory.mktemp("outputs") / "quick"
    make_study(root)
    return root


@pytest.fixture
def no_figures(monkeypatch: pytest.MonkeyPatch) -> None:
    """Most of a report's time goes into its figures."""
    monkeypatch.setattr("analysis.page.view.drawings", lambda comparison, metrics: [])
