"""Is it counted rightly? `python experiments/audit.py tokenizer=hf tokenizer.path=tokenizer.json FILE ...`.

Proves on texts that every byte belongs to exactly one token; shows what comes back, what is charged for the rest,
and what each known way to miscount bytes would claim; tries special tokens typed in a text, and whether fresh
processes find the same. The tokenizer is trained, or tried out, on the training part of `data=...` as by run.py, or
is that of --run. Without FILE: the validation text.
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
        "given",
        nargs="*",
        metavar="SETTING | FILE",
        help="settings of run.py (tokenizer=..., data=...); UTF-8 texts, or names of ours (emoji, cjk, ...)",
    )
    parser.add_argument("--run", help="the tokenizer of this run, in place of settings")
    parser.add_argument("--json", action="store_true", help="print all that was found as JSON")
    # What fresh processes are asked for.
    parser.add_argument("--digest", action="store_true", help=argparse.SUPPRESS)
    return parser


def audit(chosen: argparse.Namespace) -> int:
    from experiments.trained.auditing import find_out, show

    found = find_out(chosen.given, chosen.run, chosen.digest)
    if chosen.digest:
        print(found.digest)
    elif chosen.json:
        print(json.dumps(dataclasses.asdict(found), ensure_ascii=False, indent=1))
    else:
        show(found)
    return 1 if found.broken else 0


def main(argv: Sequence[str] | None = None) -> int:
    """Exit codes: 0 all promises are kept, 1 one is broken, 2 the command is refused."""
    return run_command(parser(), audit, argv)


if __name__ == "__main__":
    sys.exit(main())
