"""The same text under several tokenizers, on the terminal and as JSON; the vocabulary browser."""

import io
import json

import pytest

from experiments import show_tokens
from experiments.trained import named_tokenizers
from numpygpt.data import resolve

CORPUS = "The cat sat on the mat. Nobody sat there: only a bat!\n" * 40


@pytest.fixture(autouse=True)
def small_corpus(tmp_path, monkeypatch):
    (tmp_path / "text.txt").write_text(CORPUS)
    named_tokenizers._default_text.cache_clear()
    monkeypatch.setattr(named_tokenizers, "default_corpus", lambda: resolve("file", tmp_path / "text.txt"))
    yield tmp_path
    named_tokenizers._default_text.cache_clear()


def shown(capsys, *arguments) -> str:
    assert show_tokens.main(list(arguments)) == 0
    return capsys.readouterr().out


def found(capsys, *arguments):
    return json.loads(shown(capsys, *arguments, "--json"))


def test_every_choice_shows_its_tokens(capsys):
    out = shown(capsys, "The cat  sat.", "--tokenizers", "char,word,bpe:40", "--ids")
    char, word, bpe = out.split("\n\n")
    assert "T│h│e│ │c│a│t│ │ │s│a│t│." in char
    assert "comes back exactly" in char
    assert "The│ cat│  sat│." in word
    assert "loses case, spaces, unknown words; 15.4% of the characters to mend" in word
    assert "vocabulary 40" in bpe


def test_json_says_the_same_and_more(capsys):
    (word,) = found(capsys, "The zebra", "--tokenizers", "word")
    assert [token["source"] for token in word["tokens"]] == ["The", " zebra"]
    assert word["tokens"][1]["token"] == "<unk>"
    assert (word["unknown"], word["exact"], word["n_tokens"], word["chars_per_token"]) == (1, False, 2, 4.5)


def test_tokens_that_are_parts_of_characters(capsys):
    (byte,) = found(capsys, "a\u00e9", "--tokenizers", "byte")
    assert [token["source"] for token in byte["tokens"]] == ["a", None, None]
    assert "a│\u00e9" in shown(capsys, "a\u00e9", "--tokenizers", "byte")


def test_control_characters_cannot_reach_the_terminal(capsys):
    out = shown(capsys, "a\x1b[31mb\x07\u202ec", "--tokenizers", "char")
    assert not any(c in out for c in "\x1b\x07\u202e")


def test_text_from_a_file_and_from_standard_input(capsys, small_corpus, monkeypatch):
    (small_corpus / "x.txt").write_text("a bat")
    (from_file,) = found(capsys, "--file", str(small_corpus / "x.txt"), "--tokenizers", "char")
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"a bat")))
    (from_stdin,) = found(capsys, "--tokenizers", "char")
    assert from_file == from_stdin


def test_the_vocabulary_browser(capsys):
    (page,) = found(capsys, "--vocab", "--tokenizers", "bpe:40", "--number", "3")
    assert len(page["longest"]["tokens"]) == 3
    lengths = [len(token["token"]) for token in page["longest"]["tokens"]]
    assert lengths == sorted(lengths, reverse=True)
    assert page["frequent"]["tokens"][0]["count"] > 50
    assert page["never"]["tokens"][0]["token"] == "<unk>"
    assert page["unreachable"] == {"total": 0, "tokens": []}
    out = shown(capsys, "--vocab", "--tokenizers", "bpe:40,word")
    assert "bpe:40: vocabulary 40" in out
    assert "never used in the" in out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["a", "--tokenizers", "bpee"], "did you mean bpe"),
        (["a", "--tokenizers", "bpe:many"], "a vocabulary size is a number"),
        (["a", "--tokenizers", "hf"], "no tokenizer 'hf' to train"),
        (["", "--tokenizers", "char"], "the text is empty"),
        (["--file", "/nowhere/at/all"], "cannot be read"),
        (["a", "--file", "b"], "not both"),
        (["a", "--runs", "no-such-run"], "no run no-such-run"),
        (["a", "--number", "0"], "1 or more"),
        (["\udc80", "--tokenizers", "char"], "lone surrogate"),
        (["a", "--tokenizers", "char:512"], "char has no vocabulary size to choose"),
    ],
)
def test_bad_input(capsys, arguments, message):
    assert show_tokens.main(arguments) == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1
