"""The commands of docs/OPTIMIZERS.md are still those that made the records which it shows."""

import re
from itertools import product
from pathlib import Path

import pytest

from analysis.records.packed import read_packed
from experiments.configuration.identity import identity

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
        assert identity(config) in [run["identity"] for run in kept], overrides


def test_both_lengths_of_the_essay_are_given_and_held(composer):
    assert [composer(*rest.split()).budget.iters for rest in RESTS] == [200, 1000]
    assert len(COMMANDS) == 3
