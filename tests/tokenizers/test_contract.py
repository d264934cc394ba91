"""The promises of base.Tokenizer, held by every kind."""

from itertools import pairwise, product

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from spans import check_spans

from numpygpt.errors import UserError
from numpygpt.tokenizers import KINDS, create, from_dict

ALL_OF_UNICODE = st.text(st.characters(exclude_categories=["Cs"]))
LIKE_TRAINING = st.text(st.sampled_from("the cat<unk>SAT.,'1\u0301é你😀 \t\r\n\x1c\x85\u2028"))
TEXTS = st.one_of(ALL_OF_UNICODE, LIKE_TRAINING)
EDGE_TEXTS = {
    "empty": "",
    "one character": "a",
    "one unknown character": "\U0010ffff",
    "a long line": "abcde" * 8_000,  # to which what is not linear takes minutes
    "one letter over and over": "a" * 40_000,
    "only spaces": " " * 20_000,
    "only newlines": "\n" * 1000,
    "CRLF": "the cat\r\nsat\r\n\r\n",
    "combining marks": "e\u0301" * 3 + "\u0301" + "Z͑ͫ̓ͪ̂ͫ̽͏̴̙̤̞͉͚̯̞̠͍A̴̵̜̰͔ͫ͗͢",
    "emoji": "👩‍👩‍👧‍👦 👍🏽 🏳️‍🌈 🇩🇪",
    "a special as text": "<unk> <pad><bos>",
    "separators that are no spaces to some": "a\x1cb\x1d \x1e\x1fc\x85d\u2028e\u00a0f\u3000g",
    "right to left": "\u05e9\u05dc\u05d5\u05dd \u202e\u05e2\u05d5\u05dc\u05dd مرحبا",
    "NUL": "a\0b",
}


def check_own_spans(tokenizer, text):
    """Of ours every token but marks stands for something, and only a word tokenizer leaves spaces over."""
    ids, ends = check_spans(tokenizer, text)
    assert all(tokenizer.token_bytes(id) == b"" for id in ids[np.diff(ends, prepend=0) == 0].tolist())
    tail = text.encode()[ends[-1] if len(ends) else 0 :].decode()
    assert not tail or (tokenizer.kind == "word" and not tail.strip())
    return ids


@given(text=TEXTS)
@example(text="<unk>")
@example(text=" \x1c")
def test_round_trip_and_spans(tokenizer, text):
    ids = check_own_spans(tokenizer, text)
    if tokenizer.lossless or (tokenizer.kind != "word" and tokenizer.unk_id not in ids):
        assert tokenizer.decode(ids) == text
    else:
        tokenizer.decode(ids)


# Texts to train on in which characters that are common elsewhere are rare or missing, or there is one line.
POOR_TEXTS = {
    "no spaces": "山川异域风月同天" * 500,
    "one space": "山川异域风月同天" * 500 + " " + "山川异域风月同天" * 500,
    "only newlines": "\n" * 300,
    "only tabs": "\t" * 300,
    "only ideographic spaces": "\u3000" * 300,
    "reserved elsewhere": "load ▅▅▅ done ▅\n▁▁ \0\ufffd\n" * 50,
    "one letter": "a" * 300,
    "one character": "山",
}
LIKE_POOR = st.text(st.sampled_from("山川 \t\n\r\u3000\u00a0▁▅a\0\ufffd\U0010ffff"))


@pytest.fixture(scope="module")
def poor():
    """{(kind, name): each lossless kind of ours, trained on each of POOR_TEXTS}"""
    kinds = ["byte", "bpe-bytefallback", "bpe-bytelevel", "superbpe", "unigram"]
    made = {}
    for kind, (name, text) in product(kinds, POOR_TEXTS.items()):
        tokenizer = create(kind, **{} if kind == "byte" else {"vocab_size": 400})
        tokenizer.train(text)
        made[kind, name] = tokenizer
    return made


@given(text=LIKE_POOR)
@example(text="山 川")
@settings(max_examples=40)
def test_what_is_rare_in_training_is_not_lost(poor, text):
    for tokenizer in poor.values():
        assert tokenizer.lossless
        assert tokenizer.decode(tokenizer.encode(text)) == text
        ids, ends = tokenizer.spans(text)
        assert [tokenizer.token_bytes(id) for id in ids.tolist()] == [
            text.encode()[a:b] for a, b in pairwise([0, *ends.tolist()])
        ]


