"""Text as code points and as UTF-8 bytes: what every tokenizer needs to know of Unicode."""

from collections.abc import Iterable, Iterator

import numpy as np
import regex

from numpygpt.errors import UserError

# What a word is, for the word tokenizer and for all measures that count words: a run of letters and digits of any
# script, of underscores, and of what belongs to them: combining marks, as in Hindi, Thai or NFD, and joiners, as in
# Persian. This is \w of the regex library; \w of the standard re has no marks, and cuts words at them.
WORD = r"[\w]+"
# The words in a text: of these none begins with a mark or a joiner, so that what belongs to an emoji is no word.
WORDS = regex.compile(rf"(?![\p{{M}}\p{{Cf}}]){WORD}")
# The words of prose: without underscores, and with the apostrophes within them.
PROSE_WORDS = regex.compile(r"(?![\p{M}\p{Cf}])[^\W_]+(?:['\u2019][^\W_]+)*")


def check_text(text: str) -> str:
    """`text` itself, or a UserError if it is no str or holds a lone surrogate, which UTF-8 cannot carry."""
    if not isinstance(text, str):
        raise UserError(f"a tokenizer reads text as str, not as {type(text).__name__}: decode it first")
    if not text.isascii():
        try:
            text.encode("utf-8")
        except UnicodeEncodeError as error:
            raise UserError(
                f"the text holds a lone surrogate, U+{ord(text[error.start]):04X} at character {error.start}, "
                "which is no Unicode: remove it, or decode the source with errors='replace'"
            ) from None
    return text


def training_chunks(text: str | Iterable[str]) -> Iterator[str]:
    """The non-empty chunks that concatenate to the training text; a UserError if there are none."""
    empty = True
    for chunk in (text,) if isinstance(text, str) else text:
        if check_text(chunk):
            empty = False
            yield chunk
    if empty:
        raise UserError("the training text is empty: give the tokenizer at least one character to learn from")


def code_points(text: str) -> np.ndarray:
    """The code points of `text`, lone surrogates among them, uint32 (len(text),)."""
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype="<u4")


def utf8_widths(points: np.ndarray) -> np.ndarray:
    """How many bytes UTF-8 spends on each code point, 1 to 4, as int64 of the same shape."""
    return np.add(1, (points > 0x7F).astype(np.int64) + (points > 0x7FF) + (points > 0xFFFF))


def byte_offsets(text: str, ends: np.ndarray) -> np.ndarray:
    """Character offsets in `text` as UTF-8 byte offsets, int64: `len(text[:end].encode())` for each end."""
    if text.isascii():
        return ends.astype(np.int64)
    before = np.zeros(len(text) + 1, dtype=np.int64)
    np.cumsum(utf8_widths(code_points(text)), out=before[1:])
    return before[ends]
