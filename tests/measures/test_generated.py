import pytest
from hypothesis import given
from hypothesis import strategies as st

from numpygpt.measures.text.generated import LEAST_COPIED, Reference, _Windows, chars_in_500_tokens, headings

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


@pytest.fixture(scope="module")
def of_shakespeare(shakespeare):
    cut = int(0.9 * len(shakespeare))
    return Reference(shakespeare[:cut], shakespeare[cut:])


def test_headings_stand_alone_after_a_blank_line():
    text = "romeo :\nO speak:\n he said:\n\n  First   Citizen: \nhere\n\nNo heading: this\n\nLAST:"
    assert headings(text) == ["romeo", "first citizen", "last"]
    assert headings("") == []


@pytest.mark.parametrize("odd", [" ", "\t ", "A ", "A", "\u3000"])
def test_headings_are_looked_for_in_time_that_grows_with_the_line(odd):
    line = odd * 20_000
    assert headings(f"\n\n{line}\n\nlast:\n\n{line}x\n \n first :{line}") in (["last"], ["last", "first"])


def test_shares(reference):
    measures = reference.measure(["romeo:\nwhat light xyzzy", "\n\nNurse:\nO it is the light"])
    assert measures["n_samples"] == 2
    assert (measures["n_headings"], measures["speaker_share"]) == (2, 0.5)
    assert measures["word_share"] == pytest.approx(5 / 10)  # not xyzzy, nurse, it, is, the
    assert measures["ngram3_train"] == 0.0
    assert measures["ngram3_heldout"] == pytest.approx(3 / 6)
    assert measures["distinct_1"] == pytest.approx(9 / 10)
    assert measures["distinct_3"] == 1.0


def test_copies_of_the_training_text_are_found(reference):
    samples = ["zzz yonder window breaks? zzz", "soft, what light zzz"]
    assert reference.measure(samples)["longest_copied_chars"] == len(" yonder window breaks?") == 22
    assert _Windows(TRAIN).longest_shared(samples[0]) == " yonder window breaks?"
    assert reference.measure([TRAIN])["longest_copied_chars"] == len(TRAIN)


@given(st.text("abé", max_size=60), st.text("abé", max_size=40))
def test_longest_shared_stretch_agrees_with_trying_all(text, other):
    stretches = {other[i:j] for i in range(len(other)) for j in range(i, len(other) + 1)} | {""}
    longest = max(len(stretch) for stretch in stretches if stretch in text)
    found = _Windows(text).longest_shared(other)
    assert len(found) == longest
    assert found in text
    assert found in other


def test_marks_lie_where_the_measures_count(reference):
    sample = "Romeo:\nsoft xyzzy. what light through yonder window breaks?\n\nNurse:\nO Juliet"
    found, measures = reference.highlights(sample), reference.measure([sample])
    marked = {name: [sample[a:b] for a, b in spans] for name, spans in found["marks"].items()}
    assert marked == {
        "foreign": ["xyzzy", "Nurse"],
        "speaker": ["Romeo"],
        "stranger": ["Nurse"],
        "copied": [" what light through yonder window breaks?\n\n"],
    }
    assert 1 - len(marked["foreign"]) / found["n_words"] == measures["word_share"]
    assert max(map(len, marked["copied"])) == measures["longest_copied_chars"]


def test_marks_of_a_text_without_speakers_and_of_nothing():
    assert Reference("no headings here", "").highlights("WHO:\nhere")["marks"]["stranger"] == []
    nothing = {"foreign": [], "speaker": [], "stranger": [], "copied": []}
    assert Reference("short", "").highlights("") == {"n_words": 0, "marks": nothing}


@given(st.text("ab", max_size=60), st.text("ab", max_size=40), st.integers(1, 12))
def test_shared_stretches_agree_with_trying_all(text, other, length):
    covered = {
        place
        for start in range(len(other) - length + 1)
        if other[start : start + length] in text
        for place in range(start, start + length)
    }
    stretches = _Windows(text).shared(other, length)
    assert {place for a, b in stretches for place in range(a, b)} == covered
    assert all(b - a >= length for a, b in stretches)


def test_marking_starts_above_what_people_share_by_chance(of_shakespeare):
    """Of held-out text by the same author hardly a stretch is long enough to be marked."""
    human = of_shakespeare.val_text[:20_000]
    copied = of_shakespeare.highlights(human)["marks"]["copied"]
    assert sum(b - a for a, b in copied) < 0.03 * len(human)  # 0.021
    assert LEAST_COPIED == 20


def test_cut_to_a_number_of_characters(reference):
    measures = reference.measure(["what light xyzzy", "what light"], n_chars=10)
    assert measures["word_share"] == 1.0
    assert measures["chars_per_sample"] == 10


def test_nothing_to_judge(reference):
    measures = reference.measure([""])
    assert measures["word_share"] is None
    assert measures["speaker_share"] is None
    assert measures["distinct_2"] is None
    assert measures["longest_copied_chars"] == 0
    assert Reference("no plays here", "nor here").measure(["\n\nA:\n"])["speaker_share"] is None


def test_human_passages_are_not_found_in_themselves():
    val = "".join(f"SPEAKER {n}:\nword{n} other{n} thing{n} last{n}\n\n" for n in range(100))
    human = Reference(TRAIN, val).human(400, n_samples=3)
    assert human["n_samples"] == 3
    assert human["chars_per_sample"] == 400
    assert human["ngram3_heldout"] == 0.0
    assert Reference(TRAIN, VAL).human(10_000)["n_samples"] == 1


def test_human_text_of_the_corpus(of_shakespeare):
    human = of_shakespeare.human(1500, 5)
    assert 0.9 < human["word_share"] < 1
    assert 0.05 < human["ngram3_train"] < 0.3
    assert 10 < human["longest_copied_chars"] < 100


def test_characters_in_500_tokens():
    assert chars_in_500_tokens(["abcd", "ef"], n_tokens=10) == 150


@pytest.mark.parametrize("word", ["हिन्दी", "ไม้", "كِتَاب", "e\u0301te\u0301"])
def test_letters_in_another_order_are_no_words_of_the_text(word):
    reference = Reference(f"{word} {word}", "")
    assert reference.measure([word])["word_share"] == 1
    assert reference.measure([word + word[:2]])["word_share"] == 0
    assert reference.highlights(f"{word}{word[:2]} {word}")["marks"]["foreign"] == [(0, len(word) + 2)]