@pytest.mark.parametrize("text", EDGE_TEXTS.values(), ids=EDGE_TEXTS.keys())
def test_edge_texts(tokenizer, text):
    ids = check_own_spans(tokenizer, text)
    if tokenizer.lossless:
        assert tokenizer.decode(ids) == text


@pytest.mark.parametrize("name", [name for name, text in EDGE_TEXTS.items() if 0 < len(text) <= 20_000])
@pytest.mark.parametrize("kind", KINDS)
def test_training_on_edge_texts(kind, name):
    sized = {"vocab_size": 400} if "bpe" in kind or kind == "unigram" else {}
    options = {"min_freq": 1} if kind == "word" else sized
    tokenizer = create(kind, **options)
    text = EDGE_TEXTS[name]
    if kind == "word" and not text.strip(" "):
        with pytest.raises(UserError, match="no word"):
            tokenizer.train(text)
        return
    tokenizer.train(text)
    ids = check_own_spans(tokenizer, text)
    if kind != "word":
        assert tokenizer.decode(ids) == text


def test_training_text_without_unknowns_round_trips(tokenizer, small_text):
    ids = tokenizer.encode(small_text)
    assert tokenizer.unk_id not in ids
    if tokenizer.kind != "word":
        assert tokenizer.decode(ids) == small_text


@pytest.mark.parametrize("text", ["\ud800", "a\udfffb", "the cat \udc80"])
def test_lone_surrogates_are_refused(tokenizer, text):
    for use in (tokenizer.encode, tokenizer.spans, create(tokenizer.kind).train):
        with pytest.raises(UserError, match=r"lone surrogate, U\+D"):
            use(text)


@pytest.mark.parametrize("wrong", [b"bytes", None, 3])
def test_what_is_no_text_is_refused(tokenizer, wrong):
    with pytest.raises(UserError, match="as str, not as"):
        tokenizer.encode(wrong)


@pytest.mark.parametrize("empty", ["", [], ["", ""], iter([])])
@pytest.mark.parametrize("kind", KINDS)
def test_empty_training_text_is_refused(kind, empty):
    with pytest.raises(UserError, match="training text is empty"):
        create(kind).train(empty)


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "byte"])
def test_untrained_tokenizers_say_so(kind, tmp_path):
    tokenizer = create(kind)
    for use in (
        lambda: tokenizer.encode("a"),
        lambda: tokenizer.decode([0]),
        lambda: tokenizer.spans("a"),
        lambda: tokenizer.vocab_size,
        lambda: tokenizer.save(tmp_path / "x.json"),
    ):
        with pytest.raises(UserError, match="train it or load one"):
            use()


@pytest.mark.parametrize("wrong", [-1, 10**6, 2**40, -(2**70), 2**70])
def test_ids_out_of_range_are_refused(tokenizer, wrong):
    with pytest.raises(UserError):
        tokenizer.decode([0, wrong])
    with pytest.raises(UserError):
        tokenizer.token(wrong)
    with pytest.raises(UserError):
        tokenizer.decode([tokenizer.vocab_size])


WRONG_IDS = [[0.5], ["a"], [[1, 2]], [None], [True], "12", [[1], [2, 3]], np.zeros((2, 2), int), None, 3]


@pytest.mark.parametrize("wrong", WRONG_IDS)
def test_ids_that_are_no_integers_are_refused(tokenizer, wrong):
    with pytest.raises(UserError, match="flat sequence of integers"):
        tokenizer.decode(wrong)


@given(data=st.data())
@settings(max_examples=60)
def test_any_sequence_of_ids_decodes(tokenizer, data):
    ids = data.draw(st.lists(st.integers(0, tokenizer.vocab_size - 1)))
    assert tokenizer.decode(ids) == tokenizer.decode(np.array(ids, dtype=np.uint16))
    assert tokenizer.decode(iter(ids)) == tokenizer.decode(ids)
    tokenizer.decode(ids).encode()


