"""What sample.py is asked for, and where a sample continues its prompt."""

from experiments import sample
from experiments.runner.samples import continuation
from numpygpt import tokenizers


def test_a_prompt_whose_last_mark_moves_a_space_is_no_part_of_what_follows():
    words = tokenizers.create("word", min_freq=1)
    words.train("o king ' tis you ' .\n")
    prompt, ids = words.encode("o king '"), words.encode("tis you").tolist()
    assert "king" not in continuation(words, prompt, ids)
    assert continuation(words, prompt, ids).split() == ["tis", "you"]


def test_a_prompt_can_hold_new_lines():
    assert sample.parser().parse_args(["run", "--prompt", r"KING:\nCome"]).prompt == "KING:\nCome"


def test_samples_of_no_length_are_refused(capsys):
    assert sample.main(["a-run", "--length", "0"]) == 2
    assert capsys.readouterr().err == "sample.py: --length=0 is not possible: it may be 1 or more\n"
