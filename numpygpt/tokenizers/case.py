"""Case apart from letters, so that marks can say where the capitals were.

A capital is put into lower case only if each of two letters is the other's and both take as many bytes in UTF-8.
The Turkish \u0130, whose small letter is two characters, and the title-case \u01c5 stay; ß, ſ and the final ς are
small already. So letters turn one by one, whatever their neighbours, and byte offsets are those of the source.
"""

import re
from functools import cache

LAST_CASED = 0x1FFFF  # no character beyond it has a case


@cache
def pairs() -> dict[str, str]:
    """Capitals and their small letters."""
    small_of = {c: c.lower() for c in map(chr, range(LAST_CASED + 1)) if c != c.lower()}
    return {
        capital: small
        for capital, small in small_of.items()
        if small.isalpha() and small.upper() == capital and len(small.encode()) == len(capital.encode())
    }


@cache
def tables() -> tuple[dict[int, str], dict[int, str]]:
    """For `str.translate`: to small letters, and to capitals."""
    return str.maketrans(pairs()), str.maketrans({small: capital for capital, small in pairs().items()})


def lower(text: str) -> str:
    """The text with small letters for all capitals that have one."""
    return text.lower() if text.isascii() else text.translate(tables()[0])


def upper(text: str) -> str:
    """The text with capitals for all small letters that have one."""
    return text.upper() if text.isascii() else text.translate(tables()[1])


def capitalised(text: str) -> str:
    """The text with a capital at its start, if there is one."""
    return upper(text[:1]) + text[1:]


def parts_by_case(word: str) -> list[str]:
    """A word cut into parts that are each small, capitalised or all capitals: get, HTML and Page of getHTMLPage."""
    mask = "".join("s" if c == lower(c) else "C" for c in word)
    return [word[part.start() : part.end()] for part in re.finditer("C?s+|C+(?=Cs)|C+", mask)]
