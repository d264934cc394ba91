"""Tokenizer files: versioned JSON, written whole or not at all, read without running code.

{"format": "numpygpt-tokenizer", "version": 1, "kind": "char", "options": {...}, ...what the kind learned}
"""

import json
import os
from typing import Any

from numpygpt.errors import UserError
from numpygpt.files import read_bytes

FORMAT = "numpygpt-tokenizer"
VERSION = 1


def damaged(what: str) -> UserError:
    return UserError(f"the tokenizer file is damaged: {what}")


def read_json(path: str | os.PathLike[str]) -> Any:
    """What a tokenizer file holds; a UserError says what is wrong with it."""
    try:
        return json.loads(read_bytes(path).decode("utf-8"), object_pairs_hook=_without_duplicates)
    except OSError as error:
        raise UserError(f"it cannot be read ({error.strerror or error})") from None
    except UnicodeDecodeError:
        raise UserError("it is not UTF-8 text") from None
    except (ValueError, RecursionError) as error:
        raise UserError(f"it is no JSON, or damaged: {error}") from None


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) != len(pairs):
        raise ValueError("a JSON object in it names a key twice")
    return result


def check_header(data: Any) -> None:
    """Refuse what is not a tokenizer of this format and version."""
    if not isinstance(data, dict) or data.get("format") != FORMAT:
        raise UserError(f"it is no tokenizer of this project: it lacks the key format={FORMAT!r}")
    if data.get("version") != VERSION:
        raise UserError(
            f"it has version {data.get('version')!r} of the tokenizer format, this program reads "
            f"version {VERSION}: train the tokenizer again or update the program"
        )
