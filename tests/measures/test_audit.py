"""The audit: what is claimed of honest tokenizers, and each known error found in a class that makes it."""

import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from numpygpt.errors import UserError
from numpygpt.measures.bits.residual import ResidualCoder
from numpygpt.measures.text.audit import audit, kind_of_loss, swallowed
from numpygpt.tokenizers import KINDS, create
from numpygpt.tokenizers.foreign.custom import code_sha256

TEXT = (
    "The cat sat on the mat; the café cat, Ω or not, sat there and \U0001f600 still.\nThe Mat sat.\n" * 12
    + "A cat sat; so did a mat, 你好.\n"
)
OPTIONS = {"bpe": 120, "bpe-bytefallback": 400, "bpe-bytelevel": 340}


def of_kind(kind):
    tokenizer = create(kind, **({"vocab_size": OPTIONS[kind]} if kind in OPTIONS else {}))
    tokenizer.train(TEXT)
    return tokenizer, ResidualCoder.fit(tokenizer, TEXT)


@pytest.fixture(scope="module", params=KINDS)
def ours(request):
    return of_kind(request.param)


@given(text=st.text(st.characters(exclude_categories=["Cs"]), min_size=1))
@settings(max_examples=40)
def test_ours_keep_their_promises_and_every_bit_of_the_charge_has_a_kind(ours, text):
    tokenizer, coder = ours
    found = audit(tokenizer, text, coder)
    assert not found.broken
    assert found.covered + found.tail == found.n_bytes == len(text.encode())
    assert not (tokenizer.lossless and found.charged)
    assert sum(found.lost.values()) <= 1 + 1e-9
    if found.parts:
        at, there, back = found.parts
        assert text.encode()[at:].decode().startswith(there)
        assert there[:1] != back[:1]
        assert sum(found.charged.values()) > 0


def test_special_tokens_that_are_typed_are_text(ours):
    assert swallowed(ours[0]) == []


@given(text=st.text(st.characters(exclude_categories=["Cs"]), min_size=1))
@settings(max_examples=40)
def test_bytes_counted_as_replacement_characters(text):
    """As the byte tokenizer's would be: three for each byte that is not ASCII."""
    tokenizer, coder = of_kind("byte")
    n = sum(1 if byte < 128 else 3 for byte in text.encode())
    claims = audit(tokenizer, text, coder).claims
    if "\ufffd" not in text:
        assert claims["U+FFFD for lone bytes, as three bytes"] == pytest.approx(len(text.encode()) / n)
    assert claims["characters for bytes"] == pytest.approx(len(text.encode()) / len(text))


@pytest.mark.parametrize(
    ("own", "stretch", "kind"),
    [
        (b"the", " The", ("spaces, case", 2)),
        (b"the", "the", ("nothing lost", 0)),
        (b"cafe", "café", ("form", 1)),
        (b" the", "the", ("spaces", 0)),
        (b"\xc3", "", ("nothing lost", 0)),
        (None, " zebra", ("unknown", 6)),
    ],
)
def test_kinds_of_loss(own, stretch, kind):
    assert kind_of_loss(own, stretch) == kind


# --- Other people's ---


def foreign(kind, path):
    tokenizer = create(kind, path=str(path))
    tokenizer.train(TEXT)
    return tokenizer, audit(tokenizer, TEXT, ResidualCoder.fit(tokenizer, TEXT))


def test_of_gpt2s_kind(tmp_path):
    hf = pytest.importorskip("tokenizers", reason="makes a tokenizer of GPT-2's kind")
    theirs = hf.Tokenizer(hf.models.BPE())
    theirs.pre_tokenizer, theirs.decoder = hf.pre_tokenizers.ByteLevel(False), hf.decoders.ByteLevel()
    alphabet = hf.pre_tokenizers.ByteLevel.alphabet()
    trainer = hf.trainers.BpeTrainer(
        vocab_size=300, initial_alphabet=alphabet, special_tokens=["<|endoftext|>"], show_progress=False
    )
    theirs.train_from_iterator([TEXT[:900]], trainer)
    theirs.save(str(tmp_path / "t.json"))
    tokenizer, found = foreign("hf", tmp_path / "t.json")
    encoding, n = theirs.encode(TEXT), len(TEXT.encode())
    assert not found.broken + swallowed(tokenizer)
    alone = sum(len(theirs.decode([id]).encode()) for id in encoding.ids)
    assert n / alone == found.claims["U+FFFD for lone bytes, as three bytes"] < 1
    assert found.claims["each token decoded by itself"] == n / alone
    marks = "".join(encoding.tokens)
    assert found.claims["the bytes of a space's mark (▁, Ġ)"] == n / (n + marks.count("Ġ"))
    assert found.claims["the strings of the vocabulary"] == n / len(marks.encode())
    assert found.claims["special tokens around the text"] == n / (n + len("<|endoftext|>"))


