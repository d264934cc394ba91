"""Texts of the user's own: read, scored under finished runs, added to their folders, shown as tables."""

from collections.abc import Iterable, Mapping, Sequence

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from experiments.cli.eval_texts import read_texts
from experiments.cli.progress import progress
from experiments.trained.scoring import ScoredText, Scorer, add_passages, add_texts
from numpygpt.errors import UserError
from numpygpt.files import require_writable
from numpygpt.places import REPORT
from numpygpt.runs import RunFolder, finished_runs

MAX_PASSAGE_BYTES = 20_000  # a page that draws it under forty runs stays light


def read_passages(files: Iterable[str]) -> dict[str, str]:
    """Name -> text. Raises UserError as `read_texts`, and for one too long to be shown token by token."""
    passages = read_texts(files)
    for name, text in passages.items():
        if len(text.encode()) > MAX_PASSAGE_BYTES:
            raise UserError(
                f"{name} has more than {MAX_PASSAGE_BYTES:,} bytes, too many to be shown token by token: "
                "cut a passage out, or score all of it with --text"
            )
    return passages


def runs_to_score(names: Iterable[str]) -> list[RunFolder]:
    """The finished runs, each once. Raises UserError for one that is not there, not done, or has no weights."""
    runs = finished_runs(names)
    for run in runs:
        missing = [p.name for p in (run.checkpoint_path, run.tokenizer_path) if not p.exists()]
        if missing:
            raise UserError(
                f"the run {run.path} has no {missing[0]}, and nothing can be scored without it: "
                "choose a run that was trained here, or train it again"
            )
    return runs


def score_runs(runs: Sequence[RunFolder], passages: dict[str, str], texts: dict[str, str]) -> list[UserError]:
    """Scores the texts under each run, adds them to it and shows them: passages token by token, `texts` as a whole.

    Returns the faults of single runs, which do not keep the others from being scored. UserError: two of one name.
    """
    if twice := [name for name, text in passages.items() if texts.get(name, text) != text]:
        raise UserError(f"two texts are called {twice[0]}, and that is what tables call them: rename one")
    console, scorer, faults = Console(highlight=False), Scorer(), []
    scores: dict[str, dict[RunFolder, ScoredText]] = {}
    for run in progress(runs, "scoring"):
        try:
            require_writable(run.path)  # scoring takes its time
            scored = scorer.score(run, passages | texts)
            for text in scored:
                scores.setdefault(text.name, {})[run] = text
            if passages:
                add_passages(run, [text for text in scored if text.name in passages])
            if texts:
                add_texts(run, [text for text in scored if text.name in texts])
        except UserError as error:
            faults.append(error)
    for scores_of_text in scores.values():
        console.print(score_table(scores_of_text))
        console.print()
    if n_added := len(runs) - len(faults):
        places = " ".join(str(place) for place in sorted({run.path.parent for run in runs}))
        console.print(f"added to {n_added} run{'' if n_added == 1 else 's'}; the report draws them: ", end="")
        console.print(f"{REPORT} {places}", markup=False, highlight=False, soft_wrap=True)
    return faults


def score_table(scores: Mapping[RunFolder, ScoredText]) -> Table:
    """Of one text, a line per run.

    Of a tokenizer that loses something, the tokens alone are a floor and all bits a ceiling.
    """
    first = next(iter(scores.values()))
    n_bytes = first.score.n_bytes
    title = f"{first.name}: {n_bytes:,} byte{'' if n_bytes == 1 else 's'}, {first.score.n_chars:,} characters"
    floor = [] if all(scored.tokenizer.lossless for scored in scores.values()) else ["tokens\nalone"]
    table = Table(
        title=escape(title),
        title_justify="left",
        title_style="bold",
        box=None,
        header_style="dim",
        pad_edge=False,
    )
    table.add_column("run", no_wrap=True)
    for heading in ("bits", "bits/byte", *floor, "tokens", "chars/\ntoken"):
        table.add_column(heading, justify="right")
    for run, scored in scores.items():
        n_tokens = len(scored.source.ids)
        chars = f"{scored.score.n_chars / n_tokens:.2f}" if n_tokens else "-"
        alone = [f"{scored.score.bits_per_byte_tokens:.3f}"] if floor else []
        bits = (f"{scored.score.bits:,.1f}", f"{scored.score.bits_per_byte:.3f}")
        table.add_row(escape(run.name), *bits, *alone, f"{n_tokens:,}", chars)
    return table
