"""Exercise 8 of docs/TOKENIZERS.md: byte fallback, there and back.

Fill in `encode` and `decode`, then: python examples/exercises/tokenizers_2.py
"""

from checking import report

from numpygpt.tokenizers import create

ALPHABET = " abcdefghijklmnopqrstuvwxyz"


def encode(text: str, alphabet: str) -> list[int]:
    """Ids of a text: 0 to 255 stand for the bytes, 256 for the first letter of the alphabet, and so on.

    A character that is not in the alphabet is spelled by the bytes of its UTF-8.
    """
    raise NotImplementedError


def decode(ids: list[int], alphabet: str) -> str:
    """The text of any ids at all: what is no UTF-8 becomes U+FFFD, by `errors="replace"`."""
    raise NotImplementedError


TEXTS = ("", "tea", "a café", "Tea!", "naïve 你好", "\U0001f600 \U0001f468\u200d\U0001f469", "\n\t\x00")
BROKEN = ([0xC3], [0xC3, 256, 0xA9], [257, 0xE4, 0xBD, 257], [0xA9, 0xC3, 0xA9, 280], [0xF0, 0x9F, 0x98])


def check() -> list[str]:
    ours = create("bpe-bytefallback", vocab_size=256 + len(ALPHABET), character_coverage=1.0)
    ours.train(ALPHABET)
    wrong = []
    for text in TEXTS:
        due, found = ours.encode(text).tolist(), list(encode(text, ALPHABET))
        if found != due:
            wrong.append(f"{text!r} is {due}, not {found}")
        elif decode(due, ALPHABET) != text:
            wrong.append(f"{due} is {text!r}, not {decode(due, ALPHABET)!r}")
    for ids in BROKEN:
        if (back := decode(ids, ALPHABET)) != ours.decode(ids):
            wrong.append(f"{ids} is {ours.decode(ids)!r}, not {back!r}")
    return wrong


if __name__ == "__main__":
    report(check)
