"""Text from a trained model, as it is written: `python experiments/sample.py RUN [--prompt "ROMEO:"]`.

RUN is a run folder, or its name anywhere under outputs/ (the beginning is enough if only one run has it).
"""

import argparse
import secrets
import sys
from collections.abc import Sequence

from experiments.cli.arguments import add_run, new_parser
from numpygpt.commands import require_at_least, run_command
from numpygpt.runs import find_run


def parser() -> argparse.ArgumentParser:
    parser = new_parser("sample.py", __doc__)
    add_run(parser)
    prompt = r"the text to continue; \n is a new line, and the default (--prompt=-x if it begins with a dash)"
    parser.add_argument("--prompt", default="\n", type=lambda typed: typed.replace(r"\n", "\n"), help=prompt)
    parser.add_argument("--length", type=int, default=500, metavar="TOKENS", help="tokens per sample (500)")
    parser.add_argument("--number", type=int, default=1, metavar="N", help="how many samples (1)")
    parser.add_argument("--temperature", type=float, default=0.8, help="0: always the likeliest (0.8)")
    parser.add_argument("--top-k", type=int, metavar="K", help="only the K likeliest tokens")
    parser.add_argument("--top-p", type=float, metavar="P", help="only the likeliest tokens that make up P")
    parser.add_argument("--seed", type=int, help="the same seed, the same text (default: another every time)")
    return parser


def sample(chosen: argparse.Namespace) -> None:
    require_at_least(1, chosen, "length", "number")
    require_at_least(0, chosen, "seed")
    run = find_run(chosen.run)
    from experiments.trained.load import load_model
    from numpygpt.generation import prompt_ids, sample_ids, stream

    model, tokenizer = load_model(run)
    ids = prompt_ids(tokenizer, chosen.prompt)
    seed = secrets.randbits(32) if chosen.seed is None else chosen.seed
    settings = {name: getattr(chosen, name) for name in ("temperature", "top_k", "top_p")}
    for k in range(chosen.number):
        if chosen.number > 1:
            print(f"--- sample {k + 1} ---")
        print(chosen.prompt.lstrip("\n"), end="", flush=True)
        for piece in stream(tokenizer, ids, sample_ids(model, ids, chosen.length, seed, k, **settings)):
            print(piece, end="", flush=True)
        print()


def main(argv: Sequence[str] | None = None) -> int:
    return run_command(parser(), sample, argv)


if __name__ == "__main__":
    sys.exit(main())
