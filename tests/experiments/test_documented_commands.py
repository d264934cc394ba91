"""The commands of docs/OPTIMIZERS.md are still those that made the records which it shows."""

import re
from dataclasses import replace
from itertools import product
from pathlib import Path

import pytest

from analysis.records.packed import read_packed
from experiments.configuration.build import composed
from experiments.configuration.identity import identity
from experiments.configuration.validation import check
from numpygpt.places import CONF

DOCS = Path(__file__).parents[2] / "docs"
PAGE = (DOCS / "OPTIMIZERS.md").read_text(encoding="utf-8")
RESTS = re.findall(r'REST="([^"]*)"', PAGE)
COMMANDS = re.findall(r"python experiments/run\.py -m study=optimizers (.*) \$REST", PAGE)


@pytest.mark.parametrize("command", COMMANDS)
def test_a_search_of_the_essay_is_a_kept_one(composer, command):
    kept = [run.run() for run in read_packed(DOCS / "results" / "optimizers.jsonl")]
    choices = [
        [f"{key}={value}" for value in values.split(",")]
        for key, _, values in (override.partition("=") for override in f"{command} {RESTS[0]}".split())
    ]
    for overrides in product(*choices):
        config = composer(*overrides, f"data.sha256={kept[0]['corpus']['sha256']}", "eval.texts=[]")
        version = kept[0]["identity"]["results_version"]  # the numerics may have changed since
        assert identity(config) | {"results_version": version} in [run["identity"] for run in kept], overrides


def test_both_lengths_of_the_essay_are_given_and_held(composer):
    assert [composer(*rest.split()).budget.iters for rest in RESTS] == [200, 1000]
    assert len(COMMANDS) == 3


# --- The ladder of conf/experiment/ladder.yaml leads, rung by rung, from nanoGPT's recipe to the default one ---


LADDER = (CONF / "experiment" / "ladder.yaml").read_text(encoding="utf-8")
RUNGS = [line.split() for line in re.findall(r"run\.py experiment=ladder(.*)", LADDER)]


def config_of(rung):
    return composed("experiment=ladder", "tokenizer=char", f"data.sha256={64 * 'a'}", *rung)


def in_updates(config):
    """The optimizer, its warm-up counted in updates: a share of 1,000 here, of 2,000 there."""
    return replace(config.optimizer, warmup_ratio=config.optimizer.warmup_ratio * config.budget.iters)


def test_every_rung_composes():
    assert len(RUNGS) == 5
    for rung in RUNGS:
        config = config_of(rung)
        check(config)
        assert (config.study, config.budget.kind, config.data.fallback) == ("ladder", "iters", None)


def test_the_ends_are_nanogpts_recipe_and_the_default():
    first, last = config_of(RUNGS[0]), config_of(RUNGS[-1])
    nanogpt, default = composed("experiment=nanogpt_cpu"), composed("tokenizer=char")
    assert (first.model, first.train.batch_size) == (nanogpt.model, nanogpt.train.batch_size)
    assert in_updates(first) == in_updates(nanogpt)
    assert (last.model, last.optimizer) == (default.model, default.optimizer)


# --- What docs/RESULTS.md calls trained well is what conf/experiment/converged.yaml trains ---


@pytest.mark.parametrize("tokenizer", ["char", "word", "bpe", "bpe-bytefallback"])
def test_each_tokenizer_has_what_was_chosen_for_it(tokenizer):
    kept = [run.run() for run in read_packed(DOCS / "results" / "converged.jsonl")]
    text = f"data.sha256={kept[0]['corpus']['sha256']}"
    for seed in (1, 2, 3):
        config = composed("experiment=converged", f"tokenizer={tokenizer}", f"seed={seed}", text)
        version = kept[0]["identity"]["results_version"]
        assert identity(config) | {"results_version": version} in [run["identity"] for run in kept]


def test_the_record_and_the_trial_that_its_file_shows_are_kept():
    file = (CONF / "experiment" / "record.yaml").read_text(encoding="utf-8")
    (trial,) = re.findall(r"study=record-trials (.*)", file)
    for study, overrides in (("record", ["seed=8"]), ("record-trials", trial.split())):
        kept = [run.run() for run in read_packed(DOCS / "results" / f"{study}.jsonl")]
        text = f"data.sha256={kept[0]['corpus']['sha256']}"
        assert identity(composed("experiment=record", text, *overrides)) in [run["identity"] for run in kept]
