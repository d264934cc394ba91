"""Tokenizers of other libraries under this project's contract: spans, exactness, charges, files."""

import base64
import copy
import pickle
import sys
import textwrap
from contextlib import suppress

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from numpygpt.data.corpus import resolve
from numpygpt.data.tokens import encoded
from numpygpt.errors import UserError
from numpygpt.measures.residual import ResidualCoder
from numpygpt.tokenizers import create, from_dict, load
from numpygpt.tokenizers.foreign import custom, extras
from numpygpt.tokenizers.foreign.contract import ends_between

TEXT = "First Citizen:\nBefore we proceed any further, hear me speak.\n\nAll:\nSpeak, speak. It's 1623!\n" * 8
HARD = "Speak,  SPEAK!\tCafé cafe\u0301 \u4f60\u597d \U0001f600 <unk> <s> \u2581 end \r\n "


def hugging_face(path, kind):
    hf = pytest.importorskip("tokenizers", reason="imports files of Hugging Face tokenizers")
    unk = None if kind.startswith("byte") else "[UNK]"
    model = {"wordpiece": hf.models.WordPiece, "words": hf.models.WordLevel}.get(kind, hf.models.BPE)
    tokenizer = hf.Tokenizer(model(unk_token=unk) if unk else model())
    specials = ["<s>", *([unk] if unk else [])]
    options = {"vocab_size": 400, "special_tokens": specials, "show_progress": False}
    trainer = hf.trainers.BpeTrainer
    if kind.startswith("byte"):
        prefix = kind == "bytes with prefix"
        tokenizer.pre_tokenizer = hf.pre_tokenizers.ByteLevel(add_prefix_space=prefix)
        tokenizer.decoder = hf.decoders.ByteLevel()
        options["initial_alphabet"] = hf.pre_tokenizers.ByteLevel.alphabet()
    elif kind == "wordpiece":
        tokenizer.normalizer = hf.normalizers.BertNormalizer()
        tokenizer.pre_tokenizer = hf.pre_tokenizers.BertPreTokenizer()
        tokenizer.decoder, trainer = hf.decoders.WordPiece(), hf.trainers.WordPieceTrainer
    elif kind == "words":
        tokenizer.pre_tokenizer = hf.pre_tokenizers.Whitespace()
        trainer = hf.trainers.WordLevelTrainer
    if kind == "bytes of NFC":
        tokenizer.normalizer = hf.normalizers.NFC()
    tokenizer.train_from_iterator([TEXT], trainer(**options))
    if kind == "bytes with additions":
        tokenizer.add_tokens(["hear me"])
        tokenizer.add_special_tokens(["<|end|>"])
        tokenizer.enable_truncation(5)
        tokenizer.enable_padding(length=50)
    tokenizer.save(str(path))


def sentence_piece(path, kind):
    package = pytest.importorskip("sentencepiece", reason="imports models of SentencePiece")
    options = {"byte_fallback": True, "normalization_rule_name": "identity"}
    if kind != "default":
        options |= {"remove_extra_whitespaces": False, "add_dummy_prefix": kind == "prefix"}
    package.SentencePieceTrainer.train(
        sentence_iterator=iter(TEXT.split("\n")),
        model_prefix=str(path.with_suffix("")),
        vocab_size=330,
        minloglevel=2,
        **({} if kind == "default" else options),
        hard_vocab_limit=False,
    )


def ranks(path):
    pytest.importorskip("tiktoken", reason="imports files of ranks for tiktoken")
    ours = create("bpe-bytelevel", vocab_size=340)
    ours.train(TEXT)
    lines = (f"{base64.b64encode(ours.token_bytes(id)).decode()} {id}\n" for id in range(ours.vocab_size))
    path.write_text("".join(lines))


CASES = {  # name -> kind, file, what is kept
    "hf bytes": ("hf", "everything"),
    "hf bytes with additions": ("hf", "everything"),
    "hf bytes with prefix": ("hf", "nothing"),
    "hf bytes of NFC": ("hf", "nothing"),
    "hf characters": ("hf", "known"),
    "hf wordpiece": ("hf", "nothing"),
    "hf words": ("hf", "nothing"),
    "sentencepiece default": ("sentencepiece", "nothing"),
    "sentencepiece prefix": ("sentencepiece", "nothing"),
    "sentencepiece identity": (
        "sentencepiece",
        "nothing",
    ),  # it loses the character as which it writes spaces
    "tiktoken ranks": ("tiktoken", "everything"),
    "unigram": ("unigram", "everything"),
}


