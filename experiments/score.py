"""A text of your own under trained models: `python experiments/score.py RUN ... --passage FILE --text FILE`.

Says how many bits each run's model and tokenizer need for it, what the tokenizer throws away charged as everywhere,
and adds it to the run under the file's name, where the report finds it: a passage token by token (passages.json),
a text of any length as `eval.texts` does (result.json). RUN is a run folder, (the beginning of) a run's name under
outputs/, or a study: all its finished runs. Nothing is trained.
"""

import argparse
import sys
from collections.abc import Sequence

from experiments.cli.arguments import new_parser
from numpygpt.commands import refused, run_command
from numpygpt.errors import UserError


def parser() -> argparse.ArgumentParser:
    parser = new_parser("score.py", __doc__)
    parser.add_argument(
        "runs", nargs="+", metavar="RUN", help="a run folder, (the beginning of) a run's name, or a study"
    )
    parser.add_argument(
        "--passage", action="append", default=[], metavar="FILE", help="a UTF-8 text, shown token by token"
    )
    parser.add_argument(
        "--measures",
        nargs="*",
        metavar="sample.KEY=VALUE",
        help="take all scores, samples and measures of the runs anew, with these settings of samples",
    )
    parser.add_argument(
        "--text", action="append", default=[], metavar="FILE", help="a UTF-8 text, or the name of one of ours"
    )
    return parser


def score(chosen: argparse.Namespace) -> int:
    if not chosen.passage and not chosen.text and chosen.measures is None:
        raise UserError("there is nothing to score: name a file with --passage or --text, or say --measures")
    from experiments.cli.eval_texts import read_texts
    from experiments.runner.job import measure_again
    from experiments.trained.scoring import read_passages, runs_to_score, score_runs

    passages, texts = read_passages(chosen.passage), read_texts(chosen.text)
    runs = runs_to_score(chosen.runs)
    faults = [] if chosen.measures is None else measure_again(runs, chosen.measures)
    if passages or texts:
        faults += score_runs(runs, passages, texts)
    return refused("score.py", *faults) if faults else 0


def main(argv: Sequence[str] | None = None) -> int:
    """Exit codes: 0 all scored, 2 something was refused, 130 stopped; a run's files are whole or as they were."""
    return run_command(parser(), score, argv)


if __name__ == "__main__":
    sys.exit(main())
