"""The one exception for mistakes that a user can mend, and what its sentences are made of."""

import difflib
import re
from collections.abc import Iterable

MAX_MESSAGE_CHARS = 1000


class UserError(ValueError):
    """A bad input: the message is one sentence that names the input and says what to do.

    Entry points print the message and exit with status 2; any other exception is a bug of ours. What a message
    quotes, of a file or of what was typed, may be of any length: `shortened` bounds it.
    """

    def __init__(self, message: object = "") -> None:
        super().__init__(shortened(str(message)))


def shortened(message: str) -> str:
    """The message; of a long one beginning and end, which say what it is about and what to do."""
    if len(message) <= MAX_MESSAGE_CHARS:
        return message
    half = MAX_MESSAGE_CHARS // 2 - 4
    return f"{message[:half]} [...] {message[-half:]}"


def nearest(wrong: str, right: Iterable[str]) -> str | None:
    """What was meant: the same but for case, dashes and underscores, else what is most like it, if anything is."""
    names = {folded(name): name for name in right}
    close = difflib.get_close_matches(folded(wrong), names, n=1)
    return names[close[0]] if close else None


def folded(name: str) -> str:
    """Without what people mix up: case, dashes and underscores."""
    return re.sub("[-_ ]", "", name.lower())


def did_you_mean(wrong: str, right: Iterable[str], key: str = "") -> str:
    """` (did you mean x?)`, with `: type key=x` after it if x is a value; nothing if nothing is like it."""
    meant = nearest(wrong, right)
    if meant is None:
        return ""
    return f" (did you mean {meant}?): type {key}={meant}" if key else f" (did you mean {meant}?)"
