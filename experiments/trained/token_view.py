"""A text as a tokenizer's tokens: as a record for programs, and coloured for the terminal."""

import json
from collections.abc import Sequence
from typing import Any

from rich.console import Console
from rich.text import Text

from experiments.trained.named_tokenizers import NamedTokenizer
from numpygpt.measures.bits.source import Source
from numpygpt.measures.text.edits import edit_rate

# Pairs of colours that stay apart in dark and light terminals and for colour-blind readers.
STYLES = ("black on #e8c468", "black on #9cc5e8")
UNKNOWN_STYLES = ("white on #b03030", "white on #7a2040")
SYMBOLS = {"\n": "\u21b5\n", "\t": "\u21e5", "\r": "\u240d"}


def token_record(named: NamedTokenizer, text: str) -> dict[str, Any]:
    """What a tokenizer makes of the text: tokens with their stretches, counts, and the text that comes back.

    `source` of a token that is part of a character is None.
    """
    tokenizer = named.tokenizer
    source = Source(text, *tokenizer.spans(text))
    data, back = source.data, tokenizer.decode(source.ids)
    tokens = [
        {"id": id, "token": tokenizer.token(id), "bytes": [a, b], "source": _decoded(data[a:b])}
        for id, a, b in zip(source.ids.tolist(), source.starts.tolist(), source.ends.tolist(), strict=True)
    ]
    return {
        "tokenizer": named.name,
        "vocab_size": tokenizer.vocab_size,
        "n_tokens": len(tokens),
        "n_chars": len(text),
        "n_bytes": len(data),
        "chars_per_token": len(text) / max(len(tokens), 1),
        "unknown": sum(token["id"] == tokenizer.unk_id for token in tokens),
        "back": back,
        "exact": back == text,
        "char_edit_rate": edit_rate(back, text),
        "losses": tokenizer.losses,
        "tail": source.tail,
        "tokens": tokens,
    }


def _decoded(data: bytes) -> str | None:
    try:
        return data.decode()
    except UnicodeDecodeError:
        return None


def coloured(found: dict[str, Any], data: bytes, unk: int | None, bar: str = "") -> Text:
    """The text with its tokens in alternating colours; tokens that share a character share its colour."""
    line, start, number = Text(), 0, 0
    style = STYLES[0]
    for token in found["tokens"]:
        a, b = token["bytes"]
        if (stretch := _decoded(data[start:b])) is None or a == b:
            continue  # more of this character is to come
        style = (UNKNOWN_STYLES if token["id"] == unk else STYLES)[number % 2]
        line.append(bar if number else "")
        line.append(_visible(stretch), style)
        start, number = b, number + 1
    line.append(_visible(found["tail"]), "dim")
    return line


def _visible(text: str) -> str:
    """The text with its control characters as symbols or numbers; lines still end."""
    return "".join(SYMBOLS.get(c) or (c if c.isprintable() else f"\u27e8{ord(c):X}\u27e9") for c in text)


def visible(token: str) -> str:
    """A token on one line, its spaces visible."""
    return _visible(token).replace("\n", "").replace(" ", "\u2423")


def listed(found: dict[str, Any], width: int) -> Text:
    """Each token and its id, never torn apart at the end of a line."""
    lines, used = Text(), 0
    for number, token in enumerate(found["tokens"]):
        item = Text.assemble((visible(token["token"]), STYLES[number % 2]), (f" {token['id']}  ", "dim"))
        if used and used + item.cell_len > width:
            lines.append("\n")
            used = 0
        lines.append(item)
        used += item.cell_len
    return lines


def summary(found: dict[str, Any]) -> str:
    n, unknown = found["n_tokens"], found["unknown"]
    parts = [
        f"{n:,} token{'' if n == 1 else 's'}",
        f"{found['chars_per_token']:.2f} characters per token",
        f"vocabulary {found['vocab_size']:,}",
    ]
    if unknown:
        parts.append(f"{unknown} unknown")
    return ", ".join(parts)


def round_trip_line(found: dict[str, Any]) -> Text:
    """Whether the text comes back, and what instead of it: one line, shortened."""
    if found["exact"]:
        return Text("comes back exactly", "green")
    share = found["char_edit_rate"]
    return Text.assemble(
        (f"{found['losses']}; " if found["losses"] else "", "red"),
        (f"{share:.1%} of the characters to mend in what comes back: ", "red"),
        Text(_visible(found["back"]).replace("\n", ""), "dim"),
    )


def show_tokens(tokenizers: Sequence[NamedTokenizer], text: str, with_ids: bool, as_json: bool) -> None:
    """Prints the text under each tokenizer."""
    if as_json:
        print(json.dumps([token_record(named, text) for named in tokenizers], indent=1))
        return
    console = Console(highlight=False)
    for named in tokenizers:
        _print_tokens(console, named, text, with_ids)


def _print_tokens(console: Console, named: NamedTokenizer, text: str, with_ids: bool) -> None:
    found = token_record(named, text)
    console.print()
    console.print(Text.assemble((named.name, "bold"), "  ", (summary(found), "dim")))
    bar = "\u2502" if console.color_system is None else ""
    console.print(coloured(found, text.encode(), named.tokenizer.unk_id, bar))
    if with_ids:
        console.print(listed(found, console.width), soft_wrap=True)
    back = round_trip_line(found)
    back.truncate(3 * console.width, overflow="ellipsis")
    console.print(back)
