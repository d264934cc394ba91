"""A class of the user's own as a tokenizer: what it may do, and what is noticed when it does otherwise."""

import sys
import textwrap
from pathlib import Path

import pytest
from spans import HARD, TEXT, check_spans

from numpygpt.data import resolve
from numpygpt.data.tokens import encoded
from numpygpt.errors import UserError
from numpygpt.measures.bits.residual import ResidualCoder
from numpygpt.measures.bits.source import Source
from numpygpt.tokenizers import create, from_dict, load
from numpygpt.tokenizers.foreign.custom import code_sha256


def example() -> str:
    """The class that docs/TOKENIZERS.md shows: the lines that are indented, from its name on."""
    page = (Path(__file__).parents[2] / "docs" / "TOKENIZERS.md").read_text(encoding="utf-8")
    start = page.index("    # frequent.py")
    return textwrap.dedent(page[start : page.index("\nand train a model on it", start)])


@pytest.fixture
def own_class(tmp_path, monkeypatch):
    (tmp_path / "frequent.py").write_text(example())
    monkeypatch.syspath_prepend(str(tmp_path))
    code_sha256.cache_clear()
    yield "frequent:FrequentWords"
    sys.modules.pop("frequent", None)
    sys.modules.pop("broken", None)


def test_the_documented_class_works(own_class, tmp_path, monkeypatch):
    tokenizer = create("custom", factory=own_class)
    tokenizer.train(TEXT)
    assert tokenizer.encode(TEXT).size < 0.6 * len(TEXT)
    for text in (TEXT, "Speak", "", "S"):
        check_spans(tokenizer, text)
        assert tokenizer.decode(tokenizer.encode(text)) == text
    tokenizer.save(tmp_path / "tokenizer.json")
    monkeypatch.setenv("NUMPYGPT_FACTORY", own_class)
    assert load(tmp_path / "tokenizer.json").fingerprint() == tokenizer.fingerprint()


def test_a_file_is_refused_if_the_code_of_its_class_has_changed(own_class, tmp_path, monkeypatch):
    monkeypatch.setenv("NUMPYGPT_FACTORY", own_class)
    tokenizer = create("custom", factory=own_class)
    tokenizer.train(TEXT)
    tokenizer.save(tmp_path / "tokenizer.json")
    before = tokenizer.fingerprint()
    (tmp_path / "frequent.py").write_text(example().replace("most_common(500)", "most_common(400)"))
    assert tokenizer.fingerprint() == before  # this process goes on with the code that it imported
    code_sha256.cache_clear()  # another process
    with pytest.raises(UserError, match="the code of frequent:FrequentWords is not what it was"):
        load(tmp_path / "tokenizer.json")
    assert tokenizer.fingerprint() != before  # so that no ids of the old code are taken for the new


