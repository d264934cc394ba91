"""Texts that are scored beside the validation text: files, and those that the project brings."""

from collections.abc import Iterable
from pathlib import Path

from experiments.cli.files import decoded, read_input
from numpygpt.errors import UserError
from numpygpt.files import expanded
from numpygpt.printing import printable

FOLDER = Path(__file__).resolve().parents[1] / "eval_texts"


def text_path(text: str) -> Path:
    """The file of a text: itself, or that of a text that the project brings, by its name."""
    brought = {path.stem: path for path in FOLDER.glob("*.txt")}
    return brought.get(text) or expanded(text).absolute()


def text_name(text: str) -> str:
    """What tables call it: a text of the project by its name, a file by its file name."""
    path = text_path(text)
    return printable(path.stem if path.parent == FOLDER else path.name)


def read_text(text: str) -> str:
    """Raises UserError for what cannot be read, is no UTF-8, or is empty."""
    path = text_path(text)
    content = decoded(read_input(path, pipes=False), str(path))
    if not content:
        raise UserError(f"{path} is empty: name a file with some text in it")
    return content


def read_texts(texts: Iterable[str]) -> dict[str, str]:
    """Name -> text. Raises UserError as `read_text`, and for two of one name."""
    found: dict[str, str] = {}
    for text in dict.fromkeys(texts):
        if (name := text_name(text)) in found:
            raise UserError(f"two texts are called {name}, and that is what tables call them: rename one")
        found[name] = read_text(text)
    return found
