"""A text of your own under trained models: `python experiments/score.py RUN ... --passage FILE --text FILE`.

Says how many bits each run's model and tokenizer need for it, what the tokenizer throws away charged as everywhere,
and adds it to the run under the file's name, where the report finds it: a passage token by token (passages.json),
a text of any length as `eval.texts` does (result.json), and so, by --perturb, the validation text with mistakes in
it. RUN is a run folder, (the beginning of) a run's name under outputs/, or a study: all its finished runs. Nothing
is trained.
"""

import argparse
import sys
from collections.abc import Sequence

from experiments.cli.arguments import new_parser
from numpygpt.commands import refused, run_command
from numpygpt.errors import UserError


def parser() -> argparse.ArgumentParser:
    parser = new_parser("score.py", __doc__)
    add = parser.add_argument
    add("runs", nargs="+", metavar="RUN", help="a run folder, (the beginning of) a run's name, or a study")
    for option, more in (("--passage", ", shown token by token"), ("--text", ", or the name of one of ours")):
        add(option, action="append", default=[], metavar="FILE", help=f"a UTF-8 text{more}")
    add("--perturb", metavar="typos,spaces,case,unicode", help="the validation text with mistakes in it")
    add("--rate", type=float, default=0.05, help="of the mistakes, per character (default: 0.05)")
    add("--measures", nargs="*", metavar="sample.KEY=VALUE",
        help="take all scores, samples and measures of the runs anew, with these settings of samples")  # fmt: skip
    return parser


def score(chosen: argparse.Namespace) -> int:
    if not chosen.passage and not chosen.text and chosen.perturb is None and chosen.measures is None:
        raise UserError("there is nothing to score: say --passage FILE, --text FILE, --perturb or --measures")
    from experiments.cli.eval_texts import read_texts
    from experiments.runner.job import measure_again
    from experiments.trained.scoring import read_mistakes, read_passages, runs_to_score, score_runs

    passages, texts = read_passages(chosen.passage), read_texts(chosen.text)
    mistakes = read_mistakes(chosen.perturb, chosen.rate)
    runs = runs_to_score(chosen.runs)
    faults = [] if chosen.measures is None else measure_again(runs, chosen.measures)
    if passages or texts or mistakes:
        faults += score_runs(runs, passages, texts, mistakes)
    return refused("score.py", *faults) if faults else 0


def main(argv: Sequence[str] | None = None) -> int:
    """Exit codes: 0 all scored, 2 something was refused, 130 stopped; a run's files are whole or as they were."""
    return run_command(parser(), score, argv)


if __name__ == "__main__":
    sys.exit(main())
