"""The class that tokenizer.factory names as package.module:Class: its code, and an instance of it."""

import functools
import hashlib
import importlib.util
import sys
from pathlib import Path
from typing import Any

from numpygpt.errors import UserError
from numpygpt.files import read_bytes
from numpygpt.tokenizers.foreign import extras


@functools.cache  # a process goes on with the code that it imported, whatever becomes of the file
def code_sha256(factory: str | None) -> str:
    """sha256 of the module in package.module:Class, or of all modules of its package; they are not run.

    What the module imports from elsewhere does not count. Raises UserError if there is no such module.
    """
    module, _ = _named(factory)
    try:
        digest = hashlib.sha256()
        for path in _sources(module):
            digest.update(read_bytes(path))
        return digest.hexdigest()
    except (ImportError, ValueError, OSError) as error:
        raise _not_importable(factory, error) from None


def _sources(module: str) -> list[Path]:
    """The files of a module. Raises ImportError if it cannot be found."""
    if module in sys.modules and (file := getattr(sys.modules[module], "__file__", None)):
        origin = file  # also of __main__, which has no spec
    elif (spec := importlib.util.find_spec(module)) is None or spec.origin is None:
        raise ModuleNotFoundError(f"No module named {module!r}")
    else:
        origin = spec.origin
    path = Path(origin)
    in_package = (path.parent / "__init__.py").exists()
    return sorted(path.parent.rglob("*.py")) if in_package else [path]


def _named(factory: str | None) -> tuple[str, str]:
    """package.module and Class. Raises UserError."""
    module, _, name = (factory or "").partition(":")
    if not module or not name.isidentifier():
        raise UserError(f"tokenizer.factory={factory} names no class: it may be package.module:Class")
    return module, name


def _not_importable(factory: str | None, error: Exception) -> UserError:
    return UserError(f"tokenizer.factory={factory} cannot be imported ({error}): is it installed?")


def make(factory: str | None) -> Any:
    """A new instance of package.module:Class."""
    module, name = _named(factory)
    said = None if module in sys.modules else code_sha256(factory)
    try:
        found = importlib.import_module(module)
    except Exception as error:  # whatever the user's code raises, a syntax error for one
        raise _not_importable(factory, error) from None
    if said is not None and code_sha256.__wrapped__(factory) != said:
        raise UserError(f"the code of {factory} was edited since this command began: type it again")
    made = getattr(found, name, None)
    if made is None:
        raise UserError(f"tokenizer.factory={factory} is not possible: {module} has no {name}")
    with extras.refusing(f"tokenizer.factory={factory} cannot be made"):
        return made()
