"""A vocabulary to look through: its longest and most frequent tokens, those never used, those out of reach."""

from typing import Any

import numpy as np
from rich.columns import Columns
from rich.table import Table
from rich.text import Text

from experiments.trained.named_tokenizers import Named
from numpygpt.measures.text.vocabulary import unreachable_tokens

TOKEN = "black on #e8c468"
LISTS = {
    "longest": "the longest",
    "frequent": "the most frequent in the training text",
    "never": "never used in the training text",
    "unreachable": "unreachable: their own text is encoded as something else",
}


def browse(named: Named, text: str, number: int) -> dict[str, Any]:
    """Name, size, and for each list how many tokens it has and the first `number` of them with their counts."""
    tokenizer = named.tokenizer
    counts = np.bincount(tokenizer.encode(text), minlength=tokenizer.vocab_size)
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
                "total": len(ids[name]),
                "tokens": [_entry(tokenizer, id, counts) for id in ids[name][:number].tolist()],
            }
            for name in LISTS
        },
    }


def _entry(tokenizer: Any, id: int, counts: np.ndarray) -> dict[str, Any]:
    return {"id": id, "token": tokenizer.token(id), "count": int(counts[id])}


def shown(token: str) -> str:
    """A token on one line, its spaces visible."""
    return repr(token)[1:-1].replace(" ", "\u2423")


def browser_table(named: Named, page: dict[str, Any]) -> Table:
    """A row per list."""
    table = Table(
        title=f"{named.name}: vocabulary {page['vocab_size']:,}",
        title_justify="left",
        box=None,
        padding=(0, 2, 0, 0),
    )
    table.add_column("", width=26)
    table.add_column("how many", justify="right")
    table.add_column("token, id and count", ratio=1)
    for name, title in LISTS.items():
        tokens = [
            Text.assemble((shown(token["token"]), TOKEN), (f" {token['id']} \u00d7{token['count']:,}", "dim"))
            for token in page[name]["tokens"]
        ]
        total = "" if name == "longest" else f"{page[name]['total']:,}"
        table.add_row(title, total, Columns(tokens, padding=(0, 2)))
    return table