@pytest.fixture(scope="module", params=CASES)
def case(request, tmp_path_factory):
    """(name, tokenizer): each in turn, tried out on TEXT."""
    kind, _ = CASES[request.param]
    _, _, what = request.param.partition(" ")
    path = tmp_path_factory.mktemp("foreign") / ("model.model" if kind == "sentencepiece" else "file")
    if kind == "unigram":
        pytest.importorskip("sentencepiece", reason="trains with SentencePiece")
        tokenizer = create(kind, vocab_size=330)
    else:
        {"hf": hugging_face, "sentencepiece": sentence_piece}.get(kind, lambda p, _: ranks(p))(path, what)
        tokenizer = create(kind, path=str(path))
    tokenizer.train(TEXT)
    return request.param, tokenizer


def check_spans(tokenizer, text):
    """As Source.check does, and that stretches which are charged begin and end between characters."""
    ids, ends = tokenizer.spans(text)
    data = text.encode()
    np.testing.assert_array_equal(ids, tokenizer.encode(text))
    assert ids.dtype == np.int32
    assert ends.dtype == np.int64
    assert ids.shape == ends.shape
    starts = np.concatenate([[0], ends])[:-1]
    assert (starts <= ends).all()
    assert not len(ends) or ends[-1] <= len(data)
    for id, a, b in zip(ids.tolist(), starts.tolist(), ends.tolist(), strict=True):
        if tokenizer.exact[id]:
            assert data[a:b] == tokenizer.token_bytes(id)
        else:
            data[a:b].decode()
    tail = data[ends[-1] if len(ends) else 0 :].decode()
    assert not (tail and tokenizer.lossless)


def test_what_is_kept_is_found_out(case):
    name, tokenizer = case
    kept = CASES[name][1]
    assert tokenizer._kept == kept
    assert tokenizer.lossless == (kept == "everything") == (not tokenizer.losses)
    assert tokenizer.exact.any() == (kept != "nothing")


@given(text=st.one_of(st.text(st.characters(exclude_categories=["Cs"])), st.text(st.sampled_from(HARD))))
@settings(max_examples=60, deadline=None)
def test_spans_and_round_trips_on_any_text(case, text):
    _, tokenizer = case
    check_spans(tokenizer, text)
    if tokenizer.lossless:
        assert tokenizer.decode(tokenizer.encode(text)) == text


@given(data=st.data())
@settings(max_examples=25, deadline=None)
def test_any_ids_decode(case, data):
    _, tokenizer = case
    ids = data.draw(st.lists(st.integers(0, tokenizer.vocab_size - 1)))
    tokenizer.decode(ids).encode()
    for id in ids:
        assert tokenizer.token(id)
        assert (tokenizer.token_bytes(id) is None) == (id in tokenizer.special_ids.values())


def test_what_is_lost_is_charged_and_comes_back(case):
    """Residual bits are finite, next to none where nothing changed, and 0 for a lossless tokenizer."""
    name, tokenizer = case
    coder = ResidualCoder.fit(tokenizer, "" if tokenizer.lossless else TEXT)
    for text in (TEXT[:300], HARD, ""):
        bits, tail = coder.bits(text, *tokenizer.spans(text))
        total = float(bits.sum() + tail)
        assert np.isfinite(total)
        assert (total > 0) != tokenizer.lossless or not text
    if "bytes" in name or "identity" in name:
        bits, tail = coder.bits(TEXT, *tokenizer.spans(TEXT))
        assert (bits.sum() + tail) / len(TEXT) < 0.02


def test_files_are_self_contained(case, tmp_path):
    _, tokenizer = case
    tokenizer.save(tmp_path / "tokenizer.json")
    for other in (
        load(tmp_path / "tokenizer.json"),
        pickle.loads(pickle.dumps(tokenizer)),
        copy.deepcopy(tokenizer),
    ):
        assert other.fingerprint() == tokenizer.fingerprint()
        assert other.encode(HARD).tolist() == tokenizer.encode(HARD).tolist()
        assert (other.lossless, other.losses, other.unk_id) == (
            tokenizer.lossless,
            tokenizer.losses,
            tokenizer.unk_id,
        )
    assert str(tokenizer.path) not in (tmp_path / "tokenizer.json").read_text() or tokenizer.path is None


