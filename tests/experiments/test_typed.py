"""A text on the command line arrives as it was typed, or the command is refused with the one to type."""

import shlex

import pytest
from hydra.core.override_parser.overrides_parser import OverridesParser
from hypothesis import example, given
from hypothesis import strategies as st
from omegaconf import OmegaConf

from experiments.configuration.typed import LISTS, TEXTS, as_typed, with_budget
from numpygpt.errors import UserError

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


def test_a_path_with_a_comma_that_is_there_is_one_path(text_file):
    assert arrives(f"data.path={text_file}") == [str(text_file)]
    assert len(arrives(f"tokenizer.path={','.join(['x.json'] * 100)}")) == 100


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
        ("experiment=vocab_sweep +budget.flops=1e9", ["budget=flops"]),
        ("budget.seconds=2", ["budget=seconds"]),
        ("budget=text budget.iters=60", []),  # the recipe's length, by which warm-up is read
        ("budget.kind=text budget.chars=1e5", []),
        ("budget.iters=60 budget.chars=1e5", []),
        ("seed=1", []),
    ],
)
def test_an_amount_without_its_budget_chooses_it(typed, chosen):
    assert with_budget(typed.split()) == [*typed.split(), *chosen]
