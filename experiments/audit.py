"""Is a tokenizer counted rightly? `python experiments/audit.py tokenizer=hf tokenizer.path=tokenizer.json FILE ...`.

Proves on texts that every byte belongs to exactly one token, and shows what comes back, what the harness charges for
the rest, which of the known ways to miscount bytes strike and what they would claim, what becomes of special tokens
that somebody types, and whether fresh processes find the same. The tokenizer is chosen, and trained or tried out on
the training part of `data=...`, as by run.py; --run takes that of a run. Without FILE: the validation text.
"""

import argparse
import dataclasses
import json
import sys
from collections.abc import Sequence

from experiments import cli as cli  # before NumPy is imported
from experiments.cli.arguments import new_parser
from numpygpt.commands import run_command


def parser() -> argparse.ArgumentParser:
    parser = new_parser("audit.py", __doc__)
    parser.add_argument(
        "given", nargs="*", metavar="tokenizer=... | FILE",
        help="settings as of run.py (tokenizer=..., data=...); UTF-8 texts, or names of ours (emoji, cjk, code, ...)",
    )  # fmt: skip
    parser.add_argument("--run", help="the tokenizer of this run, in place of settings")
    parser.add_argument("--json", action="store_true", help="print all that was found as JSON")
    parser.add_argument("--digest", action="store_true", help=argparse.SUPPRESS)  # what a fresh process is asked
    return parser


def audit(chosen: argparse.Namespace) -> int:
    from experiments.trained.audit_page import show
    from experiments.trained.auditing import digest, find_out, prepare

    subject = prepare(chosen.given, chosen.run)
    if chosen.digest:
        print(digest(subject))
        return 0
    findings = find_out(subject)
    if chosen.json:
        print(json.dumps(dataclasses.asdict(findings), ensure_ascii=False, indent=1))
    else:
        show(findings)
    return 1 if findings.broken else 0


def main(argv: Sequence[str] | None = None) -> int:
    """Exit codes: 0 all promises are kept, 1 one is broken, 2 the command is refused."""
    return run_command(parser(), audit, argv)


if __name__ == "__main__":
    sys.exit(main())
