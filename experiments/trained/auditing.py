"""What an audit of a tokenizer is made of: the tokenizer, texts to try it on, and fresh processes that do the same."""

import hashlib
import os
import re
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

from experiments.cli.eval_texts import read_texts
from experiments.configuration.build import build_tokenizer, composed
from experiments.configuration.messages import refuse_misunderstood
from experiments.configuration.typed import as_typed
from experiments.configuration.validation import check
from experiments.trained.load import fit_coder
from experiments.trained.named_tokenizers import of_run, parts_at_hand
from numpygpt.data import Part
from numpygpt.errors import UserError
from numpygpt.measures.text.audit import Audit, audit, swallowed
from numpygpt.runs import find_run
from numpygpt.tokenizers import Tokenizer

HASH_SEEDS = ("1", "2")  # of Python's hashes in the fresh processes; this one has its own


@dataclass(frozen=True)
class Subject:
    """The tokenizer `name`, what it was trained or tried out on, and texts by name; `refused`: why no run takes it."""

    name: str
    tokenizer: Tokenizer
    train: Part
    texts: dict[str, str]
    refused: str
    given: tuple[str, ...]  # the arguments of the command


@dataclass(frozen=True)
class Findings:
    """All of an audit; `audits` by the name of the text, `broken`: the promises that are, in words."""

    tokenizer: str
    kind: str
    vocab_size: int
    losses: str  # as it says itself, or as it was tried out
    fitted_on: str
    refused: str
    swallowed: list[str]
    fresh: list[bool]  # whether each fresh process found the same tokenizer and the same ids
    audits: dict[str, Audit]
    broken: list[str]


def prepare(given: Sequence[str], run: str | None) -> Subject:
    """From settings and texts as they are typed. UserError: no such thing, or no vocabulary can be made."""
    settings = [argument for argument in given if re.match(r"[\w./+]+=", argument)]
    files = [argument for argument in given if argument not in settings]
    if (run is None) != bool(settings):
        raise UserError("name one tokenizer: by settings (tokenizer=...), or with --run RUN and no settings")
    refused, name = "", run or ""
    if run is not None:
        named = of_run(find_run(run))
        name, tokenizer, (train, judged) = named.name, named.tokenizer, named.parts()
    else:
        refuse_misunderstood(settings)
        config = composed(*map(as_typed, settings))
        check(config)
        name, (train, judged) = config.tokenizer.name, parts_at_hand(config.data)
        tokenizer = build_tokenizer(config.tokenizer)
        try:
            tokenizer.train(train.chunks())
        except UserError as refusal:
            with suppress(UserError):
                tokenizer.encode("")  # it has a vocabulary, and can be looked at
                refused = str(refusal)
            if not refused:
                raise
    texts = read_texts(files) if files else {f"{judged.corpus.name} ({judged.name})": judged.text}
    arguments = (*given, *(("--run", run) if run else ()))
    return Subject(name, tokenizer, train, texts, refused, arguments)


def digest(subject: Subject) -> str:
    """sha256 of the tokenizer and of the ids of all texts."""
    parts = [subject.tokenizer.fingerprint().encode()]
    parts += [subject.tokenizer.encode(text).tobytes() for text in subject.texts.values()]
    return hashlib.sha256(b"".join(parts)).hexdigest()


def find_out(subject: Subject) -> Findings:
    """UserError: the tokenizer cannot encode one of the texts."""
    tokenizer, here = subject.tokenizer, digest(subject)
    command = [sys.executable, "-m", "experiments.audit", *subject.given, "--digest"]
    fresh = [
        subprocess.Popen(
            command,
            env=os.environ | {"PYTHONHASHSEED": seed},
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        for seed in HASH_SEEDS
    ]
    coder = None if subject.refused else fit_coder(subject.train, tokenizer)
    audits = {name: audit(tokenizer, text, coder) for name, text in subject.texts.items()}
    same = [process.communicate()[0].strip() == here for process in fresh]
    names = swallowed(tokenizer)
    broken = [f"{name}: {promise}" for name, found in audits.items() for promise in found.broken]
    broken += [f"typed in a text, {', '.join(names)} is taken for a special token"] if names else []
    broken += [] if all(same) else ["a fresh process, with another PYTHONHASHSEED, finds other tokens or ids"]
    return Findings(
        tokenizer=subject.name,
        kind=tokenizer.kind,
        vocab_size=tokenizer.vocab_size,
        losses=tokenizer.losses,
        fitted_on=f"{subject.train.corpus.name} ({subject.train.name})",
        refused=subject.refused,
        swallowed=names,
        fresh=same,
        audits=audits,
        broken=broken,
    )
