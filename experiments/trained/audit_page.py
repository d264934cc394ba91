"""The findings of an audit as one page of the terminal, a column per text."""

from collections.abc import Callable, Iterator

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from experiments.trained.auditing import Findings
from experiments.trained.token_view import one_line
from numpygpt.measures.text.audit import Audit, Miscount

NONE = "\u2013"


def show(found: Findings) -> None:
    """Print the page."""
    console = Console(highlight=False)
    losses = found.losses or "loses nothing"
    facts = f"{found.kind}, vocabulary {found.vocab_size:,}, {losses}; fitted on {found.fitted_on}"
    console.print(Text.assemble("\n", (found.tokenizer, "bold"), "  ", (facts, "dim")))
    console.print(_table(found.audits))
    for name, audit in found.audits.items():
        for line in _remarks(audit):
            console.print(Text.assemble((f"{name}: ", "cyan"), line))
    if found.refused:
        console.print(Text(f"No run takes it: {found.refused}", "red"))
    if not found.swallowed:
        console.print("Special tokens that are typed in a text stay text.")
    if all(found.fresh):
        console.print(f"{len(found.fresh)} fresh processes with other hash seeds found the same tokens and ids.")
    for promise in found.broken:
        console.print(Text(f"BROKEN  {promise}", "bold red"))
    if not found.broken:
        console.print(Text("All promises are kept.", "bold green"))


def _table(audits: dict[str, Audit]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1), pad_edge=False)
    table.add_column("")
    for name in audits:
        table.add_column(Text(name, "cyan"), justify="right", overflow="fold")

    def row(title: str, cell: Callable[[Audit], str]) -> None:
        table.add_row(Text(title), *(Text(cell(audit)) for audit in audits.values()))

    def section(title: str) -> None:
        table.add_section()
        table.add_row(Text(title, "bold"))

    row("bytes in the file", lambda a: f"{a.n_bytes:,}")
    row("bytes that belong to exactly one token", lambda a: NONE if a.covered is None else f"{a.covered:,}")
    row("bytes after the last token", lambda a: f"{len(a.tail.encode()):,}")
    row("tokens", lambda a: f"{a.n_tokens:,}")
    row("what comes back", lambda a: "the same" if a.parts_at is None else "another text")
    section("charged, in bits per byte (of the characters, lost)")
    for kind in dict.fromkeys(loss.kind for audit in audits.values() for loss in audit.losses):
        row(kind, lambda a, kind=kind: next((f"{x.bits / a.n_bytes:.4f} ({x.n_chars / a.n_chars:.1%})" for x in a.losses if x.kind == kind), NONE))
    row("in all", lambda a: f"{sum(loss.bits for loss in a.losses) / a.n_bytes:.4f}")
    section("claimed over true bits per byte, by this mistake")
    row("the tokens' own texts counted", lambda a: _claimed(a, a.own))
    for i, miscount in enumerate(next(iter(audits.values())).miscounts):
        row(miscount.name, lambda a, i=i: _claimed(a, a.miscounts[i]))
    return table


def _claimed(audit: Audit, miscount: Miscount) -> str:
    return NONE if miscount.n_bytes == audit.n_bytes else f"{miscount.factor:.4f}"


def _remarks(audit: Audit) -> Iterator[str]:
    if audit.parts is not None:
        text, back = map(one_line, audit.parts)
        yield f"what comes back parts from it at byte {audit.parts_at:,}: \u201c{back}\u201d for \u201c{text}\u201d"
    if audit.own.n_bytes != audit.n_bytes:
        likely = f", which is this error: {' = '.join(audit.own_is[:1])}" if audit.own_is else ""
        yield f"the tokens' own texts sum to {audit.own.n_bytes:,} bytes{likely}"
