"""A text as the tokens of several tokenizers, coloured for the terminal; and their vocabularies to look through."""

from collections.abc import Iterator, Sequence

import numpy as np
from rich.columns import Columns
from rich.console import Console
from rich.text import Text

from experiments.trained.named_tokenizers import NamedTokenizer
from numpygpt.measures.bits.mixing import Ints
from numpygpt.measures.bits.source import Source
from numpygpt.measures.text.edits import edit_rate
from numpygpt.measures.text.vocabulary import unreachable_tokens
from numpygpt.tokenizers import Tokenizer

# Pairs of colours that stay apart in dark and light terminals and for colour-blind readers.
STYLES = ("black on #e8c468", "black on #9cc5e8")
UNKNOWN_STYLES = ("white on #b03030", "white on #7a2040")
SYMBOLS = {"\n": "\u21b5\n", "\t": "\u21e5", "\r": "\u240d"}


def show_tokens(tokenizers: Sequence[NamedTokenizer], text: str, with_ids: bool) -> None:
    """Prints the text under each tokenizer, and whether it comes back."""
    console = Console(highlight=False)
    bar = "\u2502" if console.color_system is None else ""
    for named in tokenizers:
        tokenizer = named.tokenizer
        source = Source(text, *tokenizer.spans(text))
        n, unknown = len(source.ids), int(np.sum(source.ids == tokenizer.unk_id))
        facts = [f"{n:,} token{'' if n == 1 else 's'}", f"{len(text) / max(n, 1):.2f} characters per token"]
        facts += [f"vocabulary {tokenizer.vocab_size:,}", *([f"{unknown} unknown"] if unknown else [])]
        console.print(Text.assemble("\n", (named.name, "bold"), "  ", (", ".join(facts), "dim")))
        console.print(coloured(source, tokenizer.unk_id, bar))
        if with_ids:
            console.print(_listed(tokenizer, source.ids, source.ids))
        back = round_trip(tokenizer, source)
        back.truncate(3 * console.width, overflow="ellipsis")
        console.print(back)


def coloured(source: Source, unk: int | None, bar: str = "") -> Text:
    """The text with its tokens in alternating colours; tokens that share a character share its colour."""
    line, start, number = Text(), 0, 0
    for id, a, b in zip(source.ids.tolist(), source.starts.tolist(), source.ends.tolist(), strict=True):
        try:
            stretch = source.data[start:b].decode()
        except UnicodeDecodeError:
            continue  # more of this character is to come
        if a < b:
            line.append(bar if number else "")
            line.append(_visible(stretch), (UNKNOWN_STYLES if id == unk else STYLES)[number % 2])
            start, number = b, number + 1
    return line.append(_visible(source.tail), "dim")


def round_trip(tokenizer: Tokenizer, source: Source) -> Text:
    """Whether the text comes back, and what instead of it."""
    back = tokenizer.decode(source.ids)
    if back == source.text:
        return Text("comes back exactly", "green")
    share = edit_rate(back, source.text)
    return Text.assemble(
        (f"{tokenizer.losses}; " if tokenizer.losses else "", "red"),
        (f"{share:.1%} of the characters to mend in what comes back: ", "red"),
        (one_line(back), "dim"),
    )


def show_vocabularies(tokenizers: Sequence[NamedTokenizer], number: int) -> None:
    """Prints the first `number` tokens of each of `vocabulary_lists`. UserError: a training text is not here."""
    console = Console(highlight=False)
    for named in tokenizers:
        tokenizer = named.tokenizer
        counts = np.bincount(tokenizer.encode(named.parts()[0].text), minlength=tokenizer.vocab_size)
        console.print(Text(f"\n{named.name}: vocabulary {tokenizer.vocab_size:,}", "bold"))
        for title, ids in vocabulary_lists(tokenizer, counts):
            console.print(f"{title}: {len(ids):,}")
            console.print(_listed(tokenizer, ids[:number], counts[ids]))


def vocabulary_lists(tokenizer: Tokenizer, counts: Ints) -> Iterator[tuple[str, Ints]]:
    """Titles and ids; counts (V,): how often each token occurs in the training text."""
    own = [tokenizer.token_bytes(id) for id in range(tokenizer.vocab_size)]
    lengths = np.array([len((text or b"").decode(errors="replace")) for text in own])
    yield (
        "with a text of their own, the longest first",
        np.argsort(-lengths, kind="stable")[: sum(map(bool, own))],
    )
    used = int((counts > 0).sum())
    yield "used in the training text, the most frequent first", np.argsort(-counts, kind="stable")[:used]
    yield "never used in the training text", np.flatnonzero(counts == 0)
    unreachable = np.array(unreachable_tokens(tokenizer), dtype=np.int64)
    yield "unreachable: their own text is encoded as something else", unreachable


def _listed(tokenizer: Tokenizer, ids: Ints, numbers: Ints) -> Columns:
    """Tokens, each with a number: its id, or how often it occurs."""
    pairs = zip(ids.tolist(), numbers.tolist(), strict=False)
    items = [(one_line(tokenizer.token(id)).replace(" ", "\u2423"), number) for id, number in pairs]
    return Columns(
        [Text.assemble((token, STYLES[0]), (f" {n}", "dim")) for token, n in items], padding=(0, 2)
    )


def _visible(text: str) -> str:
    """The text with its control characters as symbols or numbers; lines still end."""
    return "".join(SYMBOLS.get(c) or (c if c.isprintable() else f"\u27e8{ord(c):X}\u27e9") for c in text)


def one_line(text: str) -> str:
    return _visible(text).replace("\n", "")
