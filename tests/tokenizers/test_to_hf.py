"""What is written for Hugging Face's tokenizers encodes and decodes as ours do."""

import json

import pytest

from numpygpt.errors import UserError
from numpygpt.tokenizers import create
from numpygpt.tokenizers.pretokenize import PATTERNS
from numpygpt.tokenizers.to_hf import BUILDERS, hugging_face_json

HARD = (
    "It's  'tis\n\n\tCaf\u00e9 na\u00efve \u4f60\u597d \u043c\u0438\u0440 \U0001f600 x1234567 <unk> a_b end  \n "
    "don'T WE'LL <0x41>"
)


def theirs(tokenizer):
    tokenizers = pytest.importorskip("tokenizers")
    return tokenizers.Tokenizer.from_str(json.dumps(hugging_face_json(tokenizer)))


def test_every_kind_encodes_and_decodes_alike(tokenizer, small_text):
    if tokenizer.kind not in BUILDERS or getattr(tokenizer, "case", "kept") != "kept":
        with pytest.raises(UserError, match="cannot be written"):
            hugging_face_json(tokenizer)
        return
    other = theirs(tokenizer)
    assert other.get_vocab_size() == tokenizer.vocab_size
    for text in (small_text, HARD, "a" * 3000, ""):
        ids = other.encode(text).ids
        assert ids == tokenizer.encode(text).tolist()
        if tokenizer.kind != "word" and tokenizer.unk_id not in ids:
            assert other.decode(ids) == tokenizer.decode(ids) == text


@pytest.mark.parametrize("kind", BUILDERS)
def test_the_corpus_encodes_alike(kind, shakespeare):
    tokenizer = create(kind, **({"vocab_size": 1000} if "bpe" in kind or kind == "unigram" else {}))
    tokenizer.train(shakespeare[:300_000])
    text = shakespeare[800_000:]
    assert theirs(tokenizer).encode(text).ids == tokenizer.encode(text).tolist()


@pytest.mark.parametrize("digits", [None, 2])
@pytest.mark.parametrize("pattern", PATTERNS)
@pytest.mark.parametrize("kind", ["bpe", "bpe-bytefallback", "bpe-bytelevel", "superbpe", "unigram"])
def test_every_pattern(kind, pattern, digits, train_small, small_text):
    grouped = {} if kind == "unigram" else {"digits": digits}
    tokenizer = train_small(kind, pattern=pattern, specials=("<pad>", "<unk>", "<bos>"), **grouped)
    assert theirs(tokenizer).encode(small_text).ids == tokenizer.encode(small_text).tolist()
    if pattern != "none":
        assert theirs(tokenizer).encode(HARD).ids == tokenizer.encode(HARD).tolist()


def test_case_is_kept_where_it_is_kept(train_small, small_text):
    tokenizer = train_small("word", lowercase=False)
    assert theirs(tokenizer).encode(small_text).ids == tokenizer.encode(small_text).tolist()


@pytest.mark.parametrize(
    "text", ["\u0645\u06cc\u200c\u0631\u0648\u0645", "क्\u200dष है", "2 m\u00b2, 1\u00bd", "e\u0301te\u0301 ไม้"]
)
def test_words_of_every_script_are_cut_alike(text):
    tokenizer = create("word", min_freq=1)
    tokenizer.train(text)
    assert theirs(tokenizer).encode(text).ids == tokenizer.encode(text).tolist()


def test_what_cannot_be_expressed_is_refused(train_small):
    tokenizer = create("bpe-bytefallback", vocab_size=300, pattern="whitespace")
    tokenizer.train("<0x41><0x41> <0x41>" * 30)
    with pytest.raises(UserError, match="two tokens that Hugging Face would call '<0x41>'"):
        hugging_face_json(tokenizer)
    with pytest.raises(UserError, match="tiktoken tokenizer cannot be written"):
        hugging_face_json(create("tiktoken", path="ranks"))
