"""Values that no run could use are refused in one sentence with key, value and what it may be."""

import pytest

from experiments.cli.eval_texts import read_texts, text_path
from experiments.configuration.validation import check
from numpygpt.errors import UserError, did_you_mean

REFUSED = {
    "model.n_head=3": ("model.n_head=3", "divisor of n_embd=128"),
    "tokenizer.kind=bpw": ("tokenizer.kind=bpw", "did you mean bpe?"),
    "tokenizer.specials=[a,a]": ("tokenizer.specials", "twice"),
    "tokenizer.vocab_size=1 tokenizer=bpe": ("tokenizer.vocab_size", "at least 2"),
    "tokenizer.vocab_size=256 tokenizer=bpe-bytefallback": ("tokenizer.vocab_size", "at least 257"),
    "tokenizer.character_coverage=0": ("tokenizer.character_coverage=0", "above 0"),
    "tokenizer.name=../x": ("tokenizer.name", "letters"),
    "optimizer.lr=-1": ("optimizer.lr=-1", "above 0"),
    "optimizer.lr=inf": ("optimizer.lr=inf", "finite"),
    "optimizer=adamw optimizer.min_lr=1": ("optimizer.min_lr=1", "at most optimizer.lr=0.001"),
    "optimizer.beta2=1": ("optimizer.beta2=1", "not including, 1"),
    "optimizer.warmup_ratio=1.5": ("optimizer.warmup_ratio=1.5", "from 0 to 1"),
    "tokenizer=bpe tokenizer.vocab_size=null": ("tokenizer.vocab_size=null", "only tokenizer=word"),
    "tokenizer=word tokenizer.vocab_size=1": ("tokenizer.vocab_size", "at least 2"),
    "optimizer=sgd optimizer.momentum=0": ("optimizer.nesterov", "momentum above 0"),
    "optimizer.schedule=cosinus": ("optimizer.schedule=cosinus", "did you mean cosine?"),
    "data.val_fraction=1": ("data.val_fraction=1", "below 1"),
    "data.fallback=shakespeare": ("data.fallback=shakespeare", "pydoc or null"),
    "budget=iters budget.iters=0": ("budget.iters=0", "at least 1"),
    "budget=iters budget.iters=null": ("budget.iters=null", "above 0"),
    "budget=text budget.chars=-5": ("budget.chars=-5", "above 0"),
    "train.batch_size=0": ("train.batch_size=0", "at least 1"),
    "train.batch_size=12 train.slices=13": ("train.slices=13", "at most train.batch_size=12"),
    "model.dropout=1": ("model.dropout=1", "not including, 1"),
    "model.activation=swish": ("model.activation=swish", "leaky_relu or gelu"),
    "sample.temperature=-1": ("sample.temperature=-1", "0 or more"),
    "sample.top_p=1.5": ("sample.top_p=1.5", "at most 1"),
    "seed=-1": ("seed=-1", "0 or more"),
    "study=a/b": ("study='a/b'", "letters"),
    "outputs=": ("outputs=''", "a folder"),
    "tokenizer=char tokenizer.specials=['<pad>']": ("tokenizer.specials", "must hold <unk>"),
    "tokenizer.specials=[]": ("tokenizer.specials", "must hold <unk>"),
    "tokenizer=tiktoken": ("tokenizer.name=tiktoken", "an encoding such as gpt2"),
    "sample.prompt=''": ("sample.prompt=''", "at least one character"),
}


@pytest.mark.parametrize("overrides", REFUSED)
def test_impossible_values_are_refused_by_key_value_and_range(composer, overrides):
    named, allowed = REFUSED[overrides]
    with pytest.raises(UserError) as refusal:
        check(composer(*overrides.split(" ")))
    sentence = str(refusal.value)
    assert sentence.startswith(named)
    assert allowed in sentence
    assert "\n" not in sentence


@pytest.mark.parametrize(
    ("content", "sentence"),
    [(b"", "is empty"), (b"ab\xff", "is not UTF-8 text (byte 2)"), (None, "cannot be read")],
)
def test_texts_that_cannot_be_scored_are_refused_before_any_work(tmp_path, content, sentence):
    path = tmp_path / "mine.txt"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(UserError) as refusal:
        read_texts([str(path)])
    assert str(refusal.value).startswith(str(path))
    assert sentence in str(refusal.value)


def test_two_texts_of_one_name_are_refused_and_a_path_is_never_a_passage_of_the_project(tmp_path):
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "notes.txt").write_text(folder)
    with pytest.raises(UserError, match=r"two texts are called notes.txt"):
        read_texts([str(tmp_path / folder / "notes.txt") for folder in ("a", "b")])
    assert text_path(str(tmp_path / "a" / "notes")) == tmp_path / "a" / "notes"
    assert text_path("code").name == "code.txt"


def test_did_you_mean_says_nothing_where_nothing_is_near():
    assert did_you_mean("bqe", ["char", "bpe"]) == " (did you mean bpe?)"
    assert did_you_mean("zzz", ["char", "bpe"]) == ""
