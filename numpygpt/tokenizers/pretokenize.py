"""Pre-tokenisation: cutting a text into pieces that no token crosses, and counting the pieces of a stream.

A pattern names what a piece looks like; its matches tile every text. It also names places where no piece
can ever be under way, whatever comes before or after: a stream may be cut there, so that its pieces are
those of the whole text however its chunks fall.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from re import compile as compile_standard
from typing import Any

import regex

from numpygpt.errors import UserError

CACHED = 1 << 17  # pieces
LONGEST_CACHED = 256  # characters; what is longer hardly comes twice, and may be a whole text

# What the classes of the patterns below mean in ASCII. Python's own engine is twice as fast as the regex
# library but knows no \p{L} and has other ideas of \s, so ASCII text is split by it with these in their place.
ASCII_CLASSES = {
    r"^\S\n": r"\t\v-\r ",  # white space other than newlines
    r"\s": r"\t-\r ",
    r"\p{L}": "a-zA-Z",
    r"\p{N}": "0-9",
    r"\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}": "A-Z",
    r"\p{Ll}\p{Lm}\p{Lo}\p{M}": "a-z",
    r"\w": "a-zA-Z0-9_",
}


@dataclass(frozen=True)
class Splitter:
    """How to cut text into pieces.

    pieces  a regular expression that matches one piece, with classes in brackets: `[\\s]`, not `\\s`; every
            text must be tiled by its matches. None: the whole text is one piece.
    cut     a zero-width regular expression that matches only where a piece ends and the next begins, and
            where what follows cannot change what came before. None: there is no such place.
    """

    pieces: str | None
    cut: str | None

    @cached_property
    def _unicode(self) -> Any:
        return regex.compile(self.pieces or "")

    @cached_property
    def _ascii(self) -> Any:
        pattern = self.pieces or ""
        for name, members in ASCII_CLASSES.items():
            pattern = pattern.replace(name, members)
        return compile_standard(pattern)

    @cached_property
    def _last_cut(self) -> Any:
        return regex.compile(f"(?r){self.cut}")  # (?r): search from the end

    def split(self, text: str) -> list[str]:
        """The pieces of `text`, in order; they concatenate to it."""
        if self.pieces is None:
            return [text] if text else []
        return (self._ascii if text.isascii() else self._unicode).findall(text)

    def count(self, chunks: Iterable[str]) -> Counter[str]:
        """How often each piece occurs. Memory holds the distinct pieces and what follows the last cut."""
        counts: Counter[str] = Counter()
        rest = ""
        for chunk in chunks:
            before, rest = len(rest), rest + chunk
            # No cut lies further back, but for one right behind what was there.
            if self.cut is not None and (found := self._last_cut.search(rest, max(before - 1, 0))):
                counts.update(self.split(rest[: found.start()]))
                rest = rest[found.start() :]
        counts.update(self.split(rest))
        return counts


def count_characters(texts: Mapping[str, int]) -> Counter[str]:
    """How often each character occurs in texts that occur so often."""
    counts: Counter[str] = Counter()
    for text, n in texts.items():
        for character in text:
            counts[character] += n
    return counts


class Cache(dict[str, Any]):
    """From a piece to what `compute` makes of it; emptied when full, as what is frequent is back at once."""

    def __init__(self, compute: Callable[[str], Any]):
        self._compute = compute

    def __missing__(self, piece: str) -> Any:
        if len(piece) > LONGEST_CACHED:
            return self._compute(piece)
        if len(self) >= CACHED:
            self.clear()
        value = self[piece] = self._compute(piece)
        return value


# A run of letters ends wherever another character follows: true of both GPT patterns, contractions included.
AFTER_LETTERS = r"(?<=\p{L})(?=\P{L})"
BEFORE_SPACE = r"(?<=\S)(?=\s)"
AFTER_DIGITS = r"(?<=\p{N})(?=\P{N})"
CAPITAL, SMALL = r"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]", r"[\p{Ll}\p{Lm}\p{Lo}\p{M}]"
ENDING = r"(?:'(?i:[sdmt]|ll|ve|re))"

PATTERNS = {
    # GPT-2's, from openai/gpt-2 encoder.py: contractions, and runs of letters, digits or others with the
    # space before them. Of several spaces the last goes with what follows.
    "gpt2": Splitter(
        r"'(?:[sdmt]|ll|ve|re)| ?[\p{L}]+| ?[\p{N}]+| ?[^\s\p{L}\p{N}]+|[\s]+(?![^\s])|[\s]+",
        AFTER_LETTERS,
    ),
    # GPT-4's (cl100k_base in openai/tiktoken): contractions of either case, digits by threes, newlines apart.
    "gpt4": Splitter(
        r"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?[\p{L}]+|[\p{N}]{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*"
        r"|[\s]*[\r\n]+|[\s]+(?![^\s])|[\s]+",
        AFTER_LETTERS,
    ),
    # GPT-4o's (o200k_base, there): a word is capitals, then small letters, with its marks and a contraction.
    "gpt4o": Splitter(
        rf"[^\r\n\p{{L}}\p{{N}}]?{CAPITAL}*{SMALL}+{ENDING}?|[^\r\n\p{{L}}\p{{N}}]?{CAPITAL}+{SMALL}*{ENDING}?"
        r"|[\p{N}]{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|[\s]*[\r\n]+|[\s]+(?![^\s])|[\s]+",
        r"(?<=\p{L})(?=[^\p{L}\p{M}'])",
    ),
    # Whatever stands between spaces, with the space before it.
    "whitespace": Splitter(r" ?[^\s]+|[\s]+(?![^\s])|[\s]+", BEFORE_SPACE),
    # Tokens may cross anything. A stream cannot be cut and is held whole.
    "none": Splitter(None, None),
}


def splitter(pattern: str, digits: int | None = None) -> Splitter:
    """The splitter of a named pattern; with `digits` numbers are cut into groups of so many, from the left.

    UserError: there is no pattern of that name, or digits are not 1, 2, 3 or None.
    """
    if not isinstance(pattern, str) or pattern not in PATTERNS:
        raise UserError(f"pattern must be one of {', '.join(PATTERNS)}, not {pattern!r}")
    if digits is None:
        return PATTERNS[pattern]
    if isinstance(digits, bool) or digits not in (1, 2, 3):
        raise UserError(f"digits must be 1, 2, 3 or null, not {digits!r}")
    group = rf"[\p{{N}}]{{1,{digits}}}"
    numbers = {  # how the pattern takes them, and how it does if each group is a piece of its own
        "gpt2": (r" ?[\p{N}]+", group),
        "whitespace": (r" ?[^\s]+", group + r"| ?[^\s\p{N}]+"),
        "none": ("", group + r"|[^\p{N}]+"),
    }
    known = PATTERNS[pattern]
    pieces = (known.pieces or "").replace(*numbers.get(pattern, (r"[\p{N}]{1,3}", group)))
    return Splitter(pieces, known.cut or AFTER_DIGITS)