def test_specials_are_plain_text(case):
    _, tokenizer = case
    special = [id for name, id in tokenizer.special_ids.items() if id != tokenizer.unk_id]
    assert not np.isin(tokenizer.encode("a <s> b </s><|end|>"), special).any()


def test_bad_texts_and_ids(case):
    _, tokenizer = case
    with pytest.raises(UserError, match="lone surrogate"):
        tokenizer.encode("\ud800")
    with pytest.raises(UserError, match="training text is empty"):
        tokenizer.train("")
    with pytest.raises(UserError, match="outside of the vocabulary"):
        tokenizer.decode([10**6])
    for damaged in (
        {},
        {"model": 3, "kept": "everything", "losses": ""},
        {"model": "AAAA", "kept": "x", "losses": ""},
    ):
        header = {
            k: v for k, v in tokenizer.to_dict().items() if k in ("format", "version", "kind", "options")
        }
        with pytest.raises(UserError):
            from_dict(header | damaged)


@given(data=st.data())
@settings(max_examples=40, deadline=None)
def test_damaged_models_are_refused_or_work(case, data):
    """Anything in the place of any part of the saved model."""
    _, tokenizer = case
    page = copy.deepcopy(tokenizer.to_dict())
    node, key = page, "model"
    while isinstance(node[key], dict | list) and node[key] and data.draw(st.booleans()):
        node = node[key]
        key = data.draw(st.sampled_from(sorted(node) if isinstance(node, dict) else range(len(node))))
    node[key] = data.draw(
        st.sampled_from([None, True, 0, -1, 2**70, "", "a", "AAAA", [], {}, [["a", "b"]], ["a", "a"]])
    )
    with suppress(UserError):
        other = from_dict(page)
        other.decode(other.encode(HARD))
        other.spans(HARD)


def test_losses_are_named(tmp_path):
    hugging_face(tmp_path / "t.json", "wordpiece")
    tokenizer = create("hf", path=str(tmp_path / "t.json"))
    tokenizer.train(TEXT)
    assert tokenizer.losses.startswith("loses case, spaces, line ends")
    sentence_piece(tmp_path / "x.model", "default")
    tokenizer = create("sentencepiece", path=str(tmp_path / "x.model"))
    tokenizer.train(TEXT)
    assert tokenizer.losses.startswith("loses spaces, line ends")


@pytest.mark.parametrize("kind", ["hf", "sentencepiece", "tiktoken"])
def test_missing_and_foreign_files(kind, tmp_path):
    pytest.importorskip(extras.PACKAGES[kind], reason="reads its files")
    (tmp_path / "other").write_bytes(b'{"a": 1}\n\xff')
    for path, message in (
        (None, "tokenizer"),
        (tmp_path / "none", "cannot be read"),
        (tmp_path / "other", "tokenizer.json|cannot read"),
    ):
        with pytest.raises(UserError, match=message):
            create(kind, path=path and str(path)).train("abc")


@pytest.mark.parametrize(
    ("lines", "message"),
    [("YQ== 0\n", "no rank for the byte 0"), ("YQ==\n", "not a token in base64"), ("?? 1\n", "no base64")],
)
def test_damaged_ranks(tmp_path, lines, message):
    pytest.importorskip("tiktoken", reason="reads its files")
    (tmp_path / "r").write_text(lines)
    with pytest.raises(UserError, match=message):
        create("tiktoken", path=str(tmp_path / "r")).train("abc")


def test_encodings_of_tiktoken(monkeypatch):
    tiktoken = pytest.importorskip("tiktoken", reason="asks it for an encoding")

    def no_network(name):
        raise ConnectionError("no network")

    monkeypatch.setattr(tiktoken, "get_encoding", no_network)
    with pytest.raises(UserError, match="cannot download its encoding gpt2"):
        create("tiktoken", encoding="gpt2").train("abc")
    with pytest.raises(UserError, match="tiktoken is no encoding"):
        create("tiktoken", encoding="tiktoken").train("abc")


