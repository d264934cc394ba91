"""Tokenizer files: whole or not at all, and whatever is wrong with one is said in a sentence."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from numpygpt.errors import UserError
from numpygpt.files import NotWritable
from numpygpt.tokenizers import KINDS, from_dict, load

JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=8,
)


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
        b'{"format": "numpygpt-tokenizer", "version": 1, "version": 1}',
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


@pytest.mark.parametrize("kind", KINDS)
@given(data=st.data())
@settings(max_examples=60, deadline=None)
def test_a_damaged_description_is_refused_or_works(kind, train_small, data):
    """Replace, add or drop a value anywhere: a UserError, or a tokenizer that still keeps the contract."""
    described = json.loads(json.dumps(train_small(kind).to_dict()))
    place = described
    while True:
        key = data.draw(st.sampled_from(list(place) if isinstance(place, dict) else range(len(place))))
        if not isinstance(place[key], dict | list) or not place[key] or data.draw(st.booleans()):
            break
        place = place[key]
    what = data.draw(st.sampled_from(["replace", "drop", "repeat"]))
    if what == "replace":
        place[key] = data.draw(JSON_VALUES)
    elif what == "drop":
        del place[key]
    elif isinstance(place, list):
        place.append(place[key])
    else:
        place[str(key) + "2"] = place[key]
    check_refused_or_works(described)


@given(described=st.dictionaries(st.sampled_from(["options", "alphabet", "merges", "words"]), JSON_VALUES))
@settings(max_examples=100, deadline=None)
def test_invented_descriptions(described):
    for kind in KINDS:
        check_refused_or_works({"format": "numpygpt-tokenizer", "version": 1, "kind": kind, **described})


def check_refused_or_works(described: object) -> None:
    try:
        tokenizer = from_dict(described)
    except UserError:
        return
    text = "The cat, é 你😀"
    ids, ends = tokenizer.spans(text)
    assert (np.diff(ends, prepend=0) > 0).all()
    assert tokenizer.decode(ids) == text or not tokenizer.lossless
    assert from_dict(tokenizer.to_dict()).fingerprint() == tokenizer.fingerprint()


@pytest.mark.parametrize(
    ("kind", "changes", "message"),
    [
        ("char", {"alphabet": "aab"}, "twice"),
        ("char", {"alphabet": "ba"}, "unsorted"),
        ("char", {"alphabet": ""}, "alphabet"),
        ("char", {"alphabet": "a\ud800"}, "surrogate"),
        ("word", {"words": ["a", "a"]}, "'a' twice"),
        ("word", {"words": []}, "no words"),
        ("word", {"words": ["a", ""]}, "no list of texts"),
        ("bpe", {"merges": [["T", "h"], ["T", "h"]]}, "form 'Th' twice"),
        ("bpe", {"merges": [["T", "h"], ["Th", "qq"]]}, "not two earlier tokens"),
        ("bpe", {"merges": [["T", "h", "e"]]}, "not two earlier tokens"),
        ("bpe", {"merges": [["T", "h"]] * 10_000}, "exceed its vocab_size"),
        ("bpe", {"merges": None}, "no list"),
        ("bpe", {"alphabet": "".join(map(chr, range(100, 1000)))}, "too small"),
        ("bpe-bytelevel", {"merges": [[" ", "t"]]}, "not two earlier tokens"),
        ("byte", {"merges": []}, "unknown keys 'merges'"),
    ],
)
def test_each_damage_is_named(kind, changes, message, train_small, tmp_path):
    path = write(tmp_path / "x.json", {**train_small(kind).to_dict(), **changes})
    with pytest.raises(UserError, match=message):
        load(path)


def test_from_dict_of_the_wrong_kind(train_small):
    with pytest.raises(UserError, match="of kind 'char', not 'word'"):
        KINDS["word"].from_dict(train_small("char").to_dict())
