"""Everything that is measured is registered in analysis/, and explained in docs/METRICS.md under `### `key``."""

import re
from pathlib import Path

from analysis.records.measures import MEASURES, glossary
from numpygpt.measures.bits.scores import TextScore
from numpygpt.measures.bits.source import Source
from numpygpt.measures.text.generated import Reference
from numpygpt.measures.text.vocabulary import tokenizer_measures
from numpygpt.tokenizers import create

PAGE = Path(__file__).parents[2] / "docs" / "METRICS.md"

RESULT_KEYS = """
vocab_size val_loss train_loss bits_per_byte bits_per_char bits_per_byte_tokens bits_per_byte_residual
losses best_val_loss best_bits_per_byte best_step lost_since_best_bits_per_byte bits_per_byte_at_best
train_bits_per_byte gap_bits_per_byte gap_change_bits_per_byte gap_unigram_bits_per_byte
chars_per_token n_params n_params_embedding n_params_body train_seconds
total_seconds other_seconds iters epochs chars_seen tokens_seen context_chars_mean context_chars_min lr_peak
schedule_iters warmup_iters peak_rss_mb train_flops flops_per_byte seconds_per_mb tokens_per_second_generated
chars_per_second_generated grad_spikes clipped_share loss_spread chars_in_500_tokens baselines texts
"""


def test_each_measure_is_registered_in_one_sentence():
    for key, measure in MEASURES.items():
        assert re.fullmatch(r"[A-Z].*[^.]\.", measure.definition), key
        assert not re.search(r"\. [A-Z]", measure.definition), f"{key}: one sentence"
        assert len(measure.meaning) <= 160, f"{key}: short enough for a tooltip"
        assert measure.source, key


def test_the_page_has_an_entry_for_each_and_lists_all():
    page = PAGE.read_text(encoding="utf-8")
    assert sorted(re.findall(r"^### `(\w+)`$", page, re.MULTILINE)) == sorted(MEASURES)
    assert glossary() in page


def test_everything_that_is_measured_is_registered():
    tokenizer, text = create("byte"), "a text"
    source = Source(text, *tokenizer.spans(text))
    assert tokenizer_measures(tokenizer, source.ids, len(text), source).keys() <= MEASURES.keys()
    assert Reference(text, text).measure([text]).keys() <= MEASURES.keys()


def test_every_key_of_a_result_is_registered():
    assert set(RESULT_KEYS.split()) <= MEASURES.keys()
    properties = {name for name, value in vars(TextScore).items() if isinstance(value, property)}
    assert properties - {"bits"} <= MEASURES.keys()


def test_the_passage_of_two_plays_is_what_the_essay_says(shakespeare):
    train, val = shakespeare[:1_003_854], shakespeare[1_003_854:]
    assert "PROSPERO" in val
    assert "PROSPERO" not in train
    assert 76_500 < val.index("Boatswain!") < 77_500
    assert "From 77 kB on it is another play" in PAGE.read_text(encoding="utf-8")


def test_the_table_of_the_original_names_measures_that_exist():
    table = PAGE.read_text(encoding="utf-8").partition("| The original table asked ")[2].partition("\n\n")[0]
    rows = table.splitlines()[2:]
    assert len(rows) == 10
    for row in rows:
        named = re.findall(r"`(\w+)`", row)
        assert named, row
        assert set(named) <= MEASURES.keys(), row
