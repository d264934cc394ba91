"""Near misses are refused with the exact thing to type, and what is right is let through."""

import re
import shlex

import pytest
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.errors import MissingConfigException
from hypothesis import example, given
from hypothesis import strategies as st
from omegaconf import OmegaConf

from experiments.configuration.messages import explain, refuse_misunderstood
from experiments.configuration.schema import GROUPS, settings
from experiments.configuration.typed import LISTS, TEXTS, as_typed, with_choices
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
    assert refusal("foo=1") == "foo is not a key: --help lists all keys"


# --- A text on the command line arrives as it was typed, or the command is refused with the one to type ---


PARSER = OverridesParser.create()
FREE = sorted({*TEXTS} - {"sample.prompt", "study", "outputs"})
ODD = (
    *(
        "文本.txt",
        "~/my.txt",
        "~nobody/x",
        "1e3",
        "007",
        "2026-01-02",
        "true",
        "[1]",
        "{a: b}",
        "a=b",
        "(x",
        "-x",
    ),
    *(
        "Costs $5",
        "${seed}",
        r"\${seed}",
        "it's",
        '"Come" he said',
        "C:\\",
        r"a\\'b",
        " a ",
        "",
        "choice(a)",
        "#",
    ),
    *("'", '"', "inf", "None", "a: b", "&", "!", "100%", "\ttab", "new\nline", "😀", "oc.env:HOME", "NULL"),
)


def arrives(argument: str) -> list[object]:
    """The value of each run, as Hydra reads the argument and OmegaConf resolves it."""
    override = PARSER.parse_override(as_typed(argument))
    runs = (
        override.sweep_string_iterator()
        if override.is_sweep_override()
        else [override.get_value_element_as_str()]
    )
    values = [PARSER.parse_override(f"key={run}").value() for run in runs]
    return OmegaConf.to_container(OmegaConf.create(values), resolve=True)


@pytest.mark.parametrize("key", TEXTS)
def test_a_text_of_any_key_arrives_as_typed(key):
    for text in ODD:
        assert arrives(f"{key}={text}") == [text]


@given(st.text(st.sampled_from("\\'\"$${}[]()=:~ -1aé"), max_size=12))
@example("\\")
def test_any_text_without_a_comma_arrives_as_typed_unless_it_is_quoted_whole(text):
    if len(text.strip()) < 2 or text.strip()[0] not in "'\"":
        assert arrives(f"data.path={text}") == [text]


@given(st.text(st.sampled_from("\\'\"$${}, a\n"), max_size=12))
def test_a_text_with_commas_is_refused_with_a_command_that_works(text):
    text = f"x,{text}"
    with pytest.raises(UserError, match=r"type a command for each, or") as refusal:
        as_typed(f"sample.prompt={text}")
    (command,) = shlex.split(str(refusal.value).rpartition("belongs to it, ")[2])
    assert arrives(command) == [text.replace("\\n", "\n")]


@pytest.mark.parametrize("key", ["sample.prompt", "study", "outputs"])
def test_what_has_one_value_for_all_runs_is_not_swept(key):
    with pytest.raises(UserError, match=f"{key}=a,b is not possible: it may be one {key}"):
        as_typed(f"{key}=a,b")


@pytest.mark.parametrize("key", FREE)
def test_commas_go_on_sweeping_elsewhere(key):
    assert arrives(f"{key}=a b.json,1, Bob's.json") == ["a b.json", "1", "Bob's.json"]


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("sample.prompt='Yes, my lord'", "Yes, my lord"),
        ('sample.prompt="Yes, my lord"', "Yes, my lord"),
        (r"sample.prompt='it\'s, well'", "it's, well"),
        (r'sample.prompt="Costs \${5}, or ${6}"', "Costs ${5}, or ${6}"),
        ("+data.path='a,b'", "a,b"),
        (r"sample.prompt=KING:\n", "KING:\n"),
        (r'sample.prompt="KING, come:\n"', "KING, come:\n"),
        ("data.path=null", None),
        ("study=null", "null"),
    ],
)
def test_quotes_for_hydra_new_lines_and_null(typed, expected):
    assert arrives(typed) == [expected]


@pytest.mark.parametrize("key", LISTS)
def test_texts_in_a_list_arrive_as_typed(key):
    assert arrives(f"{key}=[<pad>, ~/文本.txt,'a,b',1,$x,[x]]") == [
        ["<pad>", "~/文本.txt", "a,b", "1", "$x", "[x]"]
    ]
    assert arrives(f"{key}=[a],[b, c]") == [["a"], ["b", "c"]]
    assert arrives(f"{key}=[]") == [[]]
    with pytest.raises(UserError, match=r"it may be a list of texts: type '\S+=\[my file.txt\]'"):
        as_typed(f"{key}=my file.txt")


@pytest.mark.parametrize(
    "argument", ["-m", "seed=1,2", "tokenizer=char", "eval", "hydra.job.name=x", "--help"]
)
def test_what_sets_no_text_is_left_alone(argument):
    assert as_typed(argument) == argument


@pytest.mark.parametrize(
    ("typed", "chosen"),
    [
        ("budget.iters=60", ["budget=iters"]),
        ("tokenizer=char,bpe budget.chars=1e5,2e5 seed=1", ["budget=text"]),
        ("experiment=scaling +budget.flops=1e9", ["budget=flops"]),
        ("budget.seconds=2", ["budget=seconds"]),
        ("budget=text budget.iters=60", []),  # the recipe's length, by which warm-up is read
        ("budget.kind=text budget.chars=1e5", []),
        ("budget.iters=60 budget.chars=1e5", []),
        ("seed=1", []),
        ("data.path=my.txt seed=1", ["data=file"]),
        ("data=file data.path=my.txt budget.iters=9", ["budget=iters"]),
        ("data.val_fraction=0.2", []),
    ],
)
def test_what_one_choice_alone_reads_chooses_it(typed, chosen):
    assert with_choices(typed.split()) == [*chosen, *typed.split()]
