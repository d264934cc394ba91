"""Texts on which tokenizers lose things: to find out whether anything is lost, and to say what."""

import unicodedata
from functools import cache

# What may be lost -> a text, the part of it that is missing from what comes back if it is, and the beginning of
# what then stands in its place, where that makes the difference.
FEATURES: dict[str, tuple[str, str, str]] = {
    "case": ("the CAT sat", "CAT", "the cat"),
    "spaces": ("the cat  sat", "t  s", ""),
    "line ends": ("the cat\nsat", "\n", ""),
    "tabs": ("the\tcat", "\t", ""),
    "carriage returns": ("the cat\r\nsat", "\r\n", ""),
    "spaces at the end": ("the cat ", "cat ", ""),
    "accents": ("a caf\u00e9", "\u00e9", "a cafe"),
    "combining marks": ("a cafe\u0301", "e\u0301", ""),
    "control characters": ("a\0b\x01c", "\0b\x01", ""),
    "other scripts": ("\u043f\u0440\u0438\u0432\u0435\u0442 \u4f60\u597d", "\u4f60\u597d", ""),
    "emoji": ("a \U0001f600", "\U0001f600", ""),
    "the character U+2581": ("a\u2581b", "\u2581", ""),
}


@cache
def probes() -> tuple[str, ...]:
    """The texts that are tried out: those of `FEATURES`, and what else has been seen to go wrong."""
    changed = (c for c in map(chr, range(0x80, 0x30000)) if _is_changed(c))
    return (
        *(text for text, _, _ in FEATURES.values()),
        " a  b   c ,d . e ",
        "a\u00a0b\u2003c\u3000d\u2028e\x0bf\x85g\u200bh\u200di\ufeffj\u00adk\x7f",
        "``a'' \"b\" \u201cc\u201d \u2018d\u2019 e's E'S",
        "## a##b @@ a</w> <0x41> \u0120a \u010a <s> [UNK] <unk> <|endoftext|> \ufffd",
        "\u05e9\u05dc\u05d5\u05dd \u0645\u0631\u062d\u0628\u0627 \u0928\u092e\u0938\u094d\u0924\u0947",
        "\ud55c\uad6d\uc5b4 \u0e44\u0e17\u0e22",
        "\U0001f469\u200d\U0001f469\u200d\U0001f467 \U0001f44d\U0001f3fd \U0001f1e9\U0001f1ea",
        "\U0010ffff\U000e0001\ue000\u0378\ufffe",
        "".join(changed),
    )


def _is_changed(character: str) -> bool:
    """By one of Unicode's normal forms."""
    return any(unicodedata.normalize(form, character) != character for form in ("NFC", "NFKC", "NFD"))
