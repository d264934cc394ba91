"""The commands of docs/OPTIMIZERS.md are still those that made the records which it shows."""

import json
import re
from itertools import product
from pathlib import Path

import pytest

from experiments.configuration.identity import identity

DOCS = Path(__file__).parents[2] / "docs"
PAGE = (DOCS / "OPTIMIZERS.md").read_text(encoding="utf-8")
RESTS = re.findall(r'REST="([^"]*)"', PAGE)
COMMANDS = re.findall(r"python experiments/run\.py -m study=optimizers (.*) \$REST", PAGE)


def trained(identity: dict) -> dict:
    """What of an identity decides how a model is trained, by whatever numerics; what is done with it does not."""
    return {key: value for key, value in identity.items() if key not in ("eval", "sample", "results_version")}


@pytest.mark.parametrize("command", COMMANDS)
def test_a_search_of_the_essay_is_a_kept_one(composer, command):
    kept = [
        json.loads(path.read_text(encoding="utf-8")) for path in DOCS.glob("results/optimizers/*/run.json")
    ]
    choices = [
        [f"{key}={value}" for value in values.split(",")]
        for key, _, values in (override.partition("=") for override in f"{command} {RESTS[0]}".split())
    ]
    for overrides in product(*choices):
        config = composer(*overrides, f"data.sha256={kept[0]['corpus']['sha256']}", "eval.texts=[]")
        assert trained(identity(config)) in [trained(run["identity"]) for run in kept], overrides


def test_both_lengths_of_the_essay_are_given_and_held(composer):
    assert [composer(*rest.split()).budget.iters for rest in RESTS] == [200, 1000]
    assert len(COMMANDS) == 3
