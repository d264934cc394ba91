"""Streamed text is the text, and only a finished, whole run is sampled from."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from experiments import sample
from experiments.runner.samples import continuation
from numpygpt import tokenizers
from numpygpt.errors import UserError
from numpygpt.generation import stream
from numpygpt.runs import RunFolder, find_run

TEXT = "The cat's hat, the dog's; “naïve” cafés?\n\nWho sat there? Nobody: only a bat.\n" * 3
KINDS = {
    kind: tokenizers.create(kind, **({"vocab_size": size} if size else {}))
    for kind, size in (("char", 0), ("byte", 0), ("word", 0), ("bpe", 60), ("bpe-bytefallback", 320))
}
for _tokenizer in KINDS.values():
    _tokenizer.train(TEXT)


@pytest.mark.parametrize("kind", KINDS)
@given(data=st.data())
def test_the_pieces_of_a_stream_make_up_the_decoded_text(kind, data):
    tokenizer = KINDS[kind]
    ids = data.draw(st.lists(st.integers(0, tokenizer.vocab_size - 1), max_size=300))
    prompt = tokenizer.encode("The cat")
    streamed = "".join(stream(tokenizer, prompt, iter(ids)))
    assert tokenizer.decode(prompt) + streamed == tokenizer.decode(np.array([*prompt, *ids]))


def test_quotes_of_a_long_line_stay_where_they_are():
    words = tokenizers.create("word", min_freq=1)
    speech = '"Come," said he, "and sit here, where they sat before us, and tell me of it." ' * 3
    words.train(f"{speech}\n")
    for line in (speech * 8, f"{speech}\n" * 8, f"{'he sat here, ' * 60}{speech}" * 2):
        ids = words.encode(line)
        streamed = "".join(stream(words, ids[:1], iter(ids[1:].tolist())))
        assert words.decode(ids[:1]) + streamed == words.decode(ids)


def test_a_prompt_whose_last_mark_moves_a_space_is_no_part_of_what_follows():
    words = tokenizers.create("word", min_freq=1)
    words.train("o king ' tis you ' .\n")
    prompt, ids = words.encode("o king '"), words.encode("tis you").tolist()
    assert "king" not in continuation(words, prompt, ids)
    assert continuation(words, prompt, ids).split() == ["tis", "you"]


def test_a_prompt_can_hold_new_lines():
    assert sample.parser().parse_args(["run", "--prompt", r"KING:\nCome"]).prompt == "KING:\nCome"


def test_pieces_come_out_while_the_text_is_written():
    ids = KINDS["char"].encode(TEXT)
    pieces = stream(KINDS["char"], ids[:1], iter(ids[1:].tolist()))
    assert next(pieces) == TEXT[1]


def test_every_name_that_is_listed_is_accepted(unfinished, tmp_path):
    """Also where two studies hold a run of the same name, or one name begins another."""
    for study, name in (("study", f"{unfinished.name}d"), ("other", unfinished.name)):
        RunFolder(tmp_path / study / name).create(unfinished.run())
    with pytest.raises(UserError, match="any of 3 runs") as refusal:
        find_run("char", tmp_path)
    listed = str(refusal.value).partition("(")[2].partition(")")[0].split(", ")
    assert len(listed) == 3
    for name in listed:
        with pytest.raises(UserError, match="is not done") as found:
            find_run(name, tmp_path)
        assert f"{tmp_path / name} " in str(found.value)


@pytest.fixture
def unfinished(tmp_path) -> RunFolder:
    run = RunFolder(tmp_path / "study" / "char-tiny-s1-abc")
    keys = ("name", "identity", "config", "corpus", "environment", "git")
    run.create({key: {} for key in keys})
    return run


def test_unfinished_failed_and_unknown_runs_are_refused(unfinished, tmp_path, capsys):
    with pytest.raises(UserError, match="is not done \\(interrupted\\)"):
        find_run(str(unfinished.path))
    unfinished.write_failure("diverged", "the loss is not a number")
    with pytest.raises(UserError, match="failed \\(the loss is not a number\\)"):
        find_run("char-tiny", tmp_path)
    with pytest.raises(UserError, match=r"no run chat-tiny-s1-abc .*did you mean char-tiny-s1-abc"):
        find_run("chat-tiny-s1-abc", tmp_path)
    with pytest.raises(UserError, match="is not a run folder"):
        find_run(str(tmp_path))
    RunFolder(tmp_path / "study" / "char-tiny-s2-def").create(unfinished.run())
    with pytest.raises(UserError, match="any of 2 runs"):
        find_run("char-tiny", tmp_path)
    with pytest.raises(UserError, match="any of 2 runs"):
        find_run("study/char", tmp_path)
    assert sample.main([str(unfinished.path), "--length", "0"]) == 2
    assert "--length=0 is not possible" in capsys.readouterr().err
