from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from numpygpt.measures.bits.kneser_ney import KneserNey, contexts_of
from numpygpt.tokenizers.unicode import code_points

GOLDEN_BITS_PER_CHAR = [4.829, 3.584, 2.950, 2.494, 2.278, 2.248]
MODIFIED_BITS_PER_CHAR = [4.829, 3.583, 2.940, 2.480, 2.252, 2.197, 2.188]


def points_of(text: str) -> np.ndarray:
    return code_points(text).astype(np.int64)


def plain_model(text: str, order: int, alphabet: str):
    """The textbook's recursion in dictionaries: P(symbol | context), context a string of order - 1 characters."""
    grams = [Counter(text[i : i + n] for i in range(len(text) - n + 1)) for n in range(1, order + 1)]
    tables = []
    for n in range(1, order):
        distinct = Counter(gram[1:] for gram in grams[n])
        distinct[text[:n]] += 1  # nothing can stand before the text's first n-gram
        tables.append(distinct)
    tables.append(grams[order - 1])

    def probability(symbol: str, context: str, n: int = order) -> float:
        if n == 0:
            return 1 / len(alphabet)
        table, context = tables[n - 1], context[len(context) - (n - 1) :]
        lower = probability(symbol, context[1:], n - 1)
        once, twice = (sum(count == k for count in table.values()) for k in (1, 2))
        discount = once / (once + 2 * twice) if once else 0.5
        here = {gram[-1]: count for gram, count in table.items() if gram[:-1] == context}
        if not here:
            return lower
        total = sum(here.values())
        return max(here.get(symbol, 0) - discount, 0) / total + discount * len(here) / total * lower

    return probability


@pytest.mark.parametrize("order", [1, 2, 4])
def test_agrees_with_the_textbook_recursion(order):
    text, alphabet = (
        "she sells sea shells by the sea shore; the shells she sells are hers" * 2,
        "seahlbytor; ",
    )
    symbols = points_of(text)
    model = KneserNey(symbols, np.arange(len(text)), order, 1 / len(alphabet))
    plain = plain_model(text, order, alphabet)
    after = "the shy seal bats"
    got = model.probabilities(points_of(after), np.arange(len(after)))[-1]
    for at in range(order - 1, len(after)):
        assert got[at] == pytest.approx(plain(after[at], after[:at]), rel=1e-12)


@given(
    st.text("abc", min_size=1, max_size=40),
    st.text("abcd", max_size=6),
    st.integers(1, 6),
    st.sampled_from([1, 3]),
)
def test_every_conditional_sums_to_one(text, context, order, n_discounts):
    model = KneserNey(points_of(text), np.arange(len(text)), order, 1 / 4, n_discounts)
    total = np.zeros(order)
    for symbol in "abcd":
        p = model.probabilities(points_of(context + symbol), np.arange(len(context) + 1))[:, -1]
        assert (p > 0).all()
        total += p
    np.testing.assert_allclose(total, 1, rtol=1e-12)


def test_levels_spread_to_the_same_distribution():
    text = "abracadabra, a cadaver" * 3
    model = KneserNey(points_of(text), np.arange(len(text)), 3, 1 / 20)
    alphabet = np.unique(points_of(text))
    history = np.arange(4)
    contexts = contexts_of(points_of("cad?"), history, 3)
    p = np.full(len(alphabet) + 1, 1 / 20)
    for level, context in zip((*model.below, model.top[-1]), contexts, strict=True):
        p = level.spread(p, context[-1], alphabet)
    for symbol, spread in zip([*alphabet, ord("Z")], p, strict=True):
        direct = model.probabilities(np.array([*points_of("cad"), symbol]), history)[-1, -1]
        assert direct == pytest.approx(spread, rel=1e-12)


def test_no_context_reaches_into_another_sequence():
    symbols, history = points_of("abab"), np.array([0, 1, 0, 1])
    model = KneserNey(symbols, history, 3, 1 / 2)
    separate = model.probabilities(points_of("ab"), np.array([0, 1]))
    together = model.probabilities(symbols, history)
    np.testing.assert_array_equal(together, np.concatenate([separate, separate], axis=1))


@pytest.mark.parametrize("order", [2, 3])
def test_three_discounts_are_chen_and_goodmans(order):
    """Equation 26 and the recursion above it, in dictionaries, for the top level over a model that is known."""
    text = "she sells sea shells by the sea shore; the shells she sells are sea shells"
    after, alphabet = "the shy seal bats", 12
    model = KneserNey(points_of(text), np.arange(len(text)), order, 1 / alphabet, 3)
    lower = np.full(len(after), 1 / alphabet)
    for level, context in zip(
        model.below, contexts_of(points_of(after), np.arange(len(after)), order), strict=False
    ):
        lower = level.raise_(lower, context, points_of(after))
    got = model.probabilities(points_of(after), np.arange(len(after)))[-1]
    counts = Counter(text[i : i + order] for i in range(len(text) - order + 1))
    n = Counter(counts.values())
    y = n[1] / (n[1] + 2 * n[2])
    d = [0.0, *(c - (c + 1) * y * n[c + 1] / n[c] for c in (1, 2, 3))]
    for at in range(order - 1, len(after)):
        gram = after[at - order + 1 : at + 1]
        here = {g: count for g, count in counts.items() if g[:-1] == gram[:-1]}
        rest = sum(d[min(count, 3)] for count in here.values())
        c, total = counts[gram], sum(here.values())
        due = (c - d[min(c, 3)] + rest * lower[at]) / total if here else lower[at]
        assert got[at] == pytest.approx(due, rel=1e-12)


def test_published_bits_per_character(shakespeare):
    cut = 1_003_854
    symbols, history = points_of(shakespeare), np.arange(len(shakespeare))
    alphabet = len(set(shakespeare[:cut]))
    for golden, n_discounts in ((GOLDEN_BITS_PER_CHAR, 1), (MODIFIED_BITS_PER_CHAR, 3)):
        order = len(golden)
        model = KneserNey(symbols[:cut], history[:cut], order, 1 / alphabet, n_discounts)
        first = cut - order + 1
        p = model.probabilities(symbols[first:], history[first:])[:, order - 1 :]
        np.testing.assert_allclose(-np.log2(p).mean(axis=1), golden, atol=1e-3)
