"""Texts of the user's own: read, scored under finished runs, added to their folders, shown as tables."""

from collections.abc import Iterable, Mapping, Sequence

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from experiments.cli.files import decoded, read_input
from experiments.cli.progress import progress
from experiments.configuration.eval_texts import text_name, text_path
from experiments.trained.scoring import ScoredText, Scorer, add_passages, add_texts
from numpygpt.errors import UserError
from numpygpt.files import require_writable
from numpygpt.places import REPORT
from numpygpt.runs import RunFolder, finished_runs

MAX_PASSAGE_BYTES = 20_000  # a page that draws it under forty runs stays light


def read_passages(files: Iterable[str]) -> dict[str, str]:
    """Name -> text, as `read_texts`; UserError for one that is too long to be shown token by token, too."""
    passages = read_texts(files)
    for name, text in passages.items():
        if len(text.encode()) > MAX_PASSAGE_BYTES:
            raise UserError(
                f"{name} has more than {MAX_PASSAGE_BYTES:,} bytes, too many to be shown token by token: "
                "cut a passage out, or score all of it with --text"
            )
    return passages


def read_texts(files: Iterable[str]) -> dict[str, str]:
    """Name -> text of files, or of texts that the project brings.

    Raises UserError for one that cannot be read, is not UTF-8 or empty, or has the name of another.
    """
    texts: dict[str, str] = {}
    for file in dict.fromkeys(files):
        path, name = text_path(file), text_name(file)
        if name in texts:
            raise UserError(f"two files are called {name}, and that is what reports call them: rename one")
        texts[name] = decoded(read_input(path, pipes=False), str(path))
        if not texts[name]:
            raise UserError(f"{path} is empty: name a file with some text in it")
    return texts


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
        raise UserError(f"two files are called {twice[0]}, and that is what reports call them: rename one")
    console, scorer, faults = Console(highlight=False), Scorer(), []
    scores: dict[RunFolder, list[ScoredText]] = {}
    for run in progress(runs, "scoring"):
        try:
            require_writable(run.path)  # scoring takes its time
            scores[run] = scorer.score(run, passages | texts)
            if passages:
                add_passages(run, [text for text in scores[run] if text.name in passages])
            if texts:
                add_texts(run, [text for text in scores[run] if text.name in texts])
        except UserError as error:
            faults.append(error)
    for table in score_tables(scores):
        console.print(table)
        console.print()
    if n_added := len(runs) - len(faults):
        places = " ".join(str(place) for place in sorted({run.path.parent for run in runs}))
        console.print(f"added to {n_added} run{'' if n_added == 1 else 's'}; the report draws them: ", end="")
        console.print(f"{REPORT} {places}", markup=False, highlight=False, soft_wrap=True)
    return faults


def score_tables(runs: Mapping[RunFolder, Sequence[ScoredText]]) -> list[Table]:
    """One for each text; `runs`: the texts under each run, the same for all."""
    names = dict.fromkeys(text.name for texts in runs.values() for text in texts)
    return [
        score_table({run: text for run, texts in runs.items() for text in texts if text.name == name})
        for name in names
    ]


def score_table(scores: Mapping[RunFolder, ScoredText]) -> Table:
    """A line per run. Of a tokenizer that loses something, the tokens alone are a floor and all bits a ceiling."""
    first = next(iter(scores.values()))
    n_bytes = first.score.n_bytes
    title = f"{first.name}: {n_bytes:,} byte{'' if n_bytes == 1 else 's'}, {len(first.text):,} characters"
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
        n_tokens = len(scored.ids)
        chars = f"{len(scored.text) / n_tokens:.2f}" if n_tokens else "-"
        alone = [f"{scored.score.bits_per_byte_tokens:.3f}"] if floor else []
        bits = (f"{scored.score.bits:,.1f}", f"{scored.score.bits_per_byte:.3f}")
        table.add_row(escape(run.name), *bits, *alone, f"{n_tokens:,}", chars)
    return table
