"""Texts under trained models, every byte charged: scored, shown, and added to the folders of finished runs."""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from experiments.cli.eval_texts import read_texts
from experiments.cli.progress import progress
from experiments.trained.load import coder_of, load_model, parts_of
from numpygpt.errors import UserError
from numpygpt.files import require_writable
from numpygpt.measures.bits.mixing import Floats, Ints
from numpygpt.measures.bits.residual import ResidualCoder
from numpygpt.measures.bits.scores import TextScore, score_text
from numpygpt.measures.bits.source import Source
from numpygpt.measures.text.perturbations import perturbed
from numpygpt.measures.text.vocabulary import text_measures
from numpygpt.places import REPORT
from numpygpt.runs import RunFolder, finished_runs
from numpygpt.tokenizers import Tokenizer
from numpygpt.training import Engine, score_tokens

MAX_PASSAGE_BYTES = 20_000  # a page that draws it under forty runs stays light


@dataclass(frozen=True)
class ScoredText:
    """A text of a name, its tokens and what they cost."""

    name: str
    source: Source
    score: TextScore
    tokenizer: Tokenizer = field(repr=False)

    def passage(self) -> dict[str, Any]:
        """An entry of passages.json: token by token."""
        source, score = self.source, self.score
        entry = passage_entry(0, source.text, source.ids, source.ends, score.bits_tokens, score.bits_residual)
        return entry | {"name": self.name, "bits_tail": round(self.score.bits_tail, 4)}

    def summary(self) -> dict[str, Any]:
        """An entry of `texts` in result.json: which text, bits per byte, what the tokenizer makes of it."""
        found = {"name": self.name, "sha256": hashlib.sha256(self.source.data).hexdigest()}
        keys = ("bits_per_byte", "bits_per_byte_tokens", "bits_per_byte_residual")
        bits = {key: getattr(self.score, key) for key in keys}
        measures = text_measures(self.tokenizer, self.source)
        return found | {"bytes": self.score.n_bytes} | bits | measures

    def line(self) -> str:
        """For people. Of a tokenizer that loses something, the tokens alone are a floor and all bits a ceiling."""
        score, n_tokens = self.score, len(self.source.ids)
        alone = "" if self.tokenizer.lossless else f", tokens alone {score.bits_per_byte_tokens:.3f}"
        return (
            f"{score.bits_per_byte:.3f} bits/byte{alone}; {score.bits:,.1f} bits, {n_tokens:,} tokens of "
            f"{score.n_chars / max(n_tokens, 1):.2f} characters"
        )


def passage_entry(start: int, text: str, ids: Ints, ends: Ints, bits: Floats, rest: Floats) -> dict[str, Any]:
    """An entry of passages.json; arrays (n,), `rest` of residual bits. `start` is a byte offset into the text that
    the passage is of, `ends` are offsets into the passage's own bytes."""
    entry = {"start": start, "text": text, "ids": ids.tolist(), "ends": ends.tolist()}
    return entry | {"bits": bits.round(4).tolist(), "bits_residual": rest.round(4).tolist()}


def scored(name: str, text: str, engine: Engine, tokenizer: Tokenizer, coder: ResidualCoder) -> ScoredText:
    """The text under the engine's model; `coder` is the tokenizer's, fitted on the model's training text."""
    source = Source(text, *tokenizer.spans(text))
    return ScoredText(name, source, score_text(source, score_tokens(engine, source.ids), coder), tokenizer)


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


def read_mistakes(kinds: str | None, rate: float) -> list[tuple[str, float]]:
    """(kind, rate) for each of `A,B,...`. Raises UserError as `perturbed`, before any work."""
    mistakes = [(kind.strip(), rate) for kind in kinds.split(",")] if kinds is not None else []
    for mistake in mistakes:
        perturbed("", *mistake)
    return mistakes


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


