"""A text with mistakes put in, seeded: whatever reads it, with whatever tokenizer, reads the same ones."""

import unicodedata
from collections.abc import Callable

import numpy as np

from numpygpt.errors import UserError, did_you_mean

ACUTE = "\N{COMBINING ACUTE ACCENT}"


PERTURBATIONS: dict[str, Callable[[str], bool]] = {  # kind -> whether it can change a character
    "typos": str.isalpha,
    "spaces": lambda c: c == " " or c.isalpha(),
    "case": lambda c: c.swapcase() != c,
    "unicode": str.isalpha,
}


def _changed(kind: str, character: str, other: str, coin: int) -> str:
    """What a mistake makes of a character. other: another such one of the text. coin: 0, 1 or 2."""
    if kind == "typos":  # left out, doubled, or another letter in its place
        return ("", 2 * character, other if other != character else "")[coin]
    if kind == "spaces":
        return "" if character == " " else f"{character} "
    if kind == "case":
        return character.swapcase()
    return unicodedata.normalize("NFC", character + ACUTE)  # as one where Unicode has it: ć; else as two


def perturbed(text: str, kind: str, rate: float, seed: int = 0) -> str:
    """The text with mistakes of one kind in a share of `rate` of the characters that it can change, rounded.

    Raises UserError for a kind that is not one of PERTURBATIONS, and for a rate that is not between 0 and 1.
    """
    if kind not in PERTURBATIONS:
        known = ", ".join(PERTURBATIONS)
        raise UserError(f"{kind} is no perturbation{did_you_mean(kind, PERTURBATIONS)}: there are {known}")
    if not 0 <= rate <= 1:
        raise UserError(f"a rate of {rate} is not possible: it may be 0 to 1")
    characters, rng = list(text), np.random.default_rng([seed, *kind.encode()])
    places = [i for i, character in enumerate(characters) if PERTURBATIONS[kind](character)]
    chosen = rng.permutation(len(places))[: round(rate * len(places))]
    others, coins = rng.integers(max(1, len(places)), size=len(chosen)), rng.integers(3, size=len(chosen))
    for place, other, coin in zip(chosen, others, coins, strict=True):
        i = places[place]
        characters[i] = _changed(kind, text[i], text[places[other]], coin)
    return "".join(characters)
