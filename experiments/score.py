# ruff: noqa: E402  (threads are set before NumPy is imported)
"""A passage of your own under trained models: `python experiments/score.py RUN ... --passage FILE`.

Says how many bits each run's model and tokenizer need for it, what the tokenizer throws away charged as everywhere,
and adds it to the run's passages.json under the file's name, where the report finds it. RUN is a run folder, (the
beginning of) a run's name under outputs/, or a study: all its finished runs.
"""

import os

for _name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS"):
    os.environ.setdefault(_name, "1")

import argparse
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from experiments.sample import find_run
from numpygpt.errors import UserError
from numpygpt.files import open_to_read, require_writable
from numpygpt.printing import print_anything, printable
from numpygpt.runs import RunFolder, find_runs, is_folder

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from numpygpt.measures.bits.residual import ResidualCoder
    from numpygpt.measures.bits.scores import TextScore
    from numpygpt.tokenizers import Tokenizer

LONGEST = 20_000  # bytes: a page that draws it under forty runs stays light


@dataclass(frozen=True)
class Passage:
    """A text of the user's own; `name` is that of its file."""

    name: str
    text: str


@dataclass(frozen=True)
class Scored:
    """What a run makes of a passage; `entry` is what its passages.json gets."""

    run: str
    score: "TextScore"
    entry: dict[str, Any]
    lossless: bool


@dataclass
class Scorer:
    """Scores passages; what several runs have in common is computed once."""

    _coders: dict[tuple[str, ...], "ResidualCoder"] = field(default_factory=dict)

    def score(self, run: RunFolder, passages: Sequence[Passage]) -> list[Scored]:
        """Raises UserError if the run is damaged, or its training text is needed and not to be had."""
        from experiments.runner.results import passage as entry_of
        from experiments.sample import load_model
        from numpygpt.measures.bits.scores import score_text
        from numpygpt.training import Engine, score_tokens

        model, tokenizer = load_model(run)
        coder, found = self._coder(run, tokenizer), []
        with Engine(model, n_slices=1) as engine:
            for passage in passages:
                ids, ends = tokenizer.spans(passage.text)
                score = score_text(passage.text, ids, ends, score_tokens(engine, ids), coder)
                entry = entry_of(0, passage.text, ids, ends, score.bits_tokens, score.bits_residual)
                entry |= {"name": passage.name, "bits_tail": round(score.bits_tail, 4)}
                found.append(Scored(run.name, score, entry, tokenizer.lossless))
        return found

    def _coder(self, run: RunFolder, tokenizer: "Tokenizer") -> "ResidualCoder":
        """Fitting one takes longer than all else, and the seeds of a setting share theirs."""
        from experiments.trained.codec import coder_of

        corpus = run.run()["corpus"]
        key = (tokenizer.fingerprint(), corpus["sha256"], str(corpus["train_bytes"]))
        if key not in self._coders:
            self._coders[key] = coder_of(run, tokenizer)
        return self._coders[key]


def add(run: RunFolder, entries: Sequence[dict[str, Any]]) -> None:
    """Puts the entries into the run's passages.json, in the place of those of the same names.

    Raises RunLocked while another process is at the run, NotWritable if nothing can be written there.
    """
    with run.lock():
        if run.state() != "done":  # it may have been started anew since it was found
            raise UserError(f"the run {run.path} is not done any more: score it when it is")
        before = run.passages() if (run.path / "passages.json").exists() else []
        names = {entry["name"] for entry in entries}
        run.write_passages([*(entry for entry in before if entry.get("name") not in names), *entries])


# ---------------------------------------------------------------------- what is asked for