def score_runs(
    runs: Sequence[RunFolder],
    passages: Mapping[str, str],
    texts: Mapping[str, str],
    mistakes: Sequence[tuple[str, float]] = (),
) -> list[UserError]:
    """Scores the texts under each run, adds them to it and prints a line: passages token by token, `texts` whole,
    and the run's validation text with each of the `mistakes` in it, (kind, rate).

    Returns the faults of single runs, which do not keep the others from being scored. UserError: two of one name.
    """
    if twice := [name for name, text in passages.items() if texts.get(name, text) != text]:
        raise UserError(f"two texts are called {twice[0]}, and that is what tables call them: rename one")
    coders: dict[tuple[str, ...], ResidualCoder] = {}
    lines, faults = [], []
    for run in progress(runs, "scoring"):
        try:
            require_writable(run.path)  # scoring takes its time
            worse = perturbed_texts(run, mistakes)
            found = _scored_under(run, [*{**passages, **texts}.items(), *worse], coders)
            n = len(found) - len(worse)
            own, added = ([one for one in found[:n] if one.name in names] for names in (passages, texts))
            _add(run, own, texts=added, perturbed=found[n:])
            lines += [f"{one.name}  {run.name}  {one.line()}" for one in found]
        except UserError as error:
            faults.append(error)
    for line in sorted(lines):
        print(line)
    if n := len(runs) - len(faults):
        places = " ".join(str(place) for place in sorted({run.path.parent for run in runs}))
        print(f"added to {n} run{'' if n == 1 else 's'}; the report draws them: {REPORT} {places}")
    return faults


def perturbed_texts(run: RunFolder, mistakes: Sequence[tuple[str, float]]) -> list[tuple[str, str]]:
    """Names and texts. Raises UserError as `perturbed`, and if the run's corpus is not to be had."""
    if not mistakes:
        return []
    text = parts_of(run)[1].text
    return [(f"{kind} {100 * rate:g} %", perturbed(text, kind, rate)) for kind, rate in mistakes]


def _scored_under(
    run: RunFolder, texts: Sequence[tuple[str, str]], coders: dict[tuple[str, ...], ResidualCoder]
) -> list[ScoredText]:
    """`coders`: of the runs before, as fitting one takes longer than all else, and the seeds of a setting share it.

    Raises UserError if the run is damaged, or its training text is needed and not to be had.
    """
    model, tokenizer = load_model(run)
    corpus = run.run()["corpus"]
    key = (tokenizer.fingerprint(), corpus["sha256"], str(corpus["train_bytes"]))
    if key not in coders:
        coders[key] = coder_of(run, tokenizer)
    with Engine(model, n_slices=1) as engine:
        return [scored(name, text, engine, tokenizer, coders[key]) for name, text in texts]


def _add(run: RunFolder, passages: Sequence[ScoredText], **lists: Sequence[ScoredText]) -> None:
    """To passages.json and to the `lists` in result.json, in the place of those of the same names.

    Raises UserError as `held_finished`.
    """
    with held_finished(run):
        if passages:
            before = run.passages() if (run.path / "passages.json").exists() else []
            run.write_passages(merged(before, [text.passage() for text in passages]))
        if any(lists.values()):
            run.metrics()  # which raises if rows are lost: the new file would no longer know of them
            result = run.result()
            for key, new in lists.items():
                if new:
                    result[key] = merged(result.get(key, []), [text.summary() for text in new])
            run.write_result(result)


@contextmanager
def held_finished(run: RunFolder) -> Iterator[None]:
    """Holds the run's lock. Raises Locked while another process is at it, UserError if it is not done."""
    with run.lock():
        if run.state() != "done":  # it may have been started anew since it was found
            raise UserError(f"the run {run.path} is not done any more: score it when it is")
        yield


def merged(before: list[dict[str, Any]], new: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Entries that have a name or none, the new ones in the place of those of their names."""
    names = {entry["name"] for entry in new if "name" in entry}
    return [*(entry for entry in before if entry.get("name") not in names), *new]
