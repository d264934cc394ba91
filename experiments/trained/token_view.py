"""A text as the tokens of several tokenizers, coloured for the terminal."""

from collections.abc import Mapping

import numpy as np
from rich.console import Console
from rich.text import Text

from numpygpt.measures.bits.source import Source
from numpygpt.measures.text.edits import edit_rate
from numpygpt.tokenizers import Tokenizer

# Pairs of colours that stay apart in dark and light terminals and for colour-blind readers.
STYLES = ("black on #e8c468", "black on #9cc5e8")
UNKNOWN_STYLES = ("white on #b03030", "white on #7a2040")
SYMBOLS = {"\n": "\u21b5\n", "\t": "\u21e5", "\r": "\u240d"}


def show_tokens(tokenizers: Mapping[str, Tokenizer], text: str) -> None:
    """Prints the text under each tokenizer, by its name, and whether it comes back."""
    console = Console(highlight=False)
    bar = "\u2502" if console.color_system is None else ""
    for name, tokenizer in tokenizers.items():
        source = Source(text, *tokenizer.spans(text))
        n, unknown = len(source.ids), int(np.sum(source.ids == tokenizer.unk_id))
        facts = [f"{n:,} token{'' if n == 1 else 's'}", f"{len(text) / max(n, 1):.2f} characters per token"]
        facts += [f"vocabulary {tokenizer.vocab_size:,}", *([f"{unknown} unknown"] if unknown else [])]
        console.print(Text.assemble("\n", (name, "bold"), "  ", (", ".join(facts), "dim")))
        console.print(coloured(source, tokenizer.unk_id, bar))
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


def _visible(text: str) -> str:
    """The text with its control characters as symbols or numbers; lines still end."""
    return "".join(SYMBOLS.get(c) or (c if c.isprintable() else f"\u27e8{ord(c):X}\u27e9") for c in text)


def one_line(text: str) -> str:
    return _visible(text).replace("\n", "")