@pytest.mark.parametrize("kind", ["bpe", "unigram"])
def test_of_llamas_and_t5s_kind(kind, tmp_path):
    package = pytest.importorskip("sentencepiece", reason="makes tokenizers of Llama's and T5's kind")
    options = {
        "byte_fallback": True,
        "normalization_rule_name": "identity",
        "remove_extra_whitespaces": False,
    }
    package.SentencePieceTrainer.train(
        sentence_iterator=iter(TEXT.split("\n")), model_prefix=str(tmp_path / "x"), model_type=kind, minloglevel=2,
        vocab_size=320 if kind == "bpe" else 60, hard_vocab_limit=False, **(options if kind == "bpe" else {}),
    )  # fmt: skip
    tokenizer, found = foreign("sentencepiece", tmp_path / "x.model")
    theirs, n = package.SentencePieceProcessor(model_file=str(tmp_path / "x.model")), len(TEXT.encode())
    assert not found.broken + swallowed(tokenizer)
    pieces = theirs.encode(TEXT, out_type=str)
    assert found.claims["the bytes of a space's mark (▁, Ġ)"] == n / (n + 1 + 2 * "".join(pieces).count("▁"))
    assert found.claims["the strings of the vocabulary"] == n / len("".join(pieces).encode())
    assert found.claims["a space that was put before the text"] == n / (n + 1)
    back = theirs.decode(theirs.encode(TEXT))
    assert found.claims["the bytes of what comes back"] == n / len(back.encode())
    assert (back == TEXT) == (kind == "bpe") == (found.parts is None)
    assert found.claims["each token decoded by itself"] > 1 or kind == "bpe"


def test_of_berts_kind(tmp_path):
    hf = pytest.importorskip("tokenizers", reason="makes a tokenizer of BERT's kind")
    theirs = hf.Tokenizer(hf.models.WordPiece(unk_token="[UNK]"))
    theirs.normalizer, theirs.pre_tokenizer = (
        hf.normalizers.BertNormalizer(),
        hf.pre_tokenizers.BertPreTokenizer(),
    )
    theirs.decoder = hf.decoders.WordPiece()
    trainer = hf.trainers.WordPieceTrainer(
        vocab_size=40, special_tokens=["[UNK]", "[CLS]"], show_progress=False
    )
    theirs.train_from_iterator([TEXT[:900].replace("Ω", "")], trainer)
    theirs.save(str(tmp_path / "t.json"))
    tokenizer, found = foreign("hf", tmp_path / "t.json")
    assert not found.broken + swallowed(tokenizer)
    assert found.parts[:1] == (0,)
    assert {"case", "spaces", "form", "unknown"} <= found.charged.keys()
    n = len(TEXT.encode())
    assert found.claims["the name of the unknown token"] == n / (
        n + 12 * (len("[UNK]") - len(" Ω".encode())) + 2 * len("[UNK]") - len(" 你好".encode())
    )


# --- Classes that are wrong, one per error ---


