"""Imported tokenizers in configurations: what identifies a run, what is refused before any work."""

import dataclasses

import pytest

from experiments.configuration import build
from experiments.configuration.identity import identity, identity_hash
from experiments.configuration.schema import used_keys
from experiments.configuration.validation import check
from numpygpt.errors import UserError
from numpygpt.tokenizers.foreign import extras


@pytest.fixture
def imported(composer, tmp_path):
    """imported(kind, **keys): a configuration whose corpus is decided."""

    def make(kind, **keys):
        config = composer(f"tokenizer={kind}", "model=tiny")
        tokenizer = dataclasses.replace(config.tokenizer, **keys)
        data = dataclasses.replace(config.data, sha256="0" * 64)
        return dataclasses.replace(
            config, tokenizer=tokenizer, data=data, eval=dataclasses.replace(config.eval, texts=[])
        )

    return make


@pytest.mark.parametrize("kind", ["hf", "sentencepiece", "tiktoken"])
def test_a_file_counts_by_its_content(imported, tmp_path, kind):
    hashes = []
    for name, content in (("a", b"1"), ("b", b"1"), ("c", b"2")):
        (tmp_path / name).write_bytes(content)
        config = imported(kind, path=str(tmp_path / name))
        normalised = identity(config)
        assert str(tmp_path) not in str(normalised)
        hashes.append(identity_hash(normalised))
    assert hashes[0] == hashes[1] != hashes[2]
    with pytest.raises(UserError, match="it may be a tokenizer's file"):
        identity(imported(kind, path=str(tmp_path / "none")))


def test_special_tokens_are_those_of_the_file(imported):
    config = imported("custom", factory="a:B", specials=["<unk>", "<pad>"])
    assert "specials" not in used_keys(config)["tokenizer"]
    assert build.build_tokenizer(config.tokenizer).specials == ()
    assert build.build_tokenizer(imported("unigram", specials=["<x>"]).tokenizer).specials == ("<x>",)


@pytest.mark.parametrize(
    ("kind", "key"),
    [("hf", "tokenizer.path"), ("sentencepiece", "tokenizer.path"), ("custom", "tokenizer.factory")],
)
def test_what_is_missing_is_named(imported, kind, key):
    with pytest.raises(UserError, match=f"{key}=null is not possible"):
        check(imported(kind))


def test_a_missing_package_is_named_before_any_work(imported, monkeypatch, tmp_path):
    monkeypatch.setattr(extras.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(UserError, match="pip install sentencepiece"):
        check(imported("sentencepiece", path=str(tmp_path)))
