"""A class of the user's own as a tokenizer: what it may do, and what is noticed when it does otherwise."""

import pickle
import sys
import textwrap

import pytest
from spans import HARD, TEXT, check_spans

from numpygpt.data import resolve
from numpygpt.data.tokens import encoded
from numpygpt.errors import UserError
from numpygpt.measures.bits.residual import ResidualCoder
from numpygpt.measures.bits.source import Source
from numpygpt.tokenizers import create, from_dict, load
from numpygpt.tokenizers.foreign import custom
from numpygpt.tokenizers.foreign.factory import code_sha256


def example_of(module) -> str:
    """The class in the docstring: the lines that are indented."""
    lines = module.__doc__.splitlines()
    return textwrap.dedent("\n".join(line for line in lines if line.startswith("    ") or not line))


@pytest.fixture
def own_class(tmp_path, monkeypatch):
    (tmp_path / "frequent.py").write_text(example_of(custom))
    monkeypatch.syspath_prepend(str(tmp_path))
    code_sha256.cache_clear()
    yield "frequent:FrequentWords"
    sys.modules.pop("frequent", None)
    sys.modules.pop("broken", None)


def test_the_documented_class_works(own_class, tmp_path):
    tokenizer = create("custom", factory=own_class)
    tokenizer.train(TEXT)
    assert tokenizer.encode(TEXT).size < 0.6 * len(TEXT)
    for text in (TEXT, "Speak", "", "S"):
        check_spans(tokenizer, text)
        assert tokenizer.decode(tokenizer.encode(text)) == text
    tokenizer.save(tmp_path / "tokenizer.json")
    again = load(tmp_path / "tokenizer.json", factory=own_class)
    assert again.fingerprint() == tokenizer.fingerprint()
    assert pickle.loads(pickle.dumps(tokenizer)).encode(TEXT).tolist() == tokenizer.encode(TEXT).tolist()


def test_a_file_is_refused_if_the_code_of_its_class_has_changed(own_class, tmp_path):
    tokenizer = create("custom", factory=own_class)
    tokenizer.train(TEXT)
    tokenizer.save(tmp_path / "tokenizer.json")
    before = tokenizer.fingerprint()
    (tmp_path / "frequent.py").write_text(example_of(custom).replace("most_common(500)", "most_common(400)"))
    assert tokenizer.fingerprint() == before  # this process goes on with the code that it imported
    code_sha256.cache_clear()  # another process
    with pytest.raises(UserError, match="the code of frequent:FrequentWords is not what it was"):
        load(tmp_path / "tokenizer.json", factory=own_class)
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
    assert "frequent" not in sys.modules
    monkeypatch.setenv("NUMPYGPT_FACTORY", own_class)
    assert from_dict(data).encode(TEXT).tolist() == tokenizer.encode(TEXT).tolist()


