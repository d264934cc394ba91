"""Mistakes are as many as they are said to be, the same for everybody, and leave a text a text."""

import unicodedata

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from numpygpt.errors import UserError
from numpygpt.measures.text.edits import edit_distance
from numpygpt.measures.text.perturbations import PERTURBATIONS, perturbed

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)
KINDS = st.sampled_from(sorted(PERTURBATIONS))
PROSE = 9 * "The quick brown fox jumps over the lazy dog. Ångströms Straße in Zürich; 東京は日本の首都。\n"


@given(TEXTS, KINDS)
def test_a_rate_of_zero_changes_nothing(text, kind):
    assert perturbed(text, kind, 0.0) == text


@given(TEXTS, KINDS, st.floats(0, 1), st.integers(0, 9))
def test_a_text_stays_a_text_and_has_the_same_mistakes_again(text, kind, rate, seed):
    changed = perturbed(text, kind, rate, seed)
    assert changed.encode("utf-8").decode("utf-8") == changed
    assert perturbed(text, kind, rate, seed) == changed
    assert changed.count("\n") == text.count("\n")


@example("case", 0.03125, 48)
@settings(max_examples=25)
@given(KINDS, st.floats(0.01, 0.3), st.integers(0, 99))
def test_the_share_of_changed_characters_is_the_rate(kind, rate, seed):
    can_change = PERTURBATIONS[kind]
    wanted = round(rate * sum(map(can_change, PROSE)))
    changed = perturbed(PROSE, kind, rate, seed)
    if kind == "unicode":
        accents = [unicodedata.normalize("NFD", text).count("\u0301") for text in (PROSE, changed)]
        assert accents[1] - accents[0] == wanted
    else:  # two mistakes side by side may come to one; of a doubled letter both may be counted; SS of an ß is two
        most = 1.05 * wanted + 1 + changed.count("SS")
        assert 0.8 * wanted - 1 <= edit_distance(changed, PROSE) <= most


def test_what_each_kind_does():
    assert perturbed("aB1 ß", "case", 1) == "Ab1 SS"
    assert perturbed("a b\n", "spaces", 1) == "a b \n"
    assert perturbed("e\u0301t7", "unicode", 1) == "\u00e9\u0301t\u03017"
    assert {perturbed("ab", "typos", 1, seed)[:1] for seed in range(20)} == {"", "a", "b"}
    assert perturbed("7 + 8", "typos", 1) == "7 + 8"


@pytest.mark.parametrize(
    ("kind", "rate"), [("typo", 0.1), ("case", -0.1), ("case", 1.1), ("case", float("nan"))]
)
def test_what_cannot_be_is_refused(kind, rate):
    with pytest.raises(UserError, match=r"did you mean typos|may be 0 to 1"):
        perturbed("a", kind, rate)
