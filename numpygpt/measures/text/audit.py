"""An audit: does a tokenizer keep its promises on a text, and what would the known ways to miscount bytes claim?

Bits per byte are bits over the bytes of the file. A report that counts these bytes from tokens may count others, and
then claims B / n of the true figure, if it counts n where the file has B. No model is needed to know that factor.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from os.path import commonprefix

import numpy as np

from numpygpt.measures.bits.residual import ResidualCoder
from numpygpt.measures.bits.source import Source
from numpygpt.tokenizers import Tokenizer
from numpygpt.tokenizers.foreign.contract import ForeignTokenizer

SPACE, BYTE_SPACE, REPLACEMENT = "\u2581", "\u0120", "\ufffd"  # SentencePiece's and GPT-2's space; what is no text
NAMES = ("<|endoftext|>", "<|im_start|>", "<unk>", "<s>", "</s>", "<pad>", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
CONTEXT = 12  # characters shown where texts part


@dataclass(frozen=True)
class Miscount:
    """A way to count the bytes of a text, and what it comes to there: `n_bytes`, so that a report claims `factor`."""

    name: str
    n_bytes: int
    factor: float


@dataclass(frozen=True)
class Loss:
    """Tokens that lose one kind of thing; the characters of source that are not in them; what the harness charges."""

    kind: str
    n_tokens: int
    n_chars: int
    bits: float


@dataclass(frozen=True)
class Audit:
    """What was found on one text; docs/TOKENIZERS.md explains each.

    covered: bytes that belong to exactly one token, or None where no stretches can be told; the others are the
    tail.   parts_at: the byte at which what comes back parts from the text, or None; `parts` shows both there.
    own: what the tokens' own texts sum to; `own_is` names the known errors that come to just that.
    broken: the promises that are, in words.
    """

    n_bytes: int
    n_chars: int
    n_tokens: int
    covered: int | None
    tail: str
    parts_at: int | None
    parts: tuple[str, str] | None
    own: Miscount
    own_is: tuple[str, ...]
    miscounts: tuple[Miscount, ...]
    losses: tuple[Loss, ...]
    broken: tuple[str, ...]


def audit(tokenizer: Tokenizer, text: str, coder: ResidualCoder | None) -> Audit:
    """Of one text. `coder` is None for a tokenizer that the harness refuses. UserError: it cannot encode `text`."""
    ids, data, broken = tokenizer.encode(text), text.encode(), []
    back, source = tokenizer.decode(ids), None
    if not np.array_equal(ids, tokenizer.encode(text)):
        broken.append("the same text gives other ids the second time")
    if tokenizer.lossless and back != text:
        broken.append("it says that it loses nothing, and the text does not come back")
    try:
        source = Source(text, *tokenizer.spans(text))
        source.check([tokenizer.token_bytes(id) for id in range(tokenizer.vocab_size)], tokenizer.exact)
        if not np.array_equal(source.ids, ids):
            broken.append("stretches are told of other ids than those of the text")
    except (AssertionError, ValueError) as error:
        broken.append(f"not every byte belongs to exactly one token: {error}")
    counts = {name: n for name, n in byte_counts(tokenizer, text, ids, back, source)}
    own = counts.pop("own")
    shared = len(commonprefix([text, back]))
    return Audit(
        n_bytes=len(data),
        n_chars=len(text),
        n_tokens=len(ids),
        covered=None if source is None else int(np.sum(source.ends - source.starts)),
        tail="" if source is None else source.tail,
        parts_at=None if back == text else len(text[:shared].encode()),
        parts=None if back == text else (text[shared : shared + CONTEXT], back[shared : shared + CONTEXT]),
        own=_miscount("own", own, data),
        own_is=tuple(name for name, n in counts.items() if n == own != len(data)),
        miscounts=tuple(_miscount(name, n, data) for name, n in counts.items()),
        losses=() if coder is None or source is None else tuple(_losses(tokenizer, source, coder, back)),
        broken=tuple(broken),
    )


def _miscount(name: str, n_bytes: int, data: bytes) -> Miscount:
    return Miscount(name, n_bytes, len(data) / n_bytes if n_bytes else float("inf"))


def byte_counts(
    tokenizer: Tokenizer, text: str, ids: np.ndarray, back: str, source: Source | None
) -> Iterator[tuple[str, int]]:
    """(name, bytes) for what the tokens' own texts sum to and for each known error, as a report that makes it counts.

    Where an error does not strike, the bytes are those of the text.
    """
    used, times = (array.tolist() for array in np.unique(ids, return_counts=True))
    own = {id: tokenizer.token_bytes(id) or b"" for id in used}
    string = {id: spelling(tokenizer, id) for id in used}
    joined = b"".join(own[id] for id in ids.tolist())
    size = len(text.encode())

    def summed(count: Callable[[int], int]) -> int:
        return sum(n * count(id) for id, n in zip(used, times, strict=True))

    def more(mark: str) -> int:
        """How often a mark stands in the tokens, as bytes even, without standing in the text."""
        return max(summed(lambda id: string[id].count(mark)), joined.count(mark.encode()), 0) - text.count(mark)

    yield "own", len(joined)
    hidden = max(summed(lambda id: own[id].count(REPLACEMENT.encode())) - text.count(REPLACEMENT), 0)
    yield "U+FFFD, for lone bytes, counted as three bytes", (
        size + 2 * hidden + summed(lambda id: _replaced(own[id]) - len(own[id]))
    )
    put_first = max(_leading_spaces(joined) - _leading_spaces(text.encode()), 0)
    spaces = max(more(SPACE), 0)
    yield "the mark of a space (\u2581, \u0120) counted as bytes", (
        size + max(more(BYTE_SPACE), 0) + (2 * spaces + put_first if spaces else 0)
    )
    spaced = summed(lambda id: _leading_spaces(own[id]) not in (0, len(own[id])))
    yield "the space before a word counted twice", size + max(spaced - put_first, 0)
    yield "a space put before the text counted", size + put_first
    excess = 0
    if source is not None and tokenizer.unk_id is not None:
        widths = (source.ends - source.starts)[source.ids == tokenizer.unk_id]
        excess = int(np.sum(len(tokenizer.token(tokenizer.unk_id).encode()) - widths))
    yield "the name of the unknown token counted", size + excess
    names = [id for id in tokenizer.special_ids.values() if id != tokenizer.unk_id][:2]
    around = [tokenizer.token(id) for id in tokenizer.encode("").tolist() or names]
    yield "special tokens around the text counted", size + sum(len(name.encode()) for name in around)
    yield "the bytes of what comes back counted", len(back.encode())
    yield "each token decoded by itself", summed(lambda id: len(tokenizer.decode([id]).encode()))
    yield "the strings of the vocabulary counted", summed(lambda id: len(string[id].encode()))
    yield "characters counted for bytes", len(text)


def spelling(tokenizer: Tokenizer, id: int) -> str:
    """How the vocabulary's list writes a token: with the library's marks, where it is not ours."""
    return tokenizer.spelling(id) if isinstance(tokenizer, ForeignTokenizer) else tokenizer.token(id)


def _replaced(own: bytes) -> int:
    return len(own.decode("utf-8", "replace").encode())


def _leading_spaces(own: bytes) -> int:
    own = own.replace(SPACE.encode(), b" ")
    return len(own) - len(own.lstrip(b" "))


def _losses(tokenizer: Tokenizer, source: Source, coder: ResidualCoder, back: str) -> Iterator[Loss]:
    """By kind, the dearest first: of the tokens that are charged, and of the tail."""
    residual, tail_bits = coder.bits(source)
    charged = np.flatnonzero(~coder.exact[source.ids])
    tokens, chars, bits = Counter[str](), Counter[str](), Counter[str]()
    known: dict[tuple[int, str], tuple[str, int]] = {}
    for (id, stretch, _), cost in zip(source.stretches(charged), residual[charged].tolist(), strict=True):
        if (id, stretch) not in known:
            own = None if id == tokenizer.unk_id else tokenizer.token_bytes(id)
            known[id, stretch] = ("nothing", 0) if back == source.text else kind_of_loss(own, stretch)
        kind, missing = known[id, stretch]
        tokens[kind] += 1
        chars[kind] += missing
        bits[kind] += cost
    if not coder.lossless and (source.tail or tail_bits):
        tokens["the tail"], chars["the tail"], bits["the tail"] = 0, len(source.tail), tail_bits
    for kind, cost in bits.most_common():
        yield Loss(kind, tokens[kind], chars[kind], cost)


def kind_of_loss(own: bytes | None, stretch: str) -> tuple[str, int]:
    """What a token with this text of its own loses of its stretch, in words, and how many characters of it."""
    if own is None:
        return "unknown", len(stretch)
    try:
        text = own.decode()
    except UnicodeDecodeError:
        return "nothing", 0  # a byte of a character, whose stretch is all of it
    spaces, letters = zip(*map(_apart, (text, stretch)), strict=True)
    kinds = ["spaces"] * (spaces[0] != spaces[1])
    if letters[0] != letters[1]:
        kinds.append("case" if letters[0].lower() == letters[1].lower() else "form")
    return ", ".join(kinds) or "nothing", (Counter(stretch) - Counter(text)).total()


def _apart(text: str) -> tuple[str, str]:
    """The white space of a text, and all else."""
    return "".join(c for c in text if c.isspace()), "".join(text.split())


def swallowed(tokenizer: Tokenizer) -> list[str]:
    """The names of special tokens that, typed in a text, do not stay text: the tokenizer's own, and usual ones.

    A tokenizer to which the characters of a name are unknown says so of the name read backwards, too.
    """
    special = {*tokenizer.special_ids.values()}
    names = dict.fromkeys([*tokenizer.special_ids, *NAMES])
    return [x for x in names if special & (_met(tokenizer, x) - _met(tokenizer, x[::-1]))]


def _met(tokenizer: Tokenizer, name: str) -> set[int]:
    return {*tokenizer.encode(f"a {name} b").tolist()}