BROKEN = {
    "no module": ("nothing_there:X", "cannot be imported"),
    "no name": ("frequent", "package.module:Class"),
    "no class": ("frequent:None_", "has no None_"),
    "no method": ("broken:NoDecode", "no method decode"),
    "raises": ("broken:Raises", "cannot be trained: oops"),
    "no JSON": ("broken:NoJson", "cannot be saved as JSON"),
    "changes": ("broken:Changes", "come back changed"),
    "loses": ("broken:Loses", "give the class a method spans"),
    "small": ("broken:Small", "token id 70 is outside of the vocabulary: ids go from 0 to 9"),
    "negative": ("broken:Negative", "token id -1 is outside of the vocabulary"),
    "halves": ("broken:Halves", "must be a flat sequence of integers"),
    "no bytes": ("broken:NoBytes", r"token_bytes\(0\) must be bytes or None"),
    "slots": ("broken:Slots", "cannot be trained"),
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
    def train(self, text): self.seen = {1: 2}
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


WRONG = {  # what a method gives -> which one is named
    "def decode(self, ids): return bytes(ids).decode(errors='surrogateescape')": "decode",
    "def decode(self, ids): return bytes(ids)": "decode",
    "def decode(self, ids): return None": "decode",
    "def decode(self, ids): raise RuntimeError('oops')": "decode",
    "def decode(self, ids): raise SystemExit(3)": "decode",
    "def decode(self, ids): self.n = self.n + 1; return str(self.n)\n    n = 0": "decode",
    "def encode(self, text): return None": "encode",
    "def encode(self, text): return text": "encode",
    "def encode(self, text): return [list(text.encode())]": "encode",
    "def encode(self, text): return [True for _ in text]": "encode",
    "def encode(self, text): return [1, True] * len(text)": "encode",
    "def encode(self, text): return [2**70]": "encode",
    "def encode(self, text): return [-1]": "encode",
    "def encode(self, text): return [256]": "encode",
    "def encode(self, text): return numpy.zeros((2, 2), int)": "encode",
    "def encode(self, text): return numpy.zeros(2)": "encode",
    "def encode(self, text): yield 1; raise ValueError('oops')": "encode",
    "def encode(self, text): self.n = self.n + 1; return [self.n]\n    n = 0": "encode",
    "encode = 3": "encode",
    "def spans(self, text): return None": "spans",
    "def spans(self, text): return [0]": "spans",
    "def spans(self, text): return list(text.encode()), [0.5] * len(text.encode())": "spans",
    "def spans(self, text): return list(text.encode()), [9**9] * len(text.encode())": "spans",
    "def spans(self, text): return list(text.encode()), [-1] * len(text.encode())": "spans",
    "def token_bytes(self, id): return 'a'": "token_bytes",
    "def token_bytes(self, id): return [id]": "token_bytes",
    "def token_bytes(self, id): self.n = self.n + 1; return b'%d' % self.n\n    n = 0": "token_bytes",
    "vocab_size = None": "vocab_size",
    "vocab_size = 256.5": "vocab_size",
    "vocab_size = '256'": "vocab_size",
    "vocab_size = True": "vocab_size",
    "vocab_size = 0": "vocab_size",
    "vocab_size = 10**15": "vocab_size",
    "unk_id = 256": "unk_id",
    "unk_id = 'a'": "unk_id",
}


@pytest.mark.parametrize("wrong", WRONG)
@pytest.mark.parametrize("charge_all", [False, True])
def test_what_a_method_gives_is_not_believed(wrong, charge_all, own_class, tmp_path):
    code = f"import numpy\n{BASE}class Wrong(Remembers):\n    def train(self, text): pass\n"
    code += "    def encode(self, text): return text.encode()\n"
    (tmp_path / "broken.py").write_text(f"{code}    {wrong}\n")
    with pytest.raises(UserError, match=WRONG[wrong]):
        create("custom", factory="broken:Wrong", charge_all=charge_all).train(TEXT)


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


def test_what_a_class_remembers_later_is_no_part_of_it(own_class, tmp_path):
    (tmp_path / "broken.py").write_text(BASE)
    tokenizer = create("custom", factory="broken:Remembers")
    tokenizer.train(TEXT)
    before = tokenizer.fingerprint()
    tokenizer.save(tmp_path / "tokenizer.json")
    tokenizer.encode("something else")
    assert tokenizer.fingerprint() == before
    again = load(tmp_path / "tokenizer.json", factory="broken:Remembers")
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
    (tmp_path / "frequent.py").write_text(example_of(custom) + "\n# edited\n")
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
    tokenizer = create("custom", factory="frequent:Helped", charge_all=True)
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
    for use in (tokenizer.encode, tokenizer.spans):
        with pytest.raises(UserError, match=r"near 'the zebra'.*charge_all=true"):
            use("the zebra")
    tokenizer = create("custom", factory="broken:Sly", charge_all=True)
    tokenizer.train(TEXT)
    assert not tokenizer.lossless
    check_spans(tokenizer, "the zebra")
    coder = ResidualCoder.fit(tokenizer, TEXT)
    assert coder.bits(Source("the zebra", *tokenizer.spans("the zebra")))[0][4] > 1