def test_vocabulary_is_described(tokenizer):
    size = tokenizer.vocab_size
    assert tokenizer.exact.shape == (size,)
    assert tokenizer.exact.dtype == bool
    own = [tokenizer.token_bytes(id) for id in range(size)]
    for name, id in tokenizer.special_ids.items():
        assert own[id] is None
        assert tokenizer.token(id) == name
    texts = own[len(tokenizer.specials) :]
    assert None not in texts
    has_marks = tokenizer.kind == "word-lossless" or getattr(tokenizer, "case", "kept") == "marks"
    assert has_marks or all(texts)
    assert has_marks or tokenizer.kind in ("bpe-bytefallback", "unigram") or len(set(texts)) == len(texts)
    assert len({tokenizer.token(id) for id in range(size)}) == size
    assert all(tokenizer.token(id) for id in range(size))
    assert tokenizer.lossless == (tokenizer.losses == "")
    if tokenizer.kind == "word":
        assert not tokenizer.exact.any()
    else:
        assert tokenizer.exact[len(tokenizer.specials) :].all()


@pytest.mark.parametrize("kind", KINDS)
def test_specials_come_first_and_are_never_read_from_text(kind, train_small, small_text):
    names = ("<pad>", "<unk>", "<bos>", "<eos>")
    tokenizer = train_small(kind, specials=names)
    assert tokenizer.special_ids == {"<pad>": 0, "<unk>": 1, "<bos>": 2, "<eos>": 3}
    assert tokenizer.unk_id == 1
    ids = tokenizer.encode("<pad> <bos><eos> <unk>" + small_text)
    assert not np.isin(ids, [0, 2, 3]).any()
    assert tokenizer.decode([2]) == "<bos>"
    if tokenizer.lossless:
        assert 1 not in tokenizer.encode("\U0010ffff")


@pytest.mark.parametrize(
    ("specials", "message"),
    [
        ("<unk>", "list"),
        (("<unk>", "<unk>"), "twice"),
        (("",), "non-empty"),
        ((3,), "non-empty"),
        (3, "list"),
    ],
)
def test_impossible_specials(specials, message):
    with pytest.raises(UserError, match=message):
        create("char", specials=specials)


def test_kinds_that_meet_the_unknown_need_unk():
    with pytest.raises(UserError, match="must hold <unk>"):
        create("word", specials=("<pad>",))
    assert create("byte", specials=("<pad>",)).vocab_size == 257


def test_unknown_kinds_and_options():
    with pytest.raises(UserError, match="no tokenizer of kind 'bpee'"):
        create("bpee")
    with pytest.raises(TypeError, match="'vocab'"):
        create("bpe", vocab=3)


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("bpe", {"vocab_size": 1}),
        ("bpe", {"vocab_size": 3, "specials": ["<unk>", "<bos>", "<eos>"]}),
        ("bpe-bytefallback", {"vocab_size": 256}),
        ("bpe-bytelevel", {"vocab_size": 255}),
        ("unigram", {"vocab_size": 256}),
        ("bpe", {"vocab_size": 2.5}),
        ("bpe", {"vocab_size": True}),
        ("bpe", {"vocab_size": 2**31}),
        ("bpe", {"min_freq": 0}),
        ("bpe", {"pattern": "gpt5"}),
        ("bpe", {"pattern": None}),
        ("bpe", {"digits": 4}),
        ("bpe-bytelevel", {"digits": True}),
        ("superbpe", {"transition": 0}),
        ("word", {"min_freq": "2"}),
        ("word", {"vocab_size": 1}),
        ("bpe-bytefallback", {"character_coverage": 0}),
        ("bpe-bytefallback", {"character_coverage": 1.01}),
        ("bpe-bytefallback", {"character_coverage": float("nan")}),
        ("bpe-bytefallback", {"character_coverage": True}),
    ],
)
def test_impossible_options(kind, options):
    with pytest.raises(UserError):
        create(kind, **options)


@pytest.mark.parametrize("kind", KINDS)
@given(cuts=st.lists(st.integers(0, 400), max_size=8))
@settings(max_examples=15)
def test_chunks_do_not_change_the_vocabulary(kind, cuts, train_small, small_text):
    edges = [0, *sorted(cuts), len(small_text)]
    chunks = [small_text[a:b] for a, b in pairwise(edges)]
    whole = train_small(kind)
    streamed = create(kind, **{k: v for k, v in whole.to_dict()["options"].items() if k != "specials"})
    streamed.train(iter(chunks))
    assert streamed.fingerprint() == whole.fingerprint()


def test_training_again_starts_afresh(tokenizer, small_text):
    again = from_dict(tokenizer.to_dict())
    again.train("another text, another text" * 20 + "".join(map(chr, range(33, 100))))
    again.train(small_text)
    assert again.fingerprint() == tokenizer.fingerprint()