@pytest.mark.parametrize("kind", extras.PACKAGES)
def test_a_missing_package_is_named(kind, monkeypatch):
    monkeypatch.setattr(extras.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(UserError, match=f"pip install {extras.PACKAGES[kind]}$"):
        create(kind).train("abc")


def test_unigram_is_the_same_every_time_however_the_text_comes():
    pytest.importorskip("sentencepiece", reason="trains with SentencePiece")
    found = []
    for chunks in ([TEXT], [TEXT[:7], TEXT[7:100], TEXT[100:]]):
        tokenizer = create("unigram", vocab_size=320, specials=("<pad>", "<unk>"))
        tokenizer.train(iter(chunks))
        found.append(tokenizer.fingerprint())
        assert set(tokenizer.special_ids) == {"<pad>", "<unk>"}
    assert found[0] == found[1]
    with pytest.raises(UserError, match="cannot train a unigram model of vocab_size=100"):
        create("unigram", vocab_size=100).train(TEXT)


@pytest.mark.parametrize(
    ("starts", "ends", "expected"),
    [
        ([0, 1, 1, 1, 2], [1, 2, 2, 2, 3], [1, 1, 1, 2, 3]),  # three bytes of one character
        ([0, 3], [2, 5], [2, 5]),  # a dropped space
        ([1, 4], [2, 6], [2, 6]),
        ([0, 0, 0], [1, 1, 1], [0, 0, 1]),
        ([0, 2, 1], [2, 3, 3], [1, 1, 3]),  # out of order
        ([], [], []),
    ],
)
def test_spans_become_tiles(starts, ends, expected):
    assert ends_between(np.array(starts, int), np.array(ends, int)).tolist() == expected


# ---------------------------------------------------------------------- the user's own class


def example_of(module) -> str:
    """The class in the docstring: the lines that are indented."""
    lines = module.__doc__.splitlines()
    return textwrap.dedent("\n".join(line for line in lines if line.startswith("    ") or not line))


@pytest.fixture
def own_class(tmp_path, monkeypatch):
    (tmp_path / "frequent.py").write_text(example_of(custom))
    monkeypatch.syspath_prepend(str(tmp_path))
    custom.code_sha256.cache_clear()
    yield "frequent:FrequentWords"
    sys.modules.pop("frequent", None)


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
    custom.code_sha256.cache_clear()  # another process
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
            custom.code_sha256.cache_clear()
            found.add((factory, custom.code_sha256(factory)))
    assert len(found) == 6
    assert len(custom.code_sha256("__main__:Words")) == 64
    with pytest.raises(UserError, match=r"names no class: it may be package\.module:Class"):
        custom.code_sha256("Words")


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
    def spans(self, text): return self.encode(text), range(1, len(text) + 1)
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


@pytest.mark.parametrize("name", BROKEN)
def test_classes_that_cannot_be_used(name, own_class, tmp_path):
    (tmp_path / "broken.py").write_text(BASE)
    (tmp_path / "syntax.py").write_text("class X(:")
    factory, message = BROKEN[name]
    with pytest.raises(UserError, match=message):
        create("custom", factory=factory).train(TEXT)
    sys.modules.pop("broken", None)


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
    sys.modules.pop("broken", None)


def test_ids_that_no_text_is_encoded_to_are_decoded_all_the_same(own_class, tmp_path):
    (tmp_path / "broken.py").write_text(BASE)
    tokenizer = create("custom", factory="broken:Strict", charge_all=True)
    tokenizer.train(TEXT)
    assert tokenizer.decode([104, 105]) == "hi"
    assert tokenizer.decode([104, 255, 105]) == "h\ufffdi"
    sys.modules.pop("broken", None)


def test_a_class_that_was_edited_since_it_was_planned_is_refused(own_class, tmp_path):
    custom.code_sha256(own_class)  # as a sweep does before its first run
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
    bits, _ = coder.bits(HARD, *tokenizer.spans(HARD))
    assert (bits > 0).all()


def test_a_belief_that_fails_later_is_refused(own_class, tmp_path):
    """If the probes were too few, a text that is changed is not scored as if nothing had been lost."""
    (tmp_path / "broken.py").write_text(BASE)
    tokenizer = create("custom", factory="broken:Sly")
    tokenizer.train(TEXT)
    assert tokenizer.lossless
    with pytest.raises(UserError, match=r"near 'the zebra'.*charge_all=true"):
        tokenizer.spans("the zebra")
    tokenizer = create("custom", factory="broken:Sly", charge_all=True)
    tokenizer.train(TEXT)
    assert not tokenizer.lossless
    check_spans(tokenizer, "the zebra")
    coder = ResidualCoder.fit(tokenizer, TEXT)
    assert coder.bits("the zebra", *tokenizer.spans("the zebra"))[0][4] > 1
