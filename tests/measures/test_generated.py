import pytest
from hypothesis import given
from hypothesis import strategies as st

from numpygpt.measures.generated import Reference, _Windows, chars_in_500_tokens, headings

TRAIN = """ROMEO:
But soft, what light through yonder window breaks?

JULIET:
O Romeo, Romeo! wherefore art thou Romeo?
"""
VAL = """NURSE:
What light is this? wherefore art thou here?

ROMEO:
O it is the light that breaks.

NURSE:
It is the light that breaks what light there is.
"""


@pytest.fixture(scope="module")
def reference():
    return Reference(TRAIN, VAL)


def test_headings_stand_alone_after_a_blank_line():
    text = "romeo :\nO speak:\n he said:\n\n  First   Citizen: \nhere\n\nNo heading: this\n\nLAST:"
    assert headings(text) == ["romeo", "first citizen", "last"]
    assert headings("") == []


def test_shares(reference):
    measures = reference.measure(["romeo:\nwhat light xyzzy", "\n\nNurse:\nO it is the light"])
    assert measures.n_samples == 2
    assert (measures.n_headings, measures.speaker_share) == (2, 0.5)
    assert measures.word_share == pytest.approx(5 / 10)  # not xyzzy, nurse, it, is, the
    assert measures.ngram3_train == 0.0
    assert measures.ngram3_heldout == pytest.approx(3 / 6)
    assert measures.distinct_1 == pytest.approx(9 / 10)
    assert measures.distinct_3 == 1.0


def test_copies_of_the_training_text_are_found(reference):
    measures = reference.measure(["zzz yonder window breaks? zzz", "soft, what light zzz"])
    assert measures.longest_copied == " yonder window breaks?"
    assert measures.longest_copied_chars == 22
    assert reference.measure([TRAIN]).longest_copied == TRAIN


@given(st.text("abé", max_size=60), st.text("abé", max_size=40))
def test_longest_shared_stretch_agrees_with_trying_all(text, other):
    stretches = {other[i:j] for i in range(len(other)) for j in range(i, len(other) + 1)} | {""}
    longest = max(len(stretch) for stretch in stretches if stretch in text)
    found = _Windows(text).longest_shared(other)
    assert len(found) == longest
    assert found in text
    assert found in other


def test_cut_to_a_number_of_characters(reference):
    measures = reference.measure(["what light xyzzy", "what light"], n_chars=10)
    assert measures.word_share == 1.0
    assert measures.chars_per_sample == 10


def test_nothing_to_judge(reference):
    measures = reference.measure([""])
    assert measures.word_share is None
    assert measures.speaker_share is None
    assert measures.distinct_2 is None
    assert measures.longest_copied_chars == 0
    assert Reference("no plays here", "nor here").measure(["\n\nA:\n"]).speaker_share is None


def test_human_passages_are_not_found_in_themselves():
    val = "".join(f"SPEAKER {n}:\nword{n} other{n} thing{n} last{n}\n\n" for n in range(100))
    human = Reference(TRAIN, val).human(400, n_samples=3)
    assert human.n_samples == 3
    assert human.chars_per_sample == 400
    assert human.ngram3_heldout == 0.0
    assert Reference(TRAIN, VAL).human(10_000).n_samples == 1


def test_human_text_of_the_corpus(shakespeare):
    human = Reference(shakespeare[:1_003_854], shakespeare[1_003_854:]).human(1500, 5)
    assert 0.9 < human.word_share < 1
    assert 0.05 < human.ngram3_train < 0.3
    assert 10 < human.longest_copied_chars < 100


def test_characters_in_500_tokens():
    assert chars_in_500_tokens(["abcd", "ef"], n_tokens=10) == 150
