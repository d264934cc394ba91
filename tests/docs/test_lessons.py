"""The essays tell of all that the library has."""

import inspect
from pathlib import Path

import numpy as np
import pytest
from making import optimizer_figures

from numpygpt import optim
from numpygpt.nn import functional
from numpygpt.optim import schedules

TEMPLATES = Path(__file__).parents[2] / "docs" / "templates"
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
    assert flat(name) in flat((TEMPLATES / f"{page}.md").read_text(encoding="utf-8"))


def test_the_pictures_of_muon_show_what_the_text_says():
    evenness = {name: values[-1] / values[0] for name, values in optimizer_figures.spectra().items()}
    assert evenness["momentum"] < 0.01 < evenness["Adam"] < 0.1 < 0.4 < evenness["Muon"]
    steps = {name: optimizer_figures.first_step_of(name) for name in ("SGD", "Adam", "Muon")}
    lengths = {name: np.linalg.svd(step, compute_uv=False) for name, step in steps.items()}
    np.testing.assert_allclose(lengths["SGD"], [1, 0.15], atol=0.01)
    np.testing.assert_allclose(steps["Adam"], 1, rtol=1e-6)
    assert ((lengths["Muon"] > 0.6) & (lengths["Muon"] < 1.3)).all()
