"""The same text under several tokenizers, on the terminal."""

import io

import pytest

from experiments import show_tokens
from experiments.trained import named_tokenizers
from numpygpt.data import resolve

CORPUS = "The cat sat on the mat. Nobody sat there: only a bat!\n" * 40


@pytest.fixture(autouse=True)
def small_corpus(tmp_path, monkeypatch):
    (tmp_path / "text.txt").write_text(CORPUS)
    monkeypatch.setattr(named_tokenizers, "resolve", lambda *_: resolve("file", tmp_path / "text.txt"))


def shown(capsys, *arguments) -> str:
    assert show_tokens.main(list(arguments)) == 0
    return capsys.readouterr().out


def test_every_choice_shows_its_tokens(capsys):
    out = shown(capsys, "The cat  sat.", "--tokenizers", "char,word,bpe")
    char, word, bpe = out.split("\n\n")
    assert "T│h│e│ │c│a│t│ │ │s│a│t│." in char
    assert "comes back exactly" in char
    assert "The│ cat│  sat│." in word
    assert "loses case, spaces, unknown words; 15.4% of the characters to mend" in word
    assert "vocabulary 48" in bpe


def test_unknown_words_are_counted(capsys):
    out = shown(capsys, "The zebra", "--tokenizers", "word")
    assert "2 tokens, 4.50 characters per token, vocabulary 15, 1 unknown" in out


def test_tokens_that_are_parts_of_characters_share_it(capsys):
    out = shown(capsys, "a\u00e9", "--tokenizers", "byte")
    assert "3 tokens" in out
    assert "a│\u00e9\n" in out


def test_control_characters_cannot_reach_the_terminal(capsys):
    out = shown(capsys, "a\x1b[31mb\x07\u202ec", "--tokenizers", "char")
    assert not any(c in out for c in "\x1b\x07\u202e")


def test_text_from_standard_input(capsys, monkeypatch):
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"a bat")))
    assert "a│ │b│a│t\n" in shown(capsys, "--tokenizers", "char")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["a", "--tokenizers", "bpee"], "did you mean bpe"),
        (["a", "--tokenizers", "512"], "tokenizer=512 is not possible: tokenizer may be bpe"),
        (["a", "--tokenizers", "hf"], "it may be a file where tokenizer=hf"),
        (["", "--tokenizers", "char"], "the text is empty"),
        (["a", "--runs", "no-such-run"], "no run no-such-run"),
        (["\udc80", "--tokenizers", "char"], "lone surrogate"),
    ],
)
def test_bad_input(capsys, arguments, message):
    assert show_tokens.main(arguments) == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1
