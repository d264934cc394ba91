"""The command that audits a tokenizer: its page, its JSON, its exit codes."""

import json
import sys

import pytest

from experiments import audit

TEXT = "The cat sat on the mat. Nobody sat there: only a bat!\n" * 40
HASHED = """
class Hashed:
    def train(self, text):
        self.order = sorted({*text, *map(chr, range(128))}, key=hash)
        self.vocab_size = len(self.order)
    def encode(self, text): return [self.order.index(c) if c in self.order else 0 for c in text]
    def decode(self, ids): return "".join(self.order[id] for id in ids)
    def spans(self, text): return self.encode(text), range(1, len(text) + 1)
"""


@pytest.fixture
def typed(tmp_path, monkeypatch, capsys):
    """typed(*arguments) -> exit code, output, errors, where text.txt is a text and hashed:Hashed a class."""
    (tmp_path / "text.txt").write_text(TEXT, encoding="utf-8")
    (tmp_path / "hashed.py").write_text(HASHED, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setenv("PYTHONPATH", str(tmp_path), prepend=":")
    monkeypatch.setenv("COLUMNS", "80")

    def run(*arguments):
        code = audit.main(arguments)
        return code, *capsys.readouterr()

    yield run
    sys.modules.pop("hashed", None)


DATA = ("data=file", "data.path=text.txt")


def test_a_page_shows_every_text_and_keeps_its_width(typed):
    code, out, _ = typed("tokenizer=word", *DATA, "emoji", "crlf", "cjk", "code", "text.txt")
    assert code == 0
    assert max(map(len, out.splitlines())) <= 80
    for name in ("emoji", "crlf", "cjk", "code", "text.txt"):
        assert f" {name} " in out
    facts = "word word, vocabulary 15, loses case, spaces, unknown words; fitted on text.txt (train)"
    assert " ".join(out.split()).startswith(facts)
    assert "text.txt: at byte 0 “the cat sat ” comes back for “The cat sat ”" in out
    assert "All promises are kept" in out


def test_json_holds_all_of_it_and_a_class_that_hangs_on_hashes_is_found(typed):
    code, out, _ = typed("tokenizer=custom", "tokenizer.factory=hashed:Hashed", *DATA, "--json")
    found = json.loads(out)
    assert code == 1
    assert all("PYTHONHASHSEED" in promise for promise in found["broken"])
    assert found["broken"]
    (name, of_text), *others = found["audits"].items()
    assert (name, others) == ("text.txt (val)", [])
    assert of_text["covered"] == of_text["n_bytes"] == len(TEXT) // 10


def test_the_tokenizer_of_a_run(typed, finished):
    run = finished("word")
    code, out, _ = typed("--run", str(run.path), "emoji")
    assert code == 0
    assert run.name in " ".join(out.split())


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "name one tokenizer: by settings"),
        (("tokenizer=char", "--run", "x"), "name one tokenizer: by settings"),
        (("tokenizer=chars",), "did you mean char?"),
        (("tokenizer=char,word",), "type one value"),
        (("tokenizer=bpe", "tokenizer.vocab_size=5", *DATA), "vocab_size=5 is too small"),
        (("tokenizer=char", *DATA, "none.txt"), "none.txt cannot be read"),
        (("--run", "none"), "no run none"),
    ],
)
def test_misuse_is_refused_in_a_sentence(typed, arguments, message):
    code, _, errors = typed(*arguments)
    assert code == 2
    assert message in errors
    assert errors.count("\n") == 1
