"""An audit of a tokenizer: made ready as by a run, tried on texts, made anew in fresh processes; and its page."""

import hashlib
import os
import re
import subprocess
import sys
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from experiments.cli.eval_texts import read_texts
from experiments.configuration.build import build_tokenizer, composed
from experiments.configuration.messages import refuse_misunderstood
from experiments.configuration.typed import as_typed
from experiments.configuration.validation import check
from experiments.trained.load import fit_coder, load_tokenizer, parts_of
from experiments.trained.named_tokenizers import parts_at_hand
from experiments.trained.token_view import one_line
from numpygpt.data import Part
from numpygpt.errors import UserError
from numpygpt.measures.text.audit import Audit, audit, swallowed
from numpygpt.runs import find_run
from numpygpt.tokenizers import Tokenizer

HASH_SEEDS = ("1", "2")  # of Python in the fresh processes; this one has its own
NONE, WIDTH, WIDTH_OF_TEXT = "\u2013", 38, 13  # characters of the page's table


@dataclass
class Findings:
    """All of an audit. audits: by the name of the text.   broken: the promises that are, in words.

    losses: as the tokenizer says itself, or as the try-out found.   refused: why no run takes it, or nothing.
    digest: sha256 of the tokenizer and of the ids of all texts.
    """

    tokenizer: str
    kind: str
    vocab_size: int
    losses: str
    fitted_on: str
    refused: str
    digest: str
    audits: dict[str, Audit] = field(default_factory=dict)
    broken: list[str] = field(default_factory=list)


def find_out(given: Sequence[str], run: str | None, only_digest: bool) -> Findings:
    """From settings and texts as they are typed. UserError: no such thing, or a text that it cannot encode."""
    settings = [argument for argument in given if re.match(r"[\w./+]+=", argument)]
    files = [argument for argument in given if argument not in settings]
    if (run is None) != bool(settings):
        raise UserError("name one tokenizer: by settings (tokenizer=...), or with --run RUN and no settings")
    name, tokenizer, (train, judged), refused = _made_ready(settings, run)
    texts = read_texts(files) if files else {f"{judged.corpus.name} ({judged.name})": judged.text}
    ids = (tokenizer.encode(text).tobytes() for text in texts.values())
    found = Findings(
        tokenizer=name,
        kind=tokenizer.kind,
        vocab_size=tokenizer.vocab_size,
        losses=tokenizer.losses,
        fitted_on=f"{train.corpus.name} ({train.name})",
        refused=refused,
        digest=hashlib.sha256(b"".join([tokenizer.fingerprint().encode(), *ids])).hexdigest(),
    )
    if only_digest:
        return found
    coder = None if refused else fit_coder(train, tokenizer)
    found.audits = {name: audit(tokenizer, text, coder) for name, text in texts.items()}
    found.broken = [f"{name}: {promise}" for name, one in found.audits.items() for promise in one.broken]
    if names := swallowed(tokenizer):
        found.broken.append(f"typed in a text, {', '.join(names)} is taken for a special token")
    named_run = [] if run is None else ["--run", run]
    command = [sys.executable, "-m", "experiments.audit", *given, *named_run, "--digest"]
    for seed in HASH_SEEDS:
        environment = os.environ | {"PYTHONHASHSEED": seed}
        fresh = subprocess.run(command, env=environment, capture_output=True, text=True)
        if fresh.stdout.strip() != found.digest:
            found.broken.append(f"a process with PYTHONHASHSEED={seed} makes another tokenizer, or other ids")
    return found


def _made_ready(settings: Sequence[str], run: str | None) -> tuple[str, Tokenizer, tuple[Part, Part], str]:
    """Its name, itself, the training part and the judged one, and why no run takes it, or nothing.

    Of a run, or as for a run with these settings. UserError: it cannot even be looked at.
    """
    if run is not None:
        found = find_run(run)
        return found.name, load_tokenizer(found), parts_of(found), ""
    refuse_misunderstood(settings)
    config = composed(*map(as_typed, settings))
    check(config)
    tokenizer, parts = build_tokenizer(config.tokenizer), parts_at_hand(config.data)
    name = config.tokenizer.name
    try:
        tokenizer.train(parts[0].chunks())
    except UserError as refusal:
        with suppress(UserError):
            tokenizer.encode("")  # it has a vocabulary
            return name, tokenizer, parts, str(refusal)
        raise
    return name, tokenizer, parts, ""


def show(found: Findings) -> None:
    """Print the page."""
    console = Console(highlight=False)
    losses = found.losses or "loses nothing"
    facts = f"{found.kind}, vocabulary {found.vocab_size:,}, {losses}; fitted on {found.fitted_on}"
    console.print(Text.assemble("\n", (found.tokenizer, "bold"), "  ", (facts, "dim")))
    names, at_once = list(found.audits), max((console.width - WIDTH - 2) // WIDTH_OF_TEXT, 1)
    for i in range(0, len(names), at_once):
        console.print(_table({name: found.audits[name] for name in names[i : i + at_once]}))
    for name, one in found.audits.items():
        if one.parts is not None:
            text, back = map(one_line, one.parts[1:])
            where = f"{name}: at byte {one.parts[0]:,}"
            console.print(Text(f"{where} \u201c{back}\u201d comes back for \u201c{text}\u201d"))
        if one.own_is:
            said = f"the tokens' own texts come to what one counts with {' or '.join(one.own_is)}"
            console.print(Text(f"{name}: {said}"))
    if found.refused:
        console.print(Text(f"No run takes it: {found.refused}", "red"))
    for promise in found.broken:
        console.print(Text(f"BROKEN  {promise}", "bold red"))
    if not found.broken:
        kept = "All promises are kept; special tokens that are typed are text; fresh processes find the same."
        console.print(Text(kept, "bold green"))


def _table(named: dict[str, Audit]) -> Table:
    audits = named.values()
    table = Table(box=box.SIMPLE_HEAD, padding=0)
    table.add_column("", min_width=WIDTH)
    for name in named:
        width = None if len(named) == 1 else WIDTH_OF_TEXT - 1
        table.add_column(Text(name, "cyan"), justify="right", overflow="fold", max_width=width)

    def row(title: str, cells: Iterable[str]) -> None:
        table.add_row(Text(title), *map(Text, cells))

    def section(title: str) -> None:
        table.add_section()
        table.add_row(Text(title, "bold"))

    row("bytes in the file", (f"{a.n_bytes:,}" for a in audits))
    covered = (NONE if a.covered is None else f"{a.covered:,}" for a in audits)
    row("bytes that belong to exactly one token", covered)
    row("bytes after the last token", (f"{a.tail:,}" for a in audits))
    row("tokens", (f"{a.n_tokens:,}" for a in audits))
    row("what comes back", ("the same" if a.parts is None else "changed" for a in audits))
    section("charged, bits per byte (chars lost)")
    for kind in dict.fromkeys(kind for a in audits for kind in a.charged):
        charges = (
            f"{a.charged[kind]:.3f} ({a.lost[kind]:.0%})" if kind in a.charged else NONE for a in audits
        )
        row(kind, charges)
    row("in all", (f"{sum(a.charged.values()):.3f} ({sum(a.lost.values()):.0%})" for a in audits))
    section("claimed / true bits per byte, counting")
    for name in next(iter(audits)).claims:
        row(name, (NONE if a.claims[name] == 1 else f"{a.claims[name]:.4f}" for a in audits))
    return table
