"""Marks that are added later are those that the run would have written itself."""

from dataclasses import replace

import pytest

from experiments import mark
from experiments.corpora import Corpora, folder_of
from experiments.job import execute
from experiments.progress import PlainReporter
from numpygpt.errors import UserError


@pytest.fixture(scope="module")
def run(composer, tmp_path_factory):
    """A finished run on a corpus of its own."""
    corpus = tmp_path_factory.mktemp("corpus") / "cats.txt"
    corpus.write_text("CAT:\nThe cat sat on the mat.\n\nDOG:\nWho sat there?\n\n" * 60)
    config = composer(
        *("tokenizer=char", "model=tiny", "data=file", f"data.path='{corpus}'", "study=cats"),
        *("budget=iters", "budget.iters=30", "optimizer=adamw", "optimizer.warmup=5", "optimizer.lr=0.01"),
        "train.eval_interval=30",
        *("sample.tokens=80", "sample.number=2", f"outputs='{tmp_path_factory.mktemp('outputs')}'"),
    )  # fmt: skip
    config = replace(config, data=Corpora().decide(config.data, may_fall_back=False))
    assert execute(config, PlainReporter()) == "done"
    return folder_of(config)


def test_a_run_marks_its_own_samples_and_a_later_hand_marks_the_same(run, capsys):
    own = run.samples()
    assert [entry["n_words"] > 0 for entry in own["samples"]] == [True, True]
    page = run.samples_path.read_text(encoding="utf-8")
    assert all(own["prompt"] + entry["text"] in page for entry in own["samples"])
    (run.path / "samples.json").unlink()
    assert mark.main([str(run.path.parent)]) == 0
    assert "1 run;" in capsys.readouterr().out
    assert run.samples() == own


def test_carriage_returns_are_kept(run):
    page = run.samples_path.read_bytes()
    try:
        run.samples_path.write_bytes(b"--- sample 1 ---\n\nthe cat\r\nsat\r\n")
        assert mark.mark(run) == 1
        assert [entry["text"] for entry in run.samples()["samples"]] == ["the cat\r\nsat\r"]
    finally:
        run.samples_path.write_bytes(page)
        mark.mark(run)


def test_another_corpus_is_refused(run, capsys):
    before = run.run()
    changed = {**before, "corpus": {**before["corpus"], "sha256": "0" * 64}}
    run.create({key: value for key, value in changed.items() if key != "schema"})
    assert mark.main([str(run.path)]) == 2
    assert "has sha256" in capsys.readouterr().err
    run.create({key: value for key, value in before.items() if key != "schema"})


@pytest.mark.parametrize(
    "page", ["", "no samples", "--- sample 2 ---\nROMEO: I\n", "--- sample 1 ---\nno prompt"]
)
def test_a_page_that_cannot_be_taken_apart(page):
    with pytest.raises(ValueError, match="not a page"):
        mark.samples_of(page, "ROMEO:")


def test_samples_keep_their_line_ends():
    page = "--- sample 1 ---\n\na\n\n--- sample 2 ---\n\n\nb\n"
    assert mark.samples_of(page, "\n") == ["a\n", "\nb"]


@pytest.mark.parametrize("fault", ["gone", "torn"])
def test_faults_are_one_sentence_each(run, tmp_path, fault, capsys):
    kept = run.samples_path.read_bytes()
    run.samples_path.unlink() if fault == "gone" else run.samples_path.write_text("torn")
    with pytest.raises(UserError, match=r"samples\.txt cannot be"):
        mark.mark(run)
    assert mark.main([str(run.path)]) == 2
    assert capsys.readouterr().err.count("\n") == 1
    run.samples_path.write_bytes(kept)
