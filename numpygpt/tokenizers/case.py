"""Case apart from letters: text in lower case, with marks that say where the capitals were.

A capital is put into lower case only if both letters take as many bytes in UTF-8 and each is the other's: not the
Turkish \u0130, whose small letter is two, nor the title-case \u01c5; ß, ſ and the final ς are small and stay. So letters
turn one by one, whatever their neighbours, and byte offsets are those of the source.
"""

from functools import cache

CAPITAL, UPPER = "\udcfe", "\udcff"
"""Marks: the next letter is a capital; all small letters up to the next other character are. These are the surrogates
that Python (PEP 383) puts in the place of the bytes FE and FF, which occur in no UTF-8: no text holds them."""

LAST_CASED = 0x1FFFF  # no character beyond it has a case

SIGNS = {CAPITAL: "\N{UPWARDS WHITE ARROW}", UPPER: "\N{UPWARDS WHITE ARROW FROM BAR}"}  # as keyboards show them


@cache
def pairs() -> dict[str, str]:
    """Capitals and their small letters."""
    small_of = {c: c.lower() for c in map(chr, range(LAST_CASED + 1)) if c != c.lower()}
    return {
        capital: small
        for capital, small in small_of.items()
        if len(small) == 1
        and small.upper() == capital
        and len(small.encode()) == len(capital.encode())
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
