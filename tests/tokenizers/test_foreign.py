"""Tokenizers of other libraries under this project's contract: spans, exactness, charges, files."""

import base64

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from spans import HARD, TEXT, check_spans

from numpygpt.errors import UserError
from numpygpt.measures.bits.residual import ResidualCoder
from numpygpt.measures.bits.source import Source
from numpygpt.tokenizers import create, from_dict, load
from numpygpt.tokenizers.foreign import extras
from numpygpt.tokenizers.foreign.contract import ends_between


def hugging_face(path, kind):
    hf = pytest.importorskip("tokenizers")
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
    package = pytest.importorskip("sentencepiece")
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
    pytest.importorskip("tiktoken")
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
}


@pytest.fixture(scope="module", params=CASES)
def case(request, tmp_path_factory):
    """(name, tokenizer): each in turn, tried out on TEXT."""
    kind, _ = CASES[request.param]
    _, _, what = request.param.partition(" ")
    path = tmp_path_factory.mktemp("foreign") / ("model.model" if kind == "sentencepiece" else "file")
    {"hf": hugging_face, "sentencepiece": sentence_piece}.get(kind, lambda p, _: ranks(p))(path, what)
    tokenizer = create(kind, path=str(path))
    tokenizer.train(TEXT)
    return request.param, tokenizer


def test_what_is_kept_is_found_out(case):
    name, tokenizer = case
    kept = CASES[name][1]
    assert tokenizer.lossless == (kept == "everything") == (not tokenizer.losses)
    assert tokenizer.exact.any() == (kept != "nothing")
    assert (tokenizer.losses == "loses what is unknown to it") == (kept == "known")


@given(text=st.one_of(st.text(st.characters(exclude_categories=["Cs"])), st.text(st.sampled_from(HARD))))
@settings(max_examples=60)
def test_spans_and_round_trips_on_any_text(case, text):
    _, tokenizer = case
    check_spans(tokenizer, text)
    if tokenizer.lossless:
        assert tokenizer.decode(tokenizer.encode(text)) == text


@given(data=st.data())
@settings(max_examples=25)
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
        bits, tail = coder.bits(Source(text, *tokenizer.spans(text)))
        total = float(bits.sum() + tail)
        assert np.isfinite(total)
        assert (total > 0) != tokenizer.lossless or not text
    if "bytes" in name or "identity" in name:
        bits, tail = coder.bits(Source(TEXT, *tokenizer.spans(TEXT)))
        assert (bits.sum() + tail) / len(TEXT) < 0.02


def test_files_are_self_contained(case, tmp_path):
    _, tokenizer = case
    tokenizer.save(tmp_path / "tokenizer.json")
    other = load(tmp_path / "tokenizer.json")
    assert other.fingerprint() == tokenizer.fingerprint()
    assert other.encode(HARD).tolist() == tokenizer.encode(HARD).tolist()
    for name in ("lossless", "losses", "unk_id"):
        assert getattr(other, name) == getattr(tokenizer, name)
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
    with pytest.raises(UserError):
        from_dict(tokenizer.to_dict() | {"model": 3})


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
    pytest.importorskip(extras.PACKAGES[kind])
    (tmp_path / "other").write_bytes(b'{"a": 1}\n\xff')
    for path, message in (
        (None, "tokenizer"),
        (tmp_path / "none", "is not possible: name .* No such file"),
        (tmp_path / "other", "is no tokenizer.json|cannot be used"),
    ):
        with pytest.raises(UserError, match=message):
            create(kind, path=path and str(path)).train("abc")


def test_messages_are_bounded_whatever_a_file_holds(tmp_path):
    pytest.importorskip("tiktoken", reason="reads its files")
    (tmp_path / "r").write_text("x" * 300_000)
    for path in (tmp_path / "r", "y" * 300_000, "\0"):
        with pytest.raises(UserError) as caught:
            create("tiktoken", path=str(path)).train("abc")
        assert len(str(caught.value)) <= 1000


def test_special_names_of_tiktoken_may_share_an_id(tmp_path):
    """As those of o200k_harmony do."""
    ranks(tmp_path / "r")
    tokenizer = create("tiktoken", path=str(tmp_path / "r"))
    tokenizer.train(TEXT)
    page = tokenizer.to_dict()
    page["model"]["specials"] = {"<|a|>": 400, "<|b|>": 400, "<|c|>": 3}
    other = from_dict(page)
    assert other.vocab_size == 401
    assert list(other.special_ids.values()) == [400]
    text = "<|a|><|b|><|c|> speak"
    assert other.encode(text).tolist() == tokenizer.encode(text).tolist()
    assert other.decode(other.encode(text)) == text
    page["model"]["ranks"].append(["QUFBQUFB", "3"])
    with pytest.raises(UserError, match="twice"):
        from_dict(page)


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ("YQ== 0\n", "no rank for the byte 0"),
        ("YQ==\n", "not a token in base64"),
        ("?? 1\n", "not a token in base64"),
    ],
)
def test_damaged_ranks(tmp_path, lines, message):
    pytest.importorskip("tiktoken")
    (tmp_path / "r").write_text(lines)
    with pytest.raises(UserError, match=message):
        create("tiktoken", path=str(tmp_path / "r")).train("abc")


def test_encodings_of_tiktoken(monkeypatch):
    tiktoken = pytest.importorskip("tiktoken")

    def no_network(name):
        raise ConnectionError("no network")

    monkeypatch.setattr(tiktoken, "get_encoding", no_network)
    with pytest.raises(UserError, match=r"tokenizer\.name=gpt2 .*cannot be downloaded.*: no network"):
        create("tiktoken", encoding="gpt2").train("abc")


@pytest.mark.parametrize("kind", extras.PACKAGES)
def test_a_missing_package_is_named(kind, monkeypatch):
    monkeypatch.setattr(extras.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(UserError, match=f"pip install {extras.PACKAGES[kind]}$"):
        create(kind).train("abc")


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
    assert ends_between(list(zip(starts, ends, strict=True))).tolist() == expected
