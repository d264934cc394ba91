"""Passages and samples of the page: averaged only where tokens agree, faults named."""

import pytest
from synthetic import make_run

from analysis.page.texts import _pieces, passages, sample_columns
from analysis.page.view import view
from numpygpt.runs import find_runs


def scored(ends, bits, text="Hello, world", **more):
    n = len(ends)
    return {
        "start": 0,
        "text": text,
        "ids": list(range(n)),
        "ends": ends,
        "bits": bits,
        "bits_residual": [0.0] * n,
        **more,
    }


@pytest.fixture
def runs(tmp_path):
    return [make_run(tmp_path, "char", seed, every=500) for seed in (1, 2, 3)]


def comparison_of(runs):
    return view(find_runs(runs[0].path.parent)).sections[0].comparison


def test_bits_are_means_over_the_seeds_with_the_same_tokens(runs):
    for run, ends, bits in zip(runs, ([5, 12], [5, 12], [4, 12]), ([1, 2], [3, 4], [9, 9]), strict=True):
        run.write_passages([scored(ends, bits)])
    ((found,), problems) = passages(comparison_of(runs), 100)
    (reading,) = found.readings
    assert (reading.seeds, reading.lengths, reading.bits, reading.residual) == (2, [5, 7], [2.0, 3.0], [])
    assert not problems
    assert not found.cut


def test_a_users_passages_come_after_the_validation_texts_and_of_any_run_that_has_them(runs):
    mine = scored([3, 10], [4.0, 6.0], name="mine.txt", bits_tail=2.5)
    runs[0].write_passages([scored([12], [5.0])])
    runs[1].write_passages([mine, scored([12], [7.0])])
    (validation, own), _ = passages(comparison_of(runs), 100)
    assert validation.title.endswith("(validation text, byte 0)")
    assert own.title == "mine.txt"
    assert validation.readings[0].bits == [6.0]
    assert (own.readings[0].seeds, own.readings[0].tail) == (1, 2.5)


def test_long_passages_are_cut_between_characters_and_tokens_with_them(runs):
    text = "caf\u00e9 " * 40
    runs[0].write_passages([scored([4, 100, 240], [1.0, 2.0, 3.0], text)])
    ((found,), _) = passages(comparison_of(runs), 64)
    assert found.cut
    assert found.n_bytes == 240
    assert found.text == text[: len(found.text)]
    assert len(found.text.encode()) <= 64
    assert found.readings[0].lengths == [4, len(found.text.encode()) - 4]


def test_tokens_without_bytes_and_texts_without_tokens(runs):
    runs[0].write_passages(
        [scored([5, 5, 12], [1.0, 2.0, 3.0]), scored([], [], " ", name="blank", bits_tail=8.0)]
    )
    (one, blank), problems = passages(comparison_of(runs), 100)
    assert one.readings[0].lengths == [5, 0, 7]
    assert (blank.readings[0].ids, blank.readings[0].tail) == ([], 8.0)
    assert not problems


def test_marks_may_overlap_and_pieces_make_up_the_text():
    pieces = list(_pieces("abcdefgh", [("foreign", 1, 3), ("copied", 2, 6), ("speaker", 7, 99)]))
    assert "".join(text for text, _ in pieces) == "abcdefgh"
    assert pieces[2] == ("c", ("foreign", "copied"))
    assert pieces[-1] == ("h", ("speaker",))


def test_samples_are_those_of_the_first_run_that_keeps_some(runs):
    marks = {"foreign": [[9, 14]], "speaker": [[0, 5]], "stranger": [], "copied": []}
    entry = {"text": "ROMEO:\nO lihgt", "n_words": 3, "marks": marks}
    record = {"prompt": "", "least_copied": 20, "samples": [entry]}
    assert sample_columns(comparison_of(runs)) == ([], [])
    runs[2].write_samples(record)
    (column,), _ = sample_columns(comparison_of(runs))
    assert column.run == runs[2].name
    said = "1 of 3 words not in the training text, 1 of 1 speakers real, nothing copied"
    assert column.samples[0].counts == said


def test_damaged_passages_and_samples_are_named(runs):
    for name, read in (("passages.json", lambda c: passages(c, 100)), ("samples.json", sample_columns)):
        (runs[0].path / name).write_text("{")
        found, problems = read(comparison_of(runs))
        assert found == []
        assert f"{name} is damaged" in problems[0].sentence
