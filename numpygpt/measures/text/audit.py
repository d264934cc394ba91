"""An audit: does a tokenizer keep its promises on a text, and what would the known ways to miscount bytes claim?

Bits per byte are bits over the bytes of the file. A report that counts them from tokens may come to n bytes for B,
and then claims B / n of the true figure. No model is needed to know that factor.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache

import numpy as np

from numpygpt.measures.bits.residual import ResidualCoder
from numpygpt.measures.bits.source import Source
from numpygpt.tokenizers import Tokenizer
from numpygpt.tokenizers.foreign.contract import ForeignTokenizer

SPACE, BYTE_SPACE = "\u2581", "\u0120"  # how SentencePiece and GPT-2 write a space
REPLACEMENT = "\ufffd"
NAMES = ("<|endoftext|>", "<|im_start|>", "<unk>", "<s>", "</s>", "<pad>", "[UNK]", "[CLS]", "[SEP]")
UNKNOWN = ("<unk>", "[UNK]")
SHOWN = 12  # characters where texts part


@dataclass(frozen=True)
class Audit:
    """What was found on one text; docs/TOKENIZERS.md explains it.

    covered: bytes that belong to exactly one token, None where nobody can tell.   tail: bytes after the last token.
    parts: where what comes back parts from the text: the byte, and both from there on; None if it does not.
    charged, lost: by kind of loss, bits per byte and the share of the characters.
    claims: by what is counted, claimed over true bits per byte.   own_is: what the tokens' own texts come to, too.
    broken: the promises that are, in words.
    """

    n_bytes: int
    n_tokens: int
    covered: int | None
    tail: int
    parts: tuple[int, str, str] | None
    charged: dict[str, float]
    lost: dict[str, float]
    claims: dict[str, float]
    own_is: list[str]
    broken: list[str]


def audit(tokenizer: Tokenizer, text: str, coder: ResidualCoder | None) -> Audit:
    """Of a text that is not empty; `coder` is None if no run takes the tokenizer. UserError: nor does the text."""
    ids, n_bytes, broken = tokenizer.encode(text), len(text.encode()), []
    back, source = tokenizer.decode(ids), None
    if not np.array_equal(ids, tokenizer.encode(text)):
        broken.append("the same text gives other ids the second time")
    if tokenizer.lossless and back != text:
        broken.append("said to lose nothing, it does not give the text back")
    try:
        source = Source(text, *tokenizer.spans(text))
        source.check(tokenizer.stretches(source.ids), tokenizer.exact)
        assert np.array_equal(source.ids, ids), "stretches are told of other ids"
    except (AssertionError, ValueError) as error:
        broken.append(f"not every byte belongs to exactly one token: {error}")
    own, *others = byte_counts(tokenizer, text, ids, back, source)
    differs = (i for i, pair in enumerate(zip(text, back, strict=False)) if pair[0] != pair[1])
    at = next(differs, min(len(text), len(back)))
    parts = (len(text[:at].encode()), text[at : at + SHOWN], back[at : at + SHOWN])
    charged, lost = ({}, {}) if coder is None or source is None else _losses(tokenizer, source, coder, back)
    return Audit(
        n_bytes=n_bytes,
        n_tokens=len(ids),
        covered=None if source is None else int(np.sum(source.ends - source.starts)),
        tail=0 if source is None else len(source.tail.encode()),
        parts=None if back == text else parts,
        charged={kind: bits / n_bytes for kind, bits in charged.items()},
        lost={kind: n / len(text) for kind, n in lost.items()},
        claims={name: n_bytes / max(n, 1) for name, n in (own, *others)},
        own_is=[name for name, n in others if n == own[1] != n_bytes],
        broken=broken,
    )


def byte_counts(
    tokenizer: Tokenizer, text: str, ids: np.ndarray, back: str, source: Source | None
) -> Iterator[tuple[str, int]]:
    """What is counted, and to how many bytes of `text` it comes: the tokens' own texts, then the known errors.

    Where an error does not strike, it comes to the bytes of the text.
    """
    used, times = (array.tolist() for array in np.unique(ids, return_counts=True))
    own = {id: tokenizer.token_bytes(id) or b"" for id in used}
    spelling = tokenizer.spelling if isinstance(tokenizer, ForeignTokenizer) else tokenizer.token
    string = {id: spelling(id) for id in used}
    joined, size = b"".join(own[id] for id in ids.tolist()), len(text.encode())

    def summed(count: Callable[[int], int]) -> int:
        return sum(n * count(id) for id, n in zip(used, times, strict=True))

    def added(mark: str) -> int:
        """How often a mark stands in the tokens, be it spelled in bytes, and not in the text."""
        found = max(summed(lambda id: string[id].count(mark)), joined.count(mark.encode()))
        return max(found - text.count(mark), 0)

    yield "the tokens' own texts", len(joined)
    hidden = max(summed(lambda id: own[id].count(REPLACEMENT.encode())) - text.count(REPLACEMENT), 0)
    replaced = summed(lambda id: len(own[id].decode(errors="replace").encode())) - len(joined)
    yield "U+FFFD for lone bytes, as three bytes", size + 2 * hidden + replaced
    put_first = max(_leading_spaces(joined) - _leading_spaces(text.encode()), 0)
    marked = 2 * spaces + put_first if (spaces := added(SPACE)) else added(BYTE_SPACE)
    yield f"the bytes of a space's mark ({SPACE}, {BYTE_SPACE})", size + marked
    before_words = summed(lambda id: _leading_spaces(own[id]) not in (0, len(own[id])))
    yield "the space before a word twice", size + max(before_words - put_first, 0)
    yield "a space that was put before the text", size + put_first
    excess = 0
    if source is not None:
        widths = source.ends - source.starts
        unknown = [id for id in used if id == tokenizer.unk_id or string[id] in UNKNOWN]
        excess = sum(int(np.sum(len(string[id].encode()) - widths[source.ids == id])) for id in unknown)
    yield "the name of the unknown token", size + excess
    specials = [id for id in tokenizer.special_ids.values() if id != tokenizer.unk_id][:2]
    around = tokenizer.encode("").tolist() or specials
    yield "special tokens around the text", size + sum(len(tokenizer.token(id).encode()) for id in around)
    yield "characters for bytes", len(text)
    yield "the bytes of what comes back", len(back.encode())
    yield "each token decoded by itself", summed(lambda id: len(tokenizer.decode([id]).encode()))
    yield "the strings of the vocabulary", summed(lambda id: len(string[id].encode()))


def _leading_spaces(own: bytes) -> int:
    own = own.replace(SPACE.encode(), b" ")
    return len(own) - len(own.lstrip(b" "))


def _losses(
    tokenizer: Tokenizer, source: Source, coder: ResidualCoder, back: str
) -> tuple[dict[str, float], dict[str, int]]:
    """By kind, the dearest first: the bits of tokens that are charged and of the tail, and the characters lost."""
    residual, tail_bits = coder.bits(source)
    at = np.flatnonzero(~coder.exact[source.ids])
    bits, lost = defaultdict[str, float](float), defaultdict[str, int](int)
    for (id, stretch, _), cost in zip(source.stretches(at), residual[at].tolist(), strict=True):
        own = None if id == tokenizer.unk_id else tokenizer.token_bytes(id)
        kind, n_chars = ("nothing lost", 0) if back == source.text else kind_of_loss(own, stretch)
        bits[kind] += cost
        lost[kind] += n_chars
    if not coder.lossless:
        bits["the tail"], lost["the tail"] = tail_bits, len(source.tail)
    return dict(sorted(bits.items(), key=lambda item: -item[1])), lost


@cache
def kind_of_loss(own: bytes | None, stretch: str) -> tuple[str, int]:
    """What a token with this text of its own loses of its stretch, in words, and how many characters of it."""
    if own is None:
        return "unknown", len(stretch)
    try:
        text = own.decode()
    except UnicodeDecodeError:
        return "nothing lost", 0  # a byte of a character, whose stretch is all of it
    kept, there = "".join(text.split()), "".join(stretch.split())
    kinds = ["spaces"] * (list(filter(str.isspace, text)) != list(filter(str.isspace, stretch)))
    if kept != there:
        kinds.append("case" if kept.lower() == there.lower() else "form")
    return ", ".join(kinds) or "nothing lost", (Counter(stretch) - Counter(text)).total()


def swallowed(tokenizer: Tokenizer) -> list[str]:
    """The names of special tokens, its own and usual ones, that do not stay text when they are typed in one.

    A tokenizer to which the characters of a name are unknown says so of the name read backwards, too.
    """
    special = {*tokenizer.special_ids.values()}

    def met(name: str) -> set[int]:
        return special & {*tokenizer.encode(f"a {name} b").tolist()}

    return [x for x in dict.fromkeys([*tokenizer.special_ids, *NAMES]) if met(x) - met(x[::-1])]
