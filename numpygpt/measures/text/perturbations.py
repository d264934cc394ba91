"""A text with mistakes put in, seeded: whatever reads it, with whatever tokenizer, reads the same ones."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable

import numpy as np

from numpygpt.errors import UserError, did_you_mean

ACUTE = "\N{COMBINING ACUTE ACCENT}"


def _typo(letter: str, other: str, coin: int) -> str:
    """Left out, doubled, or another letter of the text in its place."""
    return ("", 2 * letter, other if other != letter else "")[coin]


def _space(character: str, other: str, coin: int) -> str:
    return "" if character == " " else f"{character} "


def _case(letter: str, other: str, coin: int) -> str:
    return letter.swapcase()


def _accent(letter: str, other: str, coin: int) -> str:
    """As one character where Unicode has it: ć; else as two."""
    return unicodedata.normalize("NFC", letter + ACUTE)


# Kind -> which characters it can change, and into what: of the character, another such one of the text, 0 to 2.
PERTURBATIONS: dict[str, tuple[Callable[[str], bool], Callable[[str, str, int], str]]] = {
    "typos": (str.isalpha, _typo),
    "spaces": (lambda c: c == " " or c.isalpha(), _space),
    "case": (lambda c: c.swapcase() != c, _case),
    "unicode": (str.isalpha, _accent),
}


def perturbed(text: str, kind: str, rate: float, seed: int = 0) -> str:
    """The text with mistakes of one kind in a share of `rate` of the characters that it can change, rounded.

    Raises UserError for a kind that is not one of PERTURBATIONS, and for a rate that is not between 0 and 1.
    """
    if kind not in PERTURBATIONS:
        known = ", ".join(PERTURBATIONS)
        raise UserError(f"{kind} is no perturbation{did_you_mean(kind, PERTURBATIONS)}: there are {known}")
    if not 0 <= rate <= 1:
        raise UserError(f"a rate of {rate} is not possible: it may be 0 to 1")
    can_change, change = PERTURBATIONS[kind]
    characters, rng = list(text), np.random.default_rng([seed, *kind.encode()])
    places = [i for i, character in enumerate(characters) if can_change(character)]
    chosen = rng.permutation(len(places))[: round(rate * len(places))]
    others, coins = rng.integers(max(1, len(places)), size=len(chosen)), rng.integers(3, size=len(chosen))
    for place, other, coin in zip(chosen, others, coins, strict=True):
        i = places[place]
        characters[i] = change(text[i], text[places[other]], coin)
    return "".join(characters)