WRONG = """
import re, unicodedata

class Right:
    def train(self, text):
        self.words = sorted(set(re.findall(r" ?[a-zA-Z]+", text)))
        self.vocab_size = 258 + len(self.words)
    def encode(self, text):
        for part in re.split(r"( ?[a-zA-Z]+)", text):
            yield from [258 + self.words.index(part)] if part in self.words else part.encode()
    def true_bytes(self, id):
        return bytes([id]) if id < 256 else b"" if id < 258 else self.words[id - 258].encode()
    def token_bytes(self, id):
        return self.true_bytes(id)
    def decode(self, ids):
        return b"".join(map(self.true_bytes, ids)).decode(errors="replace")
class Replaced(Right):
    def token_bytes(self, id): return self.true_bytes(id).decode(errors="replace").encode()
class Marked(Right):
    def token_bytes(self, id): return self.true_bytes(id).replace(b" ", "\\u2581".encode())
class MarkedAsBytes(Right):
    def token_bytes(self, id): return self.true_bytes(id).replace(b" ", "\\u0120".encode())
class Twice(Right):
    def token_bytes(self, id): return b" " * (self.true_bytes(id)[:1] == b" " and id > 255) + self.true_bytes(id)
class PutFirst(Right):
    def encode(self, text): return super().encode(" " + text)
    def decode(self, ids): return super().decode(ids)[1:]
    token_bytes = Right.true_bytes
class Unknown(Right):
    def parts(self, text): return [part for part in re.split(r"( ?[a-zA-Z]+|[^a-zA-Z])", text) if part]
    def encode(self, text):
        return [258 + self.words.index(part) if part in self.words else 256 for part in self.parts(text)]
    def token_bytes(self, id): return b"<unk>" if id == 256 else self.true_bytes(id)
    def spans(self, text):
        ends = [0]
        for part in self.parts(text): ends.append(ends[-1] + len(part))
        return self.encode(text), ends[1:]
class Around(Right):
    def encode(self, text): return [256, *super().encode(text), 257]
    def token_bytes(self, id): return {256: b"<s>", 257: b"</s>"}.get(id) or self.true_bytes(id)
class Transformed(Right):
    def encode(self, text): return super().encode(unicodedata.normalize("NFD", text))
class Alone(Right):
    def decode(self, ids): return super().decode(ids).lstrip(" ")
    def token_bytes(self, id): return self.decode([id]).encode()
class Strings(Right):
    def token_bytes(self, id): return f"<0x{id:02X}>".encode() if id < 256 else self.true_bytes(id)
class Characters(Right):
    vocab_size = 0x110000
    def train(self, text): pass
    def encode(self, text): return list(map(ord, text))
    def decode(self, ids): return "".join(map(chr, ids)).encode(errors="replace").decode()
    def token_bytes(self, id): return b"?"
class Swallows(Right):
    def encode(self, text):
        for i, part in enumerate(text.split("<|endoftext|>")):
            yield from [256] * (i > 0)
            yield from super().encode(part)
    def decode(self, ids): return "<|endoftext|>".join(Right.decode(self, part) for part in self.split(list(ids)))
    def split(self, ids):
        while 256 in ids:
            at = ids.index(256)
            yield ids[:at]
            ids = ids[at + 1 :]
        yield ids
class Sly(Right):
    def encode(self, text): return super().encode(text.replace("zebra", "horse"))
class Backwards(Transformed):
    def spans(self, text):
        ids = list(self.encode(text))
        return ids, [len(text) - i for i in range(len(ids))]
"""


@pytest.fixture
def wrong(tmp_path, monkeypatch):
    """wrong("Marked") -> that class, as far as the harness takes it, and why not further."""
    (tmp_path / "wrong.py").write_text(WRONG, encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    code_sha256.cache_clear()

    def made(name):
        tokenizer = create("custom", factory=f"wrong:{name}")
        try:
            tokenizer.train(TEXT)
        except UserError as refusal:
            return tokenizer, str(refusal)
        return tokenizer, ""

    yield made
    sys.modules.pop("wrong", None)


@pytest.mark.parametrize(
    ("name", "error"),
    [
        ("Replaced", "U+FFFD for lone bytes, as three bytes"),
        ("Marked", "the bytes of a space's mark (▁, Ġ)"),
        ("MarkedAsBytes", "the bytes of a space's mark (▁, Ġ)"),
        ("Twice", "the space before a word twice"),
        ("PutFirst", "a space that was put before the text"),
        ("Unknown", "the name of the unknown token"),
        ("Around", "special tokens around the text"),
        ("Transformed", "the bytes of what comes back"),
        ("Alone", "each token decoded by itself"),
        ("Strings", "the strings of the vocabulary"),
        ("Characters", "characters for bytes"),
    ],
)
def test_a_class_that_makes_an_error_is_found_and_the_error_named(wrong, name, error):
    tokenizer, refusal = wrong(name)
    found = audit(tokenizer, TEXT, None)
    assert found.own_is[:1] == [error]
    assert found.claims[error] == found.claims["the tokens' own texts"] != 1
    assert bool(found.broken) == bool(refusal) == (name != "Unknown")


def test_a_class_that_is_right_makes_none(wrong):
    tokenizer, refusal = wrong("Right")
    found = audit(tokenizer, TEXT, ResidualCoder(tokenizer))
    assert not refusal
    assert found.claims["the tokens' own texts"] == 1
    assert not found.own_is + found.broken


def test_broken_promises_are_found(wrong):
    tokenizer, _ = wrong("Swallows")
    assert swallowed(tokenizer) == ["<|endoftext|>"]
    tokenizer, refusal = wrong("Sly")
    assert not refusal
    broken = audit(tokenizer, "the zebra", ResidualCoder(tokenizer)).broken
    assert "does not give the text back" in broken[0]
    assert "changes this one" in broken[1]
    tokenizer, refusal = wrong("Backwards")
    assert "must ascend" in refusal
    assert "must ascend" in audit(tokenizer, TEXT, None).broken[0]
