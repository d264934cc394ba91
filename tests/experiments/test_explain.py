"""Near misses are refused with the exact thing to type, and what is right is let through."""

import re
import shlex

import pytest
from hydra.errors import MissingConfigException

from experiments.configuration.messages import explain, refuse_misunderstood
from experiments.configuration.schema import GROUPS, settings
from experiments.configuration.typed import as_typed
from numpygpt.errors import UserError
from numpygpt.places import CONF

SECTIONED = [key for key in settings() if "." in key]


def refusal(*arguments: str) -> str:
    with pytest.raises(UserError) as refused:
        refuse_misunderstood(arguments)
    return str(refused.value)


@pytest.mark.parametrize(
    ("typed", "to_type"),
    [
        ("launcher=local", "hydra/launcher=local"),
        ("hydra.launcher=local", "hydra/launcher=local"),
        ("launcher.n_jobs=2", "hydra.launcher.n_jobs=2"),
        ("batch-size=32", "train.batch_size=32"),
        ("model.lr=1,2", "optimizer.lr=1,2"),
        ("train.batchsize=2", "train.batch_size=2"),
        ("modle.n_layer=3", "model.n_layer=3"),
        ("droput=0.1", "model.dropout=0.1"),
        ("Seed=1", "seed=1"),
        ("modle=tiny", "model=tiny"),
        ("--seed=3", "seed=3"),
        ("--batch-size=4", "train.batch_size=4"),
        ("seed=[1,2,3]", "-m seed=1,2,3"),
        ("optimizer.lr=( 1e-3, 2e-3 )", "-m optimizer.lr=1e-3,2e-3"),
        ("tokenizer=[char,word]", "-m tokenizer=char,word"),
        ("path=a b.txt", "'tokenizer.path=a b.txt' or 'data.path=a b.txt'"),
        ("prompt=Yes, my lord", """'sample.prompt="Yes, my lord"'"""),
        ("text=mine.txt", "'eval.texts=[mine.txt]'"),
    ],
)
def test_a_near_miss_is_told_what_to_type(typed, to_type):
    sentence = refusal(typed)
    assert sentence.endswith(f": type {to_type}")
    if " or " not in to_type:
        (*_, corrected) = shlex.split(to_type)
        refuse_misunderstood([corrected])
        as_typed(corrected)


@pytest.mark.parametrize("key", SECTIONED)
def test_a_key_without_its_section_or_in_capitals_is_named_in_full(key):
    for typed in (key.partition(".")[2], f"--{key.partition('.')[2]}", key.upper()):
        assert re.search(rf"type .*\b{re.escape(key)}=", refusal(f"{typed}=1"))
    assert f"type {key}=2" in refusal(f"--{key}", "2") or f"type '{key}=[2]'" in refusal(f"--{key}", "2")


@pytest.mark.parametrize("group", GROUPS)
def test_one_run_has_one_choice_of_each_group(group):
    expected = "a command for each" if group == "experiment" else f"-m {group}=a,b"
    assert refusal(f"{group}=[a,b]").endswith(f"type {expected}")


@pytest.mark.parametrize("group", [*GROUPS, "hydra/launcher"])
def test_a_choice_in_other_letters_is_recognised(group):
    names = [path.stem for path in (CONF / group).glob("*.yaml")]
    for name in names:
        error = MissingConfigException("", f"{group}/{name.upper().replace('-', '_')}", names)
        assert explain(error).endswith(f"(did you mean {name}?): type {group}={name}")


def test_a_file_is_no_choice_of_the_group_data():
    error = MissingConfigException("", "data/texts/my.txt", ["file"])
    assert explain(error).endswith("type data=file data.path=texts/my.txt")


@pytest.mark.parametrize(
    "arguments",
    [
        ("-m", "tokenizer=char,word", "seed=1,2", "hydra/launcher=local", "hydra.launcher.n_jobs=2"),
        ("--cfg", "job", "--multirun", "++model.n_layer=2", "train={batch_size: 2}", "seed=range(1,3)"),
        ("eval.texts=[a,b]", "tokenizer.specials=[<pad>]", "sample.prompt=[x]", "~data", "hydra.job.name=x"),
        *((f"{key}=1",) for key in settings()),
    ],
)
def test_what_is_right_is_let_through(arguments):
    refuse_misunderstood(arguments)


def test_a_key_that_is_like_no_other_gets_no_hint():
    assert "there are" in refusal("foo=1")
    assert "did you mean" not in refusal("foo=1")
