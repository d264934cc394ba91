# ruff: noqa: E402  (threads are set before NumPy is imported)
"""The same text under several tokenizers: `python experiments/show_tokens.py "O Romeo!" --tokenizers char,word`.

Tokens are coloured in turn (without colours, a bar stands between them); --ids lists them with their ids. --runs
takes the tokenizers of runs; --tokenizers trains those of these names on the training part of the default corpus,
with the settings in conf/tokenizer (kept in the cache; bpe:512 sets the vocabulary size). --vocab browses the
vocabularies instead.
"""

import os

for _name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS"):
    os.environ.setdefault(_name, "1")

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from experiments.trained.named_tokenizers import Named, from_choices, from_runs, training_text
from experiments.trained.vocabulary_browser import browse, browser_table
from numpygpt.errors import UserError
from numpygpt.files import read_bytes
from numpygpt.measures.bits.source import Source
from numpygpt.measures.text.edits import edit_rate
from numpygpt.printing import print_anything

# Pairs of colours that stay apart in dark and light terminals and for colour-blind readers.
STYLES = ("black on #e8c468", "black on #9cc5e8")
UNKNOWN = ("white on #b03030", "white on #7a2040")
MARKS = {"\n": "\u21b5\n", "\t": "\u21e5", "\r": "\u240d"}
DEFAULT_TOKENIZERS = "char,word,bpe,bpe-bytefallback"