def test_a_package_counts_by_all_its_modules(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(str(tmp_path))
    (tmp_path / "my_package").mkdir()
    (tmp_path / "my_package" / "__init__.py").write_text("from my_package.words import Words")
    found = set()
    for code in ("class Words: pass", "class Words: ..."):
        (tmp_path / "my_package" / "words.py").write_text(code)
        for factory in ("my_package:Words", "my_package.words:Words", "my_package.other:Words"):
            (tmp_path / "my_package" / "other.py").write_text("from my_package.words import Words")
            code_sha256.cache_clear()
            found.add((factory, code_sha256(factory)))
    assert len(found) == 6
    monkeypatch.setattr(sys.modules["__main__"], "__file__", str(tmp_path / "script.py"), raising=False)
    (tmp_path / "script.py").write_text("class Words: pass")
    assert len(code_sha256("__main__:Words")) == 64
    with pytest.raises(UserError, match=r"names no class: it may be package\.module:Class"):
        code_sha256("Words")


def test_a_file_imports_nothing_by_itself(own_class, tmp_path, monkeypatch):
    tokenizer = create("custom", factory=own_class)
    tokenizer.train(TEXT)
    data = tokenizer.to_dict()
    sys.modules.pop("frequent")
    for tampered in (data, data | {"options": {"charge_all": False, "factory": own_class}}):
        with pytest.raises(UserError, match="NUMPYGPT_FACTORY=frequent:FrequentWords"):
            from_dict(tampered)
        with pytest.raises(UserError, match="NUMPYGPT_FACTORY=frequent:FrequentWords"):
            from_dict(tampered, factory="another:FrequentWords")
    assert "frequent" not in sys.modules
    assert from_dict(data, factory=own_class).encode(TEXT).tolist() == tokenizer.encode(TEXT).tolist()
    monkeypatch.setenv("NUMPYGPT_FACTORY", own_class)
    assert from_dict(data).encode(TEXT).tolist() == tokenizer.encode(TEXT).tolist()


BROKEN = {
    "no module": ("nothing_there:X", "cannot be imported"),
    "no name": ("frequent", "package.module:Class"),
    "no class": ("frequent:None_", "has no attribute 'None_'"),
    "no method": ("broken:NoDecode", "no attribute 'decode'"),
    "raises": ("broken:Raises", "cannot be trained and saved: oops"),
    "no JSON": ("broken:NoJson", "cannot be trained and saved: .*not JSON serializable"),
    "changes": ("broken:Changes", "gives other ids once it was saved"),
    "chance": ("broken:Chance", "nothing may be left to chance"),
    "loses": ("broken:Loses", "give the class a method spans"),
    "small": ("broken:Small", "token id 70 is outside of the vocabulary: ids go from 0 to 9"),
    "negative": ("broken:Negative", "token id -1 is outside of the vocabulary"),
    "halves": ("broken:Halves", "must be a flat sequence of integers"),
    "no ids": ("broken:NoIds", "cannot be trained and saved: .*not iterable"),
    "no text": ("broken:NoText", "'bytes' object has no attribute 'encode'"),
    "no size": ("broken:NoSize", "vocab_size must be a whole number"),
    "no unk": ("broken:NoUnk", "unk_id must be a whole number"),
    "no bytes": ("broken:NoBytes", r"token_bytes\(0\) must be bytes or None"),
    "slots": ("broken:Slots", "cannot be made"),
    "unk beyond": ("broken:UnkBeyond", "unk_id must be below vocab_size, not 1"),
    "huge": ("broken:Huge", "vocab_size must be at most 4194304, not 1000000000000"),
    "byte ends": ("broken:ByteEnds", "the ends of spans must ascend, from 0 to no more than the text has"),
    "ends go back": ("broken:EndsGoBack", "the ends of spans must ascend"),
    "other spans": ("broken:OtherSpans", "spans must give the ids of encode"),
    "syntax": ("syntax:X", "cannot be imported"),
}
BASE = """
class Base:
    vocab_size = 1
    def train(self, text): pass
    def encode(self, text): return [0] * len(text)
    def decode(self, ids): return "a" * len(ids)
class NoDecode:
    vocab_size = 1
    def train(self, text): pass
    def encode(self, text): return []
class Raises(Base):
    def train(self, text): raise RuntimeError("oops")
class NoJson(Base):
    def train(self, text): self.seen = {1, 2}
class Changes(Base):
    seen = ()
    def train(self, text): self.seen = {1: 2}
    def encode(self, text): return [0] * (1 in self.seen)
class Chance(Base):
    n = 0
    def encode(self, text):
        Chance.n += 1
        return [self.n % 2]
class Loses(Base): pass
class Sly(Base):
    vocab_size = 256
    def encode(self, text): return text.replace("zebra", "horse").encode()
    def decode(self, ids): return bytes(ids).decode(errors="replace")
    def token_bytes(self, id): return bytes([id])
    def spans(self, text):
        return self.encode(text), [i for i, c in enumerate(text.replace("zebra", "horse"), 1) for _ in c.encode()]
class Small(Sly):
    vocab_size = 10
class Negative(Base):
    def encode(self, text): return [-1] * len(text)
class Halves(Base):
    def encode(self, text): return [0.5] * len(text)
class NoIds(Base):
    def encode(self, text): return None
class NoText(Base):
    def decode(self, ids): return b""
class NoSize(Base):
    vocab_size = 2.5
class NoUnk(Base):
    unk_id = "a"
class UnkBeyond(Base):
    unk_id = 1
class Huge(Base):
    vocab_size = 10**12
class ByteEnds(Base):
    def spans(self, text): return self.encode(text), [len(text[:i].encode()) for i in range(1, len(text) + 1)]
class EndsGoBack(Base):
    def spans(self, text): return self.encode(text), range(len(text), 0, -1)
class NoBytes(Base):
    def token_bytes(self, id): return "a"
class Slots:
    __slots__ = ()
    vocab_size = 1
    def train(self, text): pass
    def encode(self, text): return []
    def decode(self, ids): return ""
class OtherSpans(Base):
    def spans(self, text): return [0], [len(text)]
class Strict(Base):
    vocab_size = 256
    def encode(self, text): return text.lower().encode()
    def decode(self, ids): return bytes(ids).decode()
    def token_bytes(self, id): return bytes([id])
    def spans(self, text):
        widths = [len(c.lower().encode()) for c in text]
        return list(self.encode(text)), [i + 1 for i, n in enumerate(widths) for _ in range(n)]
class Remembers(Sly):
    def train(self, text): self.words, self.seen = sorted(set(text)), {}
    def encode(self, text):
        self.seen[text, 1] = len(text)
        return text.encode()
class Tells(Base):
    def spans(self, text): return self.encode(text), range(1, len(text) + 1)
"""


def test_what_a_model_writes_is_text_whatever_decode_gives(own_class, tmp_path):
    """Where no try-out saw it: the ids' own texts stand for what is no text."""
    decode = (
        "def decode(self, ids): return bytes(ids if len(ids) < 9 else b'').decode(errors='surrogateescape')"
    )
    (tmp_path / "broken.py").write_text(f"{BASE}class Late(Strict):\n    {decode}\n")
    tokenizer = create("custom", factory="broken:Late", charge_all=True)
    tokenizer.train(TEXT)
    assert tokenizer.decode([104, 255]) == "h\ufffd"


@pytest.mark.parametrize("name", BROKEN)
def test_classes_that_cannot_be_used(name, own_class, tmp_path):
    (tmp_path / "broken.py").write_text(BASE)
    (tmp_path / "syntax.py").write_text("class X(:")
    factory, message = BROKEN[name]
    with pytest.raises(UserError, match=message):
        create("custom", factory=factory).train(TEXT)


def test_what_a_class_remembers_later_is_no_part_of_it(own_class, tmp_path, monkeypatch):
    monkeypatch.setenv("NUMPYGPT_FACTORY", "broken:Remembers")
    (tmp_path / "broken.py").write_text(BASE)
    tokenizer = create("custom", factory="broken:Remembers")
    tokenizer.train(TEXT)
    before = tokenizer.fingerprint()
    tokenizer.save(tmp_path / "tokenizer.json")
    tokenizer.encode("something else")
    assert tokenizer.fingerprint() == before
    again = load(tmp_path / "tokenizer.json")
    again.encode("something else")
    assert again.fingerprint() == before


def test_ids_that_no_text_is_encoded_to_are_decoded_all_the_same(own_class, tmp_path):
    (tmp_path / "broken.py").write_text(BASE)
    tokenizer = create("custom", factory="broken:Strict", charge_all=True)
    tokenizer.train(TEXT)
    assert tokenizer.decode([104, 105]) == "hi"
    assert tokenizer.decode([104, 255, 105]) == "h\ufffdi"


def test_a_class_that_was_edited_since_it_was_planned_is_refused(own_class, tmp_path):
    code_sha256(own_class)  # as a sweep does before its first run
    (tmp_path / "frequent.py").write_text(example() + "\n# edited\n")
    with pytest.raises(UserError, match="was edited since this command began"):
        create("custom", factory=own_class).train(TEXT)


def test_ids_of_a_class_are_not_taken_from_the_cache(own_class, tmp_path):
    (tmp_path / "helper.py").write_text("def cut(text): return text.encode()")
    (tmp_path / "frequent.py").write_text(
        BASE
        + """
import helper
class Helped(Base):
    vocab_size = 256
    def encode(self, text): return helper.cut(text)
    def decode(self, ids): return bytes(ids).decode(errors="replace")
    def token_bytes(self, id): return bytes([id])
"""
    )
    (tmp_path / "text.txt").write_text(TEXT)
    part, _ = resolve("file", tmp_path / "text.txt").parts(0.5)
    tokenizer = create("custom", factory="frequent:Helped")
    tokenizer.train(TEXT)
    before = encoded(part, tokenizer, tmp_path / "cache").tolist()
    sys.modules["helper"].cut = lambda text: text.upper().encode()
    assert encoded(part, tokenizer, tmp_path / "cache").tolist() != before
    sys.modules.pop("helper")


def test_a_class_that_loses_is_charged(own_class, tmp_path):
    (tmp_path / "broken.py").write_text(BASE)
    tokenizer = create("custom", factory="broken:Tells")
    tokenizer.train(TEXT)
    check_spans(tokenizer, HARD)
    coder = ResidualCoder.fit(tokenizer, TEXT)
    bits, _ = coder.bits(Source(HARD, *tokenizer.spans(HARD)))
    assert (bits > 0).all()


def test_a_belief_that_fails_later_is_refused(own_class, tmp_path):
    """If the probes were too few, a text that is changed is not scored as if nothing had been lost."""
    (tmp_path / "broken.py").write_text(BASE)
    tokenizer = create("custom", factory="broken:Sly")
    tokenizer.train(TEXT)
    assert tokenizer.lossless
    with pytest.raises(UserError, match=r"changes this one \('the zebra'\).*charge_all=true"):
        tokenizer.spans("the zebra")
    tokenizer = create("custom", factory="broken:Sly", charge_all=True)
    tokenizer.train(TEXT)
    assert not tokenizer.lossless
    check_spans(tokenizer, "the zebra")
    coder = ResidualCoder.fit(tokenizer, TEXT)
    assert coder.bits(Source("the zebra", *tokenizer.spans("the zebra")))[0][4] > 1
