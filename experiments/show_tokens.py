"""The same text under several tokenizers: `python experiments/show_tokens.py "O Romeo!" --tokenizers char,word`.

Tokens are coloured in turn (without colours, a bar stands between them). --runs takes the tokenizers of runs;
--tokenizers trains those of these names on the training part of the default corpus, as conf/tokenizer has them.
"""

import argparse
import sys
from collections.abc import Sequence

from experiments.cli.arguments import new_parser
from experiments.cli.files import PIPE, decoded, input_name, read_input
from numpygpt.commands import run_command
from numpygpt.errors import UserError

DEFAULT_TOKENIZERS = "char,word,bpe,bpe-bytefallback"


def parser() -> argparse.ArgumentParser:
    parser = new_parser("show_tokens.py", __doc__)
    parser.add_argument("text", nargs="?", help="the text (default, and -: standard input)")
    parser.add_argument("--runs", nargs="+", default=[], metavar="RUN", help="folders, or names in outputs/")
    parser.add_argument("--tokenizers", metavar="A,B,...", help=f"choices (default: {DEFAULT_TOKENIZERS})")
    return parser


def show(chosen: argparse.Namespace) -> None:
    from experiments.trained.named_tokenizers import named_tokenizers
    from experiments.trained.token_view import show_tokens

    choices = DEFAULT_TOKENIZERS if chosen.tokenizers is None and not chosen.runs else chosen.tokenizers
    text = decoded(read_input(PIPE), input_name(PIPE)) if chosen.text in (None, PIPE) else chosen.text
    if not text:
        raise UserError("the text is empty: give one, or pipe one in")
    show_tokens(named_tokenizers(chosen.runs, choices), text)


def main(argv: Sequence[str] | None = None) -> int:
    return run_command(parser(), show, argv)


if __name__ == "__main__":
    sys.exit(main())
