"""Tokenizer files: whole or not at all, and whatever is wrong with one is said in a sentence."""

import json
from contextlib import suppress
from itertools import cycle
from pathlib import Path

import numpy as np
import pytest

from numpygpt.errors import UserError
from numpygpt.files import NotWritable
from numpygpt.tokenizers import from_dict, load


def write(path: Path, data: object) -> Path:
    path.write_text(data if isinstance(data, str) else json.dumps(data), encoding="utf-8")
    return path


def test_a_file_is_the_tokenizer(tokenizer, small_text, tmp_path):
    path = tmp_path / "tokenizer.json"
    tokenizer.save(path)
    loaded = load(path)
    assert type(loaded) is type(tokenizer)
    assert loaded.to_dict() == tokenizer.to_dict()
    assert loaded.fingerprint() == tokenizer.fingerprint()
    text = small_text + "something 新しい"
    np.testing.assert_array_equal(loaded.encode(text), tokenizer.encode(text))
    assert loaded.decode(loaded.encode(text)) == tokenizer.decode(tokenizer.encode(text))
    loaded.save(tmp_path / "again.json")
    assert (tmp_path / "again.json").read_bytes() == path.read_bytes()


def test_saving_replaces_the_old_file_or_leaves_it(tokenizer, tmp_path, monkeypatch):
    path = tmp_path / "tokenizer.json"
    write(path, "old")

    def fail(*args: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("os.fsync", fail)
        with pytest.raises(UserError, match="No space left"):
            tokenizer.save(path)
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path], "a temporary file was left behind"
    tokenizer.save(path)
    assert load(path).fingerprint() == tokenizer.fingerprint()


def test_paths_that_cannot_be_written_or_read(tokenizer, tmp_path):
    for path in (tmp_path, tmp_path / "no" / "folder.json"):
        with pytest.raises(NotWritable, match="cannot be written"):  # which is not bad input
            tokenizer.save(path)
        with pytest.raises(UserError, match="cannot be read"):
            load(path)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff\xfe\x00",
        b"{",
        b"[]",
        b"null",
        b"{}",
        b'{"format": "numpygpt-tokenizer"}',
        b'{"version": 1, "model": {"type": "BPE", "vocab": {}}}',
        b'{"format": "numpygpt-tokenizer", "version": 2, "kind": "char"}',
        b'{"format": "numpygpt-tokenizer", "version": 1}',
        b'{"format": "numpygpt-tokenizer", "version": 1, "kind": ["char"]}',
        b'{"format": "numpygpt-tokenizer", "version": 1, "kind": "char"}',
        b'{"format": "numpygpt-tokenizer", "version": 1, "kind": "char", "options": {"x": 1}, "alphabet": "a"}',
        b"[" * 100_000,
        b"1" * 10_000,
        b'{"format": "numpygpt-tokenizer", "version": ' + b"1" * 10_000 + b"}",
    ],
)
def test_foreign_files(content, tmp_path):
    path = tmp_path / "x.json"
    path.write_bytes(content)
    with pytest.raises(UserError, match=r"x\.json"):
        load(path)


def test_truncated_files(tokenizer, tmp_path):
    path = tmp_path / "x.json"
    tokenizer.save(path)
    content = path.read_bytes()
    for length in np.linspace(0, len(content) - 1, 50, dtype=int):
        path.write_bytes(content[:length])
        with pytest.raises(UserError):
            load(path)


def test_no_damage_goes_unnoticed(tokenizer, small_text, tmp_path):
    """A changed byte anywhere: a sentence, or the same tokenizer."""
    path = tmp_path / "x.json"
    tokenizer.save(path)
    content, expected = path.read_bytes(), tokenizer.fingerprint()
    for at, bit in zip(np.linspace(0, len(content) - 1, 200, dtype=int), cycle((0, 2, 5)), strict=False):
        path.unlink()
        path.write_bytes(content[:at] + bytes([content[at] ^ 1 << bit]) + content[at + 1 :])
        with suppress(UserError):
            assert load(path).fingerprint() == expected, at


def test_a_file_that_was_edited_is_refused(train_small, tmp_path):
    path = tmp_path / "x.json"
    train_small("word").save(path)
    write(path, {**json.loads(path.read_text()), "words": ["other"]})
    with pytest.raises(UserError, match="damaged, or was edited: train the tokenizer again"):
        load(path)


@pytest.mark.parametrize("part", ["kind", "options", "words"])
def test_a_description_that_lacks_a_part_is_refused(part, train_small):
    described = train_small("word").to_dict()
    del described[part]
    with pytest.raises(UserError, match=f"lacks a part.*{part}"):
        from_dict(described)
