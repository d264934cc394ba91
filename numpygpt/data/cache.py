"""The cache: downloads, token files and whatever else is made once and kept."""

import math
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from platformdirs import user_cache_dir

from numpygpt.files import expanded, locked, require_writable

CACHE = "NUMPYGPT_CACHE"  # the environment variable that names another folder


def cache_folder() -> Path:
    """Where downloads and token files are kept: $NUMPYGPT_CACHE, or the user's cache folder."""
    if chosen := os.environ.get(CACHE):
        return expanded(chosen).absolute()
    return Path(user_cache_dir("numpygpt"))


@contextmanager
def lock_for(path: Path) -> Iterator[None]:
    """Holds the lock under which the cached file `path` is written; makes its folder, waits for others."""
    require_writable(path.parent, CACHE)
    with locked(path.with_name(path.name + ".lock"), patience=math.inf):
        yield
