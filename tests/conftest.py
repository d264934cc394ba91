"""Fixtures that many tests share."""

import hashlib
import os
from pathlib import Path

import numpy as np
import pytest

SHAKESPEARE_SHA256 = "86c4e6aa9db7c042ec79f339dcb96d42b0075e16b8fc2e86bf0ca57e2dc565ed"


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
