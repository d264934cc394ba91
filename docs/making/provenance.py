"""Where the figures come from: the command, commit, corpus and versions of each kept study."""

import re
import shlex
from collections.abc import Iterable
from typing import Any

from making.records import Study
from making.words import markdown_table

# What a command may say without changing a bit of the result: where to write, and on how many processes.
PLACE = re.compile(r"outputs=|study=|train\.workers=|hydra|force=")
SWEPT = re.compile(r"(tokenizer|seed)=")


def commands(study: Study) -> list[str]:
    """The commands that train the runs of a study, each with all that was typed but for places of this machine.

    A sweep that was typed in parts (some seeds now, some later) is one command again.
    """
    typed: dict[tuple[str, ...], list[dict[str, Any]]] = {}
    for record in study.collection.records.values():
        said = [word for word in record["environment"]["command"][1:] if not PLACE.match(word)]
        typed.setdefault(tuple(word for word in said if not SWEPT.match(word)), []).append(record)
    return [_command(study.name, rest, records) for rest, records in typed.items()]


def _command(name: str, rest: Iterable[str], records: list[dict[str, Any]]) -> str:
    """One command for all these runs."""
    words = list(rest)
    if any(word.startswith("experiment=") for word in words):  # it names its own study and tokenizers
        return shlex.join(["python", "experiments/run.py", *words])
    words = [word for word in words if word != "-m"]
    tokenizers = dict.fromkeys(
        record["config"]["tokenizer"]["name"] for record in sorted(records, key=_place)
    )
    seeds = sorted({record["identity"]["seed"] for record in records})
    swept = [f"tokenizer={','.join(tokenizers)}", f"seed={','.join(map(str, seeds))}"]
    return shlex.join(["python", "experiments/run.py", "-m", f"study={name}", *swept, *words])


def _place(record: dict[str, Any]) -> tuple[int, str]:
    usual = ("char", "word", "bpe", "bpe-bytefallback")
    name = record["config"]["tokenizer"]["name"]
    return (usual.index(name) if name in usual else len(usual), name)


def provenance_table(studies: Iterable[Study]) -> str:
    """A row per study: its runs, the code, the corpus, the versions and the machine."""
    rows = []
    for study in studies:
        records = list(study.collection.records.values())
        parts = [part for record in records for part in (*record.get("earlier", []), record)]
        rows.append(
            [
                study.name,
                str(len(records)),
                _each(f"{p['git']['commit'][:10]}{' (changed)' * bool(p['git']['changed'])}" for p in parts),
                _each(str(r["identity"]["results_version"]) for r in records),
                _each(f"{r['corpus']['name']} {r['corpus']['sha256'][:12]}" for r in records),
                _each(p["environment"]["python"] for p in parts),
                _each(p["environment"]["packages"]["numpy"] for p in parts),
                _each(_blas(p) for p in parts),
                _each(f"{p['environment']['cpu']}, {p['environment']['cores']} cores" for p in parts),
            ]
        )
    heads = ["study", "runs", "commit", "numerics", "corpus, sha256", "Python", "NumPy", "BLAS", "processor"]
    return markdown_table(heads, rows, left=len(heads))


def _blas(record: dict[str, Any]) -> str:
    return ", ".join(f"{b['internal_api']} {b['version']}" for b in record["environment"]["blas"])


def _each(values: Iterable[str]) -> str:
    """The distinct values, in the order of their names."""
    return ", ".join(sorted(set(values)))
