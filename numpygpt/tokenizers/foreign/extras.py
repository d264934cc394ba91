"""Files and packages that may be missing or damaged: asked for by name, refused in one sentence."""

import importlib
import importlib.util
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from numpygpt import files
from numpygpt.errors import UserError

PACKAGES = {"hf": "tokenizers", "sentencepiece": "sentencepiece", "tiktoken": "tiktoken"}


def require(kind: str) -> None:
    """UserError, naming the command that mends it, if the package that a kind of tokenizer needs is missing."""
    package = PACKAGES.get(kind)
    if package is not None and importlib.util.find_spec(package) is None:
        raise UserError(f"the tokenizer {kind} needs the package {package}: pip install {package}")


def package_of(kind: str) -> Any:
    """The module that a kind needs, imported now. UserError: it is not installed."""
    require(kind)
    return importlib.import_module(PACKAGES[kind])


def read_bytes(path: str | None, kind: str, example: str) -> bytes:
    """The content of the file that `tokenizer.path` names. UserError: none is named, or it cannot be read."""
    if path is None:
        raise UserError(f"tokenizer={kind} needs a file: give tokenizer.path={example}")
    with refusing(f"tokenizer.path={path} is not possible: name {example}, as {kind} has it"):
        return files.read_bytes(files.expanded(path))


@contextmanager
def refusing(what: str) -> Iterator[None]:
    """Turns whatever a foreign library raises in the block into a UserError that begins with `what`.

    Rust's panics arrive as exceptions outside of `Exception`.
    """
    try:
        yield
    except (KeyboardInterrupt, GeneratorExit, MemoryError):
        raise
    except BaseException as error:
        lines = str(error).splitlines()
        raise UserError(f"{what}: {lines[0] if lines else type(error).__name__}") from None