def arguments(argv: Sequence[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="show_tokens.py", description=__doc__.splitlines()[0])
    parser.add_argument("text", nargs="?", help="the text (default: standard input)")
    parser.add_argument("--file", type=Path, help="read the text from this UTF-8 file")
    parser.add_argument(
        "--runs", nargs="+", default=[], metavar="RUN", help="run folders, or names under outputs/"
    )
    parser.add_argument(
        "--tokenizers", metavar="A,B,...", help=f"names of choices (default: {DEFAULT_TOKENIZERS})"
    )
    parser.add_argument("--ids", action="store_true", help="list every token with its id")
    parser.add_argument("--vocab", action="store_true", help="browse the vocabularies: needs no text")
    parser.add_argument("--number", type=int, default=12, metavar="N", help="tokens per list of --vocab (12)")
    parser.add_argument("--json", action="store_true", help="print JSON, for programs")
    chosen = parser.parse_args(argv)
    if chosen.number < 1:
        raise UserError(f"--number={chosen.number} is not possible: it may be 1 or more")
    return chosen


def wanted_text(chosen: argparse.Namespace) -> str:
    """The text from wherever it comes. UserError: it cannot be read, is no UTF-8, or is empty."""
    if chosen.text is not None and chosen.file is not None:
        raise UserError("give a text or --file, not both")
    try:
        if chosen.text is not None:
            text = chosen.text
        elif chosen.file is not None:
            text = read_bytes(chosen.file, pipes=True).decode("utf-8")
        else:
            text = sys.stdin.buffer.read().decode("utf-8")
    except OSError as error:
        raise UserError(f"--file={chosen.file} cannot be read ({error.strerror})") from None
    except UnicodeDecodeError as error:
        raise UserError(
            f"the text is not UTF-8 (byte {error.start}): convert it, for example with iconv"
        ) from None
    if not text:
        raise UserError("the text is empty: give one, or --file, or pipe one in")
    return text


def describe(named: Named, text: str) -> dict[str, Any]:
    """What a tokenizer makes of the text: tokens with their stretches, counts, and the way back.

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


# ---------------------------------------------------------------------- in the terminal


def coloured(found: dict[str, Any], data: bytes, unk: int | None, bar: str = "") -> Text:
    """The text with its tokens in alternating colours; tokens that share a character share its colour."""
    line, start, number = Text(), 0, 0
    style = STYLES[0]
    for token in found["tokens"]:
        a, b = token["bytes"]
        if (stretch := _decoded(data[start:b])) is None or a == b:
            continue  # more of this character is to come
        style = (UNKNOWN if token["id"] == unk else STYLES)[number % 2]
        line.append(bar if number else "")
        line.append(_visible(stretch), style)
        start, number = b, number + 1
    line.append(_visible(found["tail"]), "dim")
    return line


def _visible(text: str) -> str:
    return "".join(MARKS.get(c) or (c if c.isprintable() else f"\u27e8{ord(c):X}\u27e9") for c in text)


def listed(found: dict[str, Any], width: int) -> Text:
    """Each token and its id, never torn apart at the end of a line."""
    lines, used = Text(), 0
    for number, token in enumerate(found["tokens"]):
        shown = _visible(token["token"]).replace("\n", "")
        item = Text.assemble((shown, STYLES[number % 2]), (f" {token['id']}  ", "dim"))
        if used and used + item.cell_len > width:
            lines.append("\n")
            used = 0
        lines.append(item)
        used += item.cell_len
    return lines


def summary(found: dict[str, Any]) -> str:
    n, unknown = found["n_tokens"], found["unknown"]
    parts = [
        f"{n:,} token{'s' * (n != 1)}",
        f"{found['chars_per_token']:.2f} characters per token",
        f"vocabulary {found['vocab_size']:,}",
    ]
    if unknown:
        parts.append(f"{unknown} unknown")
    return ", ".join(parts)


def way_back(found: dict[str, Any]) -> Text:
    """Whether the text comes back, and what instead of it: one line, shortened."""
    if found["exact"]:
        return Text("comes back exactly", "green")
    share = found["char_edit_rate"]
    return Text.assemble(
        (f"{found['losses']}; " if found["losses"] else "", "red"),
        (f"{share:.1%} of the characters to mend in what comes back: ", "red"),
        Text(_visible(found["back"]).replace("\n", ""), "dim"),
    )


def show(console: Console, named: Named, text: str, with_ids: bool) -> None:
    found = describe(named, text)
    console.print()
    console.print(Text.assemble((named.name, "bold"), "  ", (summary(found), "dim")))
    bar = "\u2502" if console.color_system is None else ""
    console.print(coloured(found, text.encode(), named.tokenizer.unk_id, bar))
    if with_ids:
        console.print(listed(found, console.width), soft_wrap=True)
    back = way_back(found)
    back.truncate(3 * console.width, overflow="ellipsis")
    console.print(back)


def show_tables(console: Console, tables: Sequence[Table]) -> None:
    for table in tables:
        console.print()
        console.print(table)


def named_tokenizers(chosen: argparse.Namespace) -> list[Named]:
    names = chosen.tokenizers
    if names is None and not chosen.runs:
        names = DEFAULT_TOKENIZERS
    return [*from_runs(chosen.runs), *from_choices(names.split(",") if names else [])]


def run(chosen: argparse.Namespace) -> None:
    console = Console(highlight=False)
    as_json: dict[str, Any] = {"ensure_ascii": not console.encoding.startswith("utf"), "indent": 1}
    if chosen.vocab:
        pages = [
            (named, browse(named, training_text(named), chosen.number)) for named in named_tokenizers(chosen)
        ]
        if chosen.json:
            print(json.dumps([page for _, page in pages], **as_json))
        else:
            show_tables(console, [browser_table(named, page) for named, page in pages])
        return
    text = wanted_text(chosen)
    if chosen.json:
        found = [describe(named, text) for named in named_tokenizers(chosen)]
        print(json.dumps(found, **as_json))
        return
    for named in named_tokenizers(chosen):
        show(console, named, text, chosen.ids)


def main(argv: Sequence[str] | None = None) -> int:
    print_anything()
    try:
        run(arguments(argv))
        sys.stdout.flush()
    except UserError as error:
        print(f"show_tokens.py: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:  # `| head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0


if __name__ == "__main__":
    sys.exit(main())
