"""Texts under a trained model, every byte charged; and adding what they cost to the folder of a finished run."""

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from experiments.trained.corpus import coder_of
from experiments.trained.load import load_model
from numpygpt.errors import UserError
from numpygpt.measures.bits.mixing import Floats, Ints
from numpygpt.measures.bits.residual import ResidualCoder
from numpygpt.measures.bits.scores import TextScore, score_text
from numpygpt.measures.bits.source import Source
from numpygpt.measures.text.vocabulary import text_measures
from numpygpt.runs import RunFolder
from numpygpt.tokenizers import Tokenizer
from numpygpt.training import Engine, score_tokens


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
        return {
            "name": self.name,
            "sha256": hashlib.sha256(self.source.data).hexdigest(),
            "bytes": self.score.n_bytes,
            "bits_per_byte": self.score.bits_per_byte,
            "bits_per_byte_tokens": self.score.bits_per_byte_tokens,
            "bits_per_byte_residual": self.score.bits_per_byte_residual,
            **text_measures(self.tokenizer, self.source).to_dict(),
        }


def passage_entry(
    start: int, text: str, ids: Ints, ends: Ints, bits: Floats, bits_residual: Floats
) -> dict[str, Any]:
    """An entry of passages.json; arrays (n,). `start` is a byte offset into the text that the passage is of, `ends`
    are offsets into the passage's own bytes."""
    return {
        "start": start,
        "text": text,
        "ids": ids.tolist(),
        "ends": ends.tolist(),
        "bits": bits.round(4).tolist(),
        "bits_residual": bits_residual.round(4).tolist(),
    }


def scored(name: str, text: str, engine: Engine, tokenizer: Tokenizer, coder: ResidualCoder) -> ScoredText:
    """The text under the engine's model; `coder` is the tokenizer's, fitted on the model's training text."""
    source = Source(text, *tokenizer.spans(text))
    return ScoredText(name, source, score_text(source, score_tokens(engine, source.ids), coder), tokenizer)


@dataclass
class Scorer:
    """Scores texts, by name, under the models of runs; what several runs have in common is computed once."""

    _coders: dict[tuple[str, ...], ResidualCoder] = field(default_factory=dict)

    def score(self, run: RunFolder, texts: dict[str, str]) -> list[ScoredText]:
        """Raises UserError if the run is damaged, or its training text is needed and not to be had."""
        model, tokenizer = load_model(run)
        coder = self._coder(run, tokenizer)
        with Engine(model, n_slices=1) as engine:
            return [scored(name, text, engine, tokenizer, coder) for name, text in texts.items()]

    def _coder(self, run: RunFolder, tokenizer: Tokenizer) -> ResidualCoder:
        """Fitting one takes longer than all else, and the seeds of a setting share theirs."""
        corpus = run.run()["corpus"]
        key = (tokenizer.fingerprint(), corpus["sha256"], str(corpus["train_bytes"]))
        if key not in self._coders:
            self._coders[key] = coder_of(run, tokenizer)
        return self._coders[key]


def add_passages(run: RunFolder, passages: Sequence[ScoredText]) -> None:
    """To passages.json, in the place of those of the same names. Raises UserError as `held_finished`."""
    with held_finished(run):
        before = run.passages() if (run.path / "passages.json").exists() else []
        run.write_passages(merged(before, [text.passage() for text in passages]))


def add_texts(run: RunFolder, texts: Sequence[ScoredText]) -> None:
    """To `texts` in result.json, in the place of those of the same names. Raises UserError as `held_finished`."""
    with held_finished(run):
        run.metrics()  # which raises if rows are lost: the new file would no longer know of them
        result = run.result()
        new = [text.summary() for text in texts]
        run.write_result(result | {"texts": merged(result.get("texts", []), new)})


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
