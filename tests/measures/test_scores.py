"""Bits per byte of a text, block by block; what training costs."""

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from numpygpt.measures.bits.residual import ResidualCoder
from numpygpt.measures.bits.scores import block_edges, score_text
from numpygpt.measures.bits.source import Source
from numpygpt.measures.cost import (
    grad_spikes,
    loss_spread,
    train_flops_per_token,
)
from numpygpt.tokenizers.char import CharTokenizer
from numpygpt.tokenizers.word import WordTokenizer

TEXT = "".join(f"Line {n} of THE text, as long as it needs to be: naïve.\n" for n in range(300)) + "  \n "


@pytest.fixture(scope="module", params=[CharTokenizer, WordTokenizer])
def scored(request):
    tokenizer = request.param()
    tokenizer.train(TEXT[:8000])
    coder = ResidualCoder.fit(tokenizer, TEXT[:8000])
    ids, ends = tokenizer.spans(TEXT)
    nats = np.random.default_rng(0).gamma(2.0, size=len(ids))
    return ids, ends, nats, coder, score_text(Source(TEXT, ids, ends), nats, coder)


def test_blocks_add_up_to_the_whole(scored):
    ids, ends, nats, coder, score = scored
    blocks = score.blocks
    assert blocks.block_bytes.sum() == score.n_bytes == len(TEXT.encode())
    assert blocks.block_chars.sum() == score.n_chars == len(TEXT)
    assert blocks.bits_tokens.sum() == pytest.approx(nats.sum() / np.log(2))
    residual, tail = coder.bits(Source(TEXT, ids, ends))
    assert blocks.bits_residual.sum() == pytest.approx(residual.sum() + tail)
    assert score.bits_per_byte == pytest.approx(score.bits_per_byte_tokens + score.bits_per_byte_residual)
    assert score.bits_per_byte * score.n_bytes == pytest.approx(score.bits_per_char * score.n_chars)
    assert score.val_loss == pytest.approx(nats.mean())
    names = ["block_bytes", "block_chars", "bits_tokens", "bits_residual"]
    assert list(vars(blocks)) == names


def test_a_token_belongs_to_the_block_of_its_first_byte(scored):
    _, ends, nats, _, score = scored
    edge = score.blocks.block_bytes[0]
    starts = np.concatenate([[0], ends[:-1]])
    assert score.blocks.bits_tokens[0] == pytest.approx(nats[starts < edge].sum() / np.log(2))


@given(st.text("ab\né日", max_size=400), st.integers(4, 60))
def test_blocks_tile_the_text_and_end_between_characters(text, size):
    data = text.encode()
    edges = block_edges(data, size)
    assert edges[0] == 0
    assert edges[-1] == len(data)
    assert (np.diff(edges) > 0).all()
    for start, end in pairwise(edges):
        data[start:end].decode()
        assert end - start <= 2.5 * size + 3
        line_within = data.find(b"\n", start + size - 1, start + 2 * size) >= 0
        assert not line_within or data[end - 1 : end] == b"\n" or end == len(data)


def test_impossible_losses_are_refused(scored):
    ids, ends, nats, coder, _ = scored
    for wrong in (nats[:-1], -nats, nats * np.nan):
        with pytest.raises(AssertionError, match="loss"):
            score_text(Source(TEXT, ids, ends), wrong, coder)


def test_empty_text():
    tokenizer = CharTokenizer()
    tokenizer.train("abc")
    score = score_text(Source("", *tokenizer.spans("")), np.zeros(0), ResidualCoder.fit(tokenizer, "abc"))
    assert score.bits_per_byte_tokens == 0.0
    assert len(score.blocks.bits_tokens) == 0


# --- what training costs ---


def test_flops_of_the_reference_model():
    """Six per weight of the matrices, and what the scores and weighted sums of attention add."""
    n_layer, n_embd, window, vocabulary = 4, 256, 128, 6551
    weights = n_layer * 12 * n_embd**2 + n_embd * vocabulary
    attention = 3 * n_layer * 2 * 2 * window * n_embd
    assert train_flops_per_token(n_layer, n_embd, window, vocabulary) == 6 * weights + attention


def test_spikes_stand_out_from_the_median_of_the_steps_before():
    norms = 1 + 0.1 * np.random.default_rng(0).random(200)
    assert grad_spikes(norms) == 0
    norms[[20, 100, 150]] = [3.5, 9, 2.9]
    assert grad_spikes(norms) == 2
    norms[[3, 60]] = [50, math.inf]  # too early to tell; not finite
    assert grad_spikes(norms) == 3
    assert grad_spikes([]) == grad_spikes([1.0]) == 0


def test_a_lasting_rise_stops_being_a_spike():
    assert grad_spikes([1.0] * 60 + [10.0] * 60) <= 26


def test_the_spread_of_the_loss_is_that_of_the_last_tenth():
    assert loss_spread([3.0] * 36 + [1.0, 3.0, 1.0, 3.0]) == pytest.approx(0.5)
    assert loss_spread([]) == 0.0
