import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from numpygpt.measures.bits.arithmetic import Decoder, Encoder, quantise


@given(
    st.lists(
        st.tuples(st.lists(st.integers(1, 2**30), min_size=1, max_size=5), st.integers(0, 4)), max_size=60
    )
)
def test_reads_back_what_was_written(symbols):
    symbols = [(np.array(frequencies), index % len(frequencies)) for frequencies, index in symbols]
    encoder = Encoder()
    for frequencies, symbol in symbols:
        encoder.encode(symbol, frequencies)
    data = encoder.finish()
    decoder = Decoder(data)
    assert [decoder.decode(frequencies) for frequencies, _ in symbols] == [symbol for _, symbol in symbols]
    bits = sum(np.log2(f.sum() / f[s]) for f, s in symbols)
    assert 8 * len(data) <= bits + 9


@pytest.mark.parametrize("rare", [0, 1, 2])
def test_carries_run_through_any_number_of_bytes(rare):
    """Near-certain symbols at the top of the interval fill the output with 0xFF, until one more tips it over."""
    frequencies = np.array([1, 2**32, 1])
    symbols = ([1] * 50 + [2] * 9 + [rare]) * 40
    encoder = Encoder()
    for symbol in symbols:
        encoder.encode(symbol, frequencies)
    decoder = Decoder(encoder.finish())
    assert [decoder.decode(frequencies) for _ in symbols] == symbols


def test_carry_ripples_over_0xff_bytes():
    """An interval that straddles a byte boundary for long, resolved upward: the carry crosses all bytes written."""
    half, data = np.array([2**31 - 1, 2, 2**31 - 1]), None
    for last in (0, 2):
        encoder = Encoder()
        symbols = [1] * 20 + [last]
        for symbol in symbols:
            encoder.encode(symbol, half)
        previous, data = data, encoder.finish()
        decoder = Decoder(data)
        assert [decoder.decode(half) for _ in symbols] == symbols
    assert previous is not None
    assert (previous[0], data[0]) == (0x7F, 0x80)
    assert set(previous[1:30]) == {0xFF}


@settings(max_examples=50)
@given(st.lists(st.floats(0, 1), min_size=1, max_size=50).filter(lambda weights: sum(weights) > 1e-3))
def test_frequencies_are_whole_positive_and_fine(weights):
    p = np.array(weights) / np.sum(weights)
    frequencies = quantise(p)
    assert frequencies.dtype == np.int64
    assert frequencies.min() >= 1
    assert frequencies.sum() >= 2**24
    np.testing.assert_allclose(frequencies / frequencies.sum(), p, atol=len(p) * 2.0**-31)


def test_rounding_costs_next_to_nothing_at_a_large_vocabulary(rng):
    p = rng.dirichlet(np.full(6551, 0.05))
    frequencies = quantise(p)
    cost = p @ (np.log2(np.maximum(p, 1e-300)) - np.log2(frequencies / frequencies.sum()))
    assert 0 <= cost < 1e-4


@pytest.mark.parametrize("bad", [[0.5, 0.6], [-0.1, 1.1], [np.nan, 1.0], [0.5, 0.4]])
def test_refuses_what_is_no_distribution(bad):
    with pytest.raises(ValueError, match="not a distribution"):
        quantise(np.array(bad))


def test_refuses_an_impossible_share():
    with pytest.raises(ValueError, match="no such share"):
        Encoder().encode_range(5, 0, 10)
