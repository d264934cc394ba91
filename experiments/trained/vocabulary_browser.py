"""A vocabulary to look through: its longest and most frequent tokens, those never used, those unreachable."""

import json
from collections.abc import Sequence
from typing import Any

import numpy as np
from rich.columns import Columns
from rich.console import Console
from rich.table import Table
from rich.text import Text

from experiments.trained.named_tokenizers import NamedTokenizer
from experiments.trained.token_view import STYLES, visible
from numpygpt.measures.text.vocabulary import unreachable_tokens

LISTS = {
    "longest": "the longest",
    "frequent": "the most frequent in the training text",
    "never": "never used in the training text",
    "unreachable": "unreachable: their own text is encoded as something else",
}


def vocabulary_record(named: NamedTokenizer, number: int) -> dict[str, Any]:
    """Name, size, and for each list how many tokens it has and the first `number` of them with their counts."""
    tokenizer = named.tokenizer
    counts = np.bincount(tokenizer.encode(named.training_text()), minlength=tokenizer.vocab_size)
    own = [tokenizer.token_bytes(id) for id in range(tokenizer.vocab_size)]
    lengths = np.array([len((text or b"").decode(errors="replace")) for text in own])
    ordinary = np.array([text is not None for text in own])
    ids = {
        "longest": np.argsort(-lengths, kind="stable")[: int(ordinary.sum())],
        "frequent": np.argsort(-counts, kind="stable")[: int((counts > 0).sum())],
        "never": np.flatnonzero(counts == 0),
        "unreachable": np.array(unreachable_tokens(tokenizer), dtype=np.int64),
    }
    return {
        "tokenizer": named.name,
        "vocab_size": tokenizer.vocab_size,
        **{
            name: {
                "total": len(found),
                "tokens": [
                    {"id": id, "token": tokenizer.token(id), "count": int(counts[id])}
                    for id in found[:number].tolist()
                ],
            }
            for name, found in ids.items()
        },
    }


def vocabulary_table(page: dict[str, Any]) -> Table:
    """A row per list."""
    table = Table(
        title=f"{page['tokenizer']}: vocabulary {page['vocab_size']:,}",
        title_justify="left",
        box=None,
        padding=(0, 2, 0, 0),
    )
    table.add_column("", width=26)
    table.add_column("how many", justify="right")
    table.add_column("token, id and count", ratio=1)
    for name, title in LISTS.items():
        tokens = [
            Text.assemble(
                (visible(token["token"]), STYLES[0]), (f" {token['id']} \u00d7{token['count']:,}", "dim")
            )
            for token in page[name]["tokens"]
        ]
        total = "" if name == "longest" else f"{page[name]['total']:,}"
        table.add_row(title, total, Columns(tokens, padding=(0, 2)))
    return table


def show_vocabularies(tokenizers: Sequence[NamedTokenizer], number: int, as_json: bool) -> None:
    """Prints what `vocabulary_record` says of each. UserError: a training text is not here."""
    records = [vocabulary_record(named, number) for named in tokenizers]
    if as_json:
        print(json.dumps(records, indent=1))
        return
    console = Console(highlight=False)
    for record in records:
        console.print()
        console.print(vocabulary_table(record))
