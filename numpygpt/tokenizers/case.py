"""Case apart from letters: text in lower case, with marks that say where the capitals were.

A capital is put into lower case only if each of two letters is the other's and both take as many bytes in UTF-8.
The Turkish \u0130, whose small letter is two characters, and the title-case \u01c5 stay; ß, ſ and the final ς are
small already. So letters turn one by one, whatever their neighbours, and byte offsets are those of the source.
"""

import re
from functools import cache

CAPITAL, UPPER = "\udcfe", "\udcff"
"""Marks: a capital follows; as many do as letters follow. They are what Python puts in the place of the bytes FE
and FF (PEP 383), which occur in no UTF-8: no text holds them, and vocabularies of bytes do already."""

CASES = ("kept", "marks")
SIGNS = {
    b"\xfe": "\N{UPWARDS WHITE ARROW}".encode(),  # as on keyboards
    b"\xff": "\N{UPWARDS WHITE ARROW FROM BAR}".encode(),
}
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


# ---------------------------------------------------------------------- marks in the text


@cache
def _patterns() -> tuple[re.Pattern[str], re.Pattern[str], re.Pattern[str]]:
    """Capitals to be marked, in runs or one by one, and what is marked.

    Marks stand before the space before a word, which so is ` word` in any case. A run is two capitals or more that
    no small letter follows; none begins behind an apostrophe, where some patterns cut off a contraction such as
    `'LL`, and small letters of the next piece may follow.
    """
    capital, small = ("[" + "".join(letters) + "]" for letters in (pairs().keys(), pairs().values()))
    run = f"(?<!['\u2019]){capital}{{2,}}+(?!{small})"
    is_marked = f"{UPPER} ?{small}+|{CAPITAL} ?{small}"
    to_mark, one_by_one = f"( ?)(?:({run})|({capital}))", f"( ?)()({capital})"
    return re.compile(to_mark), re.compile(one_by_one), re.compile(is_marked)


def marked(text: str, runs: bool = True) -> str:
    """The text, which holds no lone surrogate, in lower case with marks; without `runs` for each capital alone."""

    def lowered(found: re.Match[str]) -> str:
        space, capitals, single = found.groups(default="")
        return (UPPER if capitals else CAPITAL) + space + lower(capitals or single)

    return _patterns()[not runs].sub(lowered, text)


def unmarked(data: bytes) -> bytes:
    """What a text was in UTF-8 that was marked; marks that nothing can follow are left out. Of any bytes."""
    text = data.decode("utf-8", errors="surrogateescape")
    text = _patterns()[2].sub(lambda found: upper(found[0][1:]), text)
    return text.replace(CAPITAL, "").replace(UPPER, "").encode("utf-8", errors="surrogateescape")


def with_signs(data: bytes) -> bytes:
    """Marked text in UTF-8 for a reader."""
    for mark, sign in SIGNS.items():
        data = data.replace(mark, sign)
    return data
