"""What is measured beside the loss: the tokenizer, the baselines, texts from elsewhere."""

import hashlib
import json
from contextlib import suppress
from importlib.util import find_spec
from typing import Any

from experiments.cli.eval_texts import read_text, text_name
from experiments.configuration.schema import RunConfig
from experiments.runner.failures import NotScored
from experiments.runner.texts import Texts
from experiments.trained.scoring import scored
from numpygpt.data import Part
from numpygpt.data.cache import cache_folder, lock_for
from numpygpt.files import replacing
from numpygpt.measures.baselines import as_result, as_scores, baselines
from numpygpt.measures.bits.source import Source
from numpygpt.measures.text.vocabulary import tokenizer_measures
from numpygpt.training import Trainer

BASELINES_VERSION = 5
MAX_TRAIN_BYTES = 16_000_000  # of a longer training text, its end stands for the whole in what follows
MAX_VAL_BYTES = 2_000_000  # and of a longer validation text its beginning


def further_measures(config: RunConfig, texts: Texts, trainer: Trainer, lacking: NotScored) -> dict[str, Any]:
    """Nested keys of result.json; of a text that could not be scored its name alone."""
    found: dict[str, Any] = {}
    with lacking.unless("tokenizer"):
        found["tokenizer_measures"] = _tokenizer_metrics(texts)
    found["texts"] = [{"name": text_name(path)} for path in config.eval.texts]
    for entry, path in zip(found["texts"], config.eval.texts, strict=True):
        with lacking.unless(f"text {entry['name']}"):
            score = scored(entry["name"], read_text(path), trainer.engine, texts.tokenizer, texts.coder)
            entry |= score.summary()
    return found


def excerpts(train: Part, val: Part) -> tuple[str, str]:
    """Both parts, or of a long training text its end and of a long validation text its beginning."""
    raw = train.corpus.read(max(train.start, train.stop - MAX_TRAIN_BYTES), train.stop)
    end = raw.decode("utf-8", errors="ignore")  # it may begin inside a character
    return end, val.text if val.n_bytes <= MAX_VAL_BYTES else next(val.chunks())


def _tokenizer_metrics(texts: Texts) -> dict[str, Any]:
    val = texts.val_source
    if texts.val_part.n_bytes > MAX_VAL_BYTES:
        text = next(texts.val_part.chunks())
        val = Source(text, *texts.tokenizer.spans(text))
    return tokenizer_measures(texts.tokenizer, texts.train.ids, texts.train.n_chars, val)


def corpus_baselines(train: Part, val: Part) -> dict[str, Any]:
    """`baselines`: name -> bits per byte and history; `blocks`: name -> bits per block of the validation text.

    Blocks only of baselines that tell, and of a validation text that is coded whole. Computed once per corpus and
    split, and kept beside the corpus's cache. Raises NotWritable if they cannot be kept.
    """
    ppmd = " ppmd" if find_spec("pyppmd") else ""
    key = f"{BASELINES_VERSION} {train.corpus.sha256} {train.stop} {val.stop}{ppmd}"
    path = cache_folder() / f"baselines-{hashlib.sha256(key.encode()).hexdigest()[:32]}.json"
    with lock_for(path):
        with suppress(OSError, ValueError):  # it is not there, or damaged
            return json.loads(path.read_text(encoding="utf-8"))
        found = _compute_baselines(train, val)
        with replacing(path) as temporary:
            temporary.write_text(json.dumps(found), encoding="utf-8")
        return found


def _compute_baselines(train: Part, val: Part) -> dict[str, Any]:
    rows = baselines(*excerpts(train, val))
    found, short = as_result(rows), []  # what stands for a long text
    if train.n_bytes > MAX_TRAIN_BYTES:
        short.append(f"the last {MAX_TRAIN_BYTES / 1e6:.0f} MB of the training text")
    if val.n_bytes > MAX_VAL_BYTES:
        short.append("the beginning of the validation text")
    for row in found.values():
        row["excerpts"] = " and ".join(short)
    blocks = as_scores(rows) if val.n_bytes <= MAX_VAL_BYTES else {}
    return {"baselines": found, "blocks": blocks}
