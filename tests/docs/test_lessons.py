"""The essays tell of all that the library has."""

import inspect
from pathlib import Path

import pytest

from numpygpt import optim
from numpygpt.nn import functional
from numpygpt.optim import schedules

DOCS = Path(__file__).parents[2] / "docs"
OPERATIONS = [name.removesuffix("_backward") for name in dir(functional) if name.endswith("_backward")]
OPTIMIZERS = [name for name in optim.__all__ if inspect.isclass(getattr(optim, name))]
SCHEDULES = [name for name in optim.__all__ if inspect.isfunction(getattr(schedules, name, None))]


def flat(words: str) -> str:
    return words.lower().translate(str.maketrans("", "", "-_ "))


@pytest.mark.parametrize(
    ("page", "name"),
    [
        *(("BACKPROP", name) for name in OPERATIONS),
        *(("OPTIMIZERS", name) for name in OPTIMIZERS + SCHEDULES),
    ],
)
def test_every_operation_optimizer_and_schedule_has_its_lesson(page, name):
    assert flat(name) in flat((DOCS / f"{page}.md").read_text(encoding="utf-8"))
