"""docs/METRICS.md is read by people and by the report: `### `key``, then one sentence, then the details."""

import re
from dataclasses import fields
from pathlib import Path

import pytest

from numpygpt.measures.bits.scores import TextScore
from numpygpt.measures.cost import Stability
from numpygpt.measures.text.generated import GeneratedMeasures
from numpygpt.measures.text.vocabulary import TokenizerMeasures

PAGE = Path(__file__).parents[2] / "docs" / "METRICS.md"
ENTRY = re.compile(r"^### `(\w+)`\n(.+)\n(?:\n|\Z)", re.MULTILINE)

RESULT_KEYS = """
vocab_size val_loss train_loss bits_per_byte bits_per_char bits_per_byte_tokens bits_per_byte_residual
comparable losses best_val_loss best_bits_per_byte best_step lost_since_best_bits_per_byte bits_per_byte_at_best
train_bits_per_byte gap_bits_per_byte gap_change_bits_per_byte gap_unigram_bits_per_byte
chars_per_token n_params n_params_embedding n_params_body train_seconds
total_seconds iters epochs chars_seen tokens_seen context_chars_mean context_chars_min lr_peak
schedule_iters warmup_iters peak_rss_mb train_flops flops_per_byte seconds_per_mb tokens_per_second_generated
chars_per_second_generated grad_spikes clipped_share chars_in_500_tokens rulers texts
"""


@pytest.fixture(scope="module")
def entries():
    text = PAGE.read_text(encoding="utf-8")
    found = ENTRY.findall(text)
    assert len(found) == text.count("\n### "), "every heading is `### `key`` with one paragraph below it"
    return found


def test_each_measure_is_defined_once_in_one_sentence(entries):
    keys = [key for key, _ in entries]
    assert sorted(set(keys)) == sorted(keys)
    for key, sentence in entries:
        assert re.fullmatch(r"[A-Z`].*[^.]\.", sentence), key
        assert not re.search(r"\. [A-Z]", sentence), f"{key}: one sentence"
        assert len(sentence) <= 160, f"{key}: short enough for a tooltip"


@pytest.mark.parametrize("record", [TokenizerMeasures, GeneratedMeasures, Stability])
def test_everything_that_is_measured_is_defined(entries, record):
    shown = {field.name for field in fields(record)} - {"longest_copied"}
    assert shown <= {key for key, _ in entries}


def test_every_key_of_a_result_is_defined(entries):
    keys = {key for key, _ in entries}
    assert set(RESULT_KEYS.split()) <= keys
    assert {name for name, value in vars(TextScore).items() if isinstance(value, property)} - {"bits"} <= keys


def test_the_passage_of_two_plays_is_what_the_essay_says(shakespeare):
    train, val = shakespeare[:1_003_854], shakespeare[1_003_854:]
    assert "PROSPERO" in val
    assert "PROSPERO" not in train
    assert 76_500 < val.index("Boatswain!") < 77_500
    assert "From 77 kB on it is another play" in PAGE.read_text(encoding="utf-8")


def test_the_table_of_the_original_names_measures_that_exist(entries):
    keys = {key for key, _ in entries}
    table = PAGE.read_text(encoding="utf-8").partition("| The original table asked ")[2].partition("\n\n")[0]
    rows = table.splitlines()[2:]
    assert len(rows) == 10
    for row in rows:
        named = re.findall(r"`(\w+)`", row)
        assert named, row
        assert set(named) <= keys, row
