"""What a run scores beside the validation text (`eval.texts`): files, and texts that the project brings."""

from collections.abc import Sequence
from pathlib import Path

from numpygpt.errors import UserError
from numpygpt.files import expanded, read_bytes
from numpygpt.printing import printable

FOLDER = Path(__file__).resolve().parents[1] / "eval_texts"


def text_path(text: str) -> Path:
    """The file of one of `eval.texts`: a file, or the name of a text that the project brings."""
    brought = {path.stem: path for path in FOLDER.glob("*.txt")}
    return brought.get(text) or expanded(text).absolute()


def text_name(text: str) -> str:
    """What tables call it: a text of the project by its name, a file by its file name."""
    path = text_path(text)
    return printable(path.stem if path.parent == FOLDER else path.name)


def read_text(text: str) -> str:
    """Raises UserError for what cannot be read, is no UTF-8, or is empty."""
    try:
        data = read_bytes(text_path(text))
    except OSError as error:
        raise UserError(
            f"eval.texts={text} is not possible: it may be a text file that can be read ({error.strerror})"
        ) from error
    try:
        decoded = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise UserError(
            f"eval.texts={text} is not UTF-8 (byte {error.start}): convert it, for example with iconv"
        ) from error
    if not decoded:
        raise UserError(f"eval.texts={text} is not possible: it is empty")
    return decoded


def check_texts(texts: Sequence[str]) -> None:
    """Raises UserError, before any work, for a text that cannot be scored, or two of one name."""
    names = [text_name(text) for text in texts]
    if twice := [name for name in names if names.count(name) > 1]:
        raise UserError(f"two of eval.texts are called {twice[0]}, as tables will call them: rename one")
    for text in texts:
        read_text(text)