def arguments(argv: Sequence[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="score.py", description="Score a text of your own with trained models."
    )
    parser.add_argument(
        "runs",
        nargs="+",
        metavar="RUN",
        help="a run folder, (the beginning of) a run's name, or a study's folder",
    )
    parser.add_argument(
        "--passage", action="append", required=True, metavar="FILE", help="a UTF-8 text (may be given again)"
    )
    return parser.parse_args(argv)


def read_passages(files: Iterable[str]) -> list[Passage]:
    """Raises UserError for a file that cannot be read, is no UTF-8, empty or long, or has another's name."""
    passages: dict[str, Passage] = {}
    for file in dict.fromkeys(files):
        passage = _read_passage(file)
        if passage.name in passages:
            raise UserError(
                f"two files are called {passage.name}, and that is what reports call them: rename one"
            )
        passages[passage.name] = passage
    return list(passages.values())


def _read_passage(file: str) -> Passage:
    try:
        with open_to_read(file) as opened:
            data = opened.read(LONGEST + 1)
    except OSError as error:
        raise UserError(
            f"{file} cannot be read ({error.strerror}): name a text file that can be read"
        ) from error
    if len(data) > LONGEST:
        raise UserError(
            f"{file} has more than {LONGEST:,} bytes, too many to be shown token by token: cut a passage out, "
            "or train with 'eval.texts=[FILE]', which scores texts of any length"
        )
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise UserError(
            f"{file} is not UTF-8 (byte {error.start}): convert it, for example with iconv"
        ) from error
    if not text:
        raise UserError(f"{file} is empty: name a file with some text in it")
    return Passage(printable(Path(file).name), text)


def wanted_runs(names: Iterable[str]) -> list[RunFolder]:
    """The runs, each once. Raises UserError for one that is not there, not done, or without its weights."""
    found = {run.path.resolve(): run for name in names for run in runs_of(name)}
    for run in found.values():
        missing = [p.name for p in (run.checkpoint_path, run.tokenizer_path) if not p.exists()]
        if missing:
            raise UserError(
                f"the run {run.path} has no {missing[0]}, and nothing can be scored without it: "
                "choose a run that was trained here, or train it again"
            )
    return list(found.values())


def runs_of(name: str) -> list[RunFolder]:
    held = find_runs(name) if is_folder(name) else []
    if not held or held[0].path == Path(name):
        return [find_run(name)]
    done = [run for run in held if run.state() == "done"]
    if not done:
        raise UserError(f"none of the {len(held)} runs in {name} is done: score them when they are")
    return done


# ---------------------------------------------------------------------- what is shown


def table(passage: Passage, scored: Sequence[Scored]) -> "Table":
    """A line per run. Of a tokenizer that loses something, the tokens alone are a floor and all bits a ceiling."""
    from rich.markup import escape
    from rich.table import Table

    n_bytes = len(passage.text.encode())
    title = f"{passage.name}: {n_bytes:,} byte{'s' * (n_bytes != 1)}, {len(passage.text):,} characters"
    floor = [] if all(s.lossless for s in scored) else ["tokens\nalone"]
    shown = Table(
        title=escape(title),
        title_justify="left",
        title_style="bold",
        box=None,
        header_style="dim",
        pad_edge=False,
    )
    shown.add_column("run", no_wrap=True)
    for heading in ("bits", "bits/byte", *floor, "tokens", "chars/\ntoken"):
        shown.add_column(heading, justify="right")
    for s in scored:
        n_tokens = len(s.score.bits_tokens)
        chars = f"{len(passage.text) / n_tokens:.2f}" if n_tokens else "-"
        alone = [f"{s.score.bits_per_byte_tokens:.3f}"] if floor else []
        bits = (f"{s.score.bits:,.1f}", f"{s.score.bits_per_byte:.3f}")
        shown.add_row(escape(s.run), *bits, *alone, f"{n_tokens:,}", chars)
    return shown


def show(console: "Console", passages: Sequence[Passage], scored: Sequence[Scored]) -> None:
    for passage in passages:
        rows = [s for s in scored if s.entry["name"] == passage.name]
        if rows:
            console.print(table(passage, rows))
            console.print()


def score(runs: Sequence[RunFolder], passages: Sequence[Passage], console: "Console") -> list[UserError]:
    """Scores, stores and shows; the faults of single runs, which do not keep the others from being scored."""
    from rich.progress import track

    scorer, scored, faults = Scorer(), [], []
    for run in track(runs, "scoring", console=console, transient=True, disable=not console.is_terminal):
        try:
            require_writable(run.path)  # scoring takes its time
            found = scorer.score(run, passages)
            scored += found
            add(run, [s.entry for s in found])
        except UserError as error:
            faults.append(error)
    show(console, passages, scored)
    if n_added := len(runs) - len(faults):
        places = " ".join(str(place) for place in sorted({run.path.parent for run in runs}))
        console.print(f"added to {n_added} run{'s' * (n_added != 1)}; the report draws them: ", end="")
        console.print(f"python analysis/report.py {places}", markup=False, highlight=False, soft_wrap=True)
    return faults


def main(argv: Sequence[str] | None = None) -> int:
    """Exit codes: 0 all scored, 2 something was refused, 130 stopped; a passages.json is whole or as it was."""
    print_anything()
    try:
        chosen = arguments(argv)
        passages = read_passages(chosen.passage)
        runs = wanted_runs(chosen.runs)
        from rich.console import Console

        faults = score(runs, passages, Console(highlight=False))
    except UserError as error:
        faults = [error]
    except KeyboardInterrupt:
        print("score.py: stopped", file=sys.stderr)
        return 130
    except BrokenPipeError:  # `| head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    for fault in faults:
        print(f"score.py: {fault}", file=sys.stderr)
    return 2 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
