"""A trained run for other programs: `python experiments/export.py RUN --format hf -o DIR`.

Writes what Hugging Face's libraries load: tokenizer.json, and the weights in model.safetensors with config.json, as
GPT-2's or, for a model with rotary positions, as NanoChat's. What neither can express is refused.

    from transformers import AutoModelForCausalLM, AutoTokenizer
    model, tokenizer = AutoModelForCausalLM.from_pretrained(DIR), AutoTokenizer.from_pretrained(DIR)
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from experiments.cli.arguments import add_run, new_parser
from numpygpt.commands import run_command
from numpygpt.runs import find_run


def parser() -> argparse.ArgumentParser:
    parser = new_parser("export.py", __doc__)
    add_run(parser)
    parser.add_argument(
        "--format", choices=["hf"], default="hf", help="hf: Hugging Face (the only one so far)"
    )
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="DIR", help="where to write")
    parser.add_argument("--tokenizer-only", action="store_true", help="leave the model's weights out")
    return parser


def export(chosen: argparse.Namespace) -> None:
    run = find_run(chosen.run)
    from experiments.trained import hugging_face

    for line in hugging_face.export(run, chosen.output, chosen.tokenizer_only):
        print(line)


def main(argv: Sequence[str] | None = None) -> int:
    return run_command(parser(), export, argv)


if __name__ == "__main__":
    sys.exit(main())
