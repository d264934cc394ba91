"""Command lines: how they are planned, what they refuse, and what becomes of their runs."""

import functools
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from harness import results
from hydra import compose, initialize_config_dir
from hydra.types import RunMode
from omegaconf import OmegaConf, open_dict

from experiments import sample
from experiments.configuration.identity import identity_hash
from experiments.configuration.messages import explain
from experiments.configuration.schema import register, settings, to_config
from experiments.sweeping.plan import Planner, unused_settings
from experiments.sweeping.study import require_folders, set_aside, to_do
from numpygpt.errors import UserError
from numpygpt.files import Locked, NotWritable
from numpygpt.places import CONF
from numpygpt.runs import RunFolder, find_runs

TINY = (
    *("model=tiny", "budget=iters", "budget.iters=6", "optimizer.warmup_ratio=0.3", "train.eval_interval=3"),
    *("train.eval_windows=4", "sample.tokens=12", "sample.number=2", "train.log_interval=1"),
    *("train.workers=1", "eval.texts=[emoji]"),
)


# --- planning, in process ---


def lines(planner: Planner, *arguments: str) -> list[list[str]]:
    return planner.expand({}, arguments)


def file_override(path: Path) -> str:
    return f"data.path='{path}'"


@pytest.mark.parametrize(
    "line",
    [
        [],
        ["tokenizer=bpe", "tokenizer.vocab_size=77", "model=reference", "optimizer.lr=3e-4", "seed=5"],
        ["experiment=shakespeare", "tokenizer=word", "budget.iters=5", "tokenizer.min_freq=3"],
        ["optimizer=sgd", "budget=text", "study=x", "eval.texts=[a,b]"],
    ],
)
def test_runs_are_composed_as_hydra_composes_them(planner, line):
    composed = planner.loader.load_sweep_config(planner.master, line)
    with open_dict(composed):
        del composed["hydra"]
    assert OmegaConf.to_container(planner.compose(line), resolve=True) == OmegaConf.to_container(
        composed, resolve=True
    )


def test_runs_that_differ_in_numbers_are_planned_as_if_each_were_composed(planner, text_file, tmp_path):
    asked = lines(
        planner, "data=file", file_override(text_file), f"outputs={tmp_path}", "seed=1,2",
        "optimizer.lr=0.5,1,2e-3", "tokenizer=bpe,char", "model.context_chars=100.0",
        "optimizer.grad_clip=null,2.0", "tokenizer.vocab_size=300,400",
    )  # fmt: skip
    planned = {run.overrides[: len(asked[0])]: run.config for run in planner.plan(asked)}
    assert len(planned) == 36  # char is the same under both sizes
    for line, config in planned.items():
        composed = to_config(planner.compose(line))
        composed.data, composed.eval.texts = config.data, config.eval.texts
        assert config == composed


def test_runs_that_differ_only_in_unused_keys_are_one(planner, text_file, tmp_path):
    asked = lines(
        planner,
        *("data=file", file_override(text_file), f"outputs={tmp_path}"),
        *("tokenizer=char,bpe", "tokenizer.vocab_size=100,200"),
    )
    runs = planner.plan(asked)
    assert len(asked) == 4
    assert [run.config.tokenizer.kind for run in runs] == ["char", "bpe", "bpe"]
    assert len({run.folder.path for run in runs}) == 3
    assert unused_settings(["tokenizer.vocab_size=100,200", "seed=1"], runs) == []
    assert unused_settings(["tokenizer.vocab_size=1", "budget.flops=3"], runs[:1]) == [
        "tokenizer.vocab_size",
        "budget.flops",
    ]


def test_the_corpus_is_decided_in_the_plan_and_handed_to_every_run(planner, text_file, tmp_path):
    (run,) = planner.plan(lines(planner, "data=file", file_override(text_file), f"outputs={tmp_path}"))
    composed = planner.compose(run.overrides)
    assert composed.data.path == str(text_file)
    assert composed.data.sha256 == run.config.data.sha256
    with pytest.raises(UserError, match=r"not data\.sha256=0000"):
        planner.plan(lines(planner, "data=file", file_override(text_file), f"data.sha256={'0' * 64}"))


def test_a_hundred_runs_are_planned_fast(planner, text_file, tmp_path):
    asked = lines(
        planner, "data=file", file_override(text_file), f"outputs={tmp_path}",
        "tokenizer=char,word", f"seed={','.join(map(str, range(50)))}",
    )  # fmt: skip
    started = time.process_time()  # whatever else the machine does
    assert len(planner.plan(asked)) == 100
    assert time.process_time() - started < 6  # 0.9 s on a quiet machine


def test_folders_that_cannot_be_written_are_found_before_any_work_with_the_setting_that_moves_them(
    planner, text_file, tmp_path, monkeypatch
):
    blocked = tmp_path / "a file"
    blocked.write_text("no folder can be made in it")

    def planned(outputs: Path):
        asked = lines(planner, "data=file", file_override(text_file), f"outputs='{outputs}'", "eval.texts=[]")
        return planner.plan(asked)

    monkeypatch.setenv("NUMPYGPT_CACHE", str(tmp_path / "cache"))
    require_folders(planned(tmp_path / "out"))
    with pytest.raises(NotWritable, match="outputs="):
        require_folders(planned(blocked / "out"))
    monkeypatch.setenv("NUMPYGPT_CACHE", str(blocked / "cache"))
    with pytest.raises(NotWritable, match="NUMPYGPT_CACHE"):
        require_folders(planned(tmp_path / "out"))
    with pytest.raises(NotWritable, match="NUMPYGPT_CACHE"):
        planner.plan(lines(planner, "data=pydoc"))
    (done,) = planned(tmp_path / "out")
    done.folder.path.mkdir(parents=True)
    (done.folder.path / "result.json").touch()
    require_folders([done])  # there is nothing to write


@pytest.mark.parametrize(
    ("override", "expected"),
    [
        ("tokenizer=bqe", "tokenizer=bqe is not possible: tokenizer may be"),
        ("tokenizer.vocabsize=3", "tokenizer.vocabsize is not a key"),
        ("tokenizer.vocabsize=3", "(did you mean tokenizer.vocab_size?)"),
        ("tokenzier=char", "(did you mean tokenizer?)"),
        ("optimizer.lr=fast", "optimizer.lr=fast is not possible: it may be a number"),
        ("seed=1.5", "seed=1.5 is not possible: it may be a whole number"),
        ("force=perhaps", "force=perhaps is not possible: it may be true or false"),
        ("optimizer.grad_clip=no", "optimizer.grad_clip=no is not possible: it may be a number or null"),
        ("eval.texts=5", "eval.texts=5 is not possible: it may be a list of texts"),
        ("experiment=shakespear", "(did you mean shakespeare?)"),
        ("model.n_head", "'model.n_head' is not a setting"),
        ("seed=[1", "'seed=[1' cannot be read"),
    ],
)
def test_hydra_s_refusals_become_one_sentence(planner, override, expected):
    with pytest.raises(Exception) as refusal:
        planner.loader.load_configuration("config", [override], RunMode.RUN)
    sentence = explain(refusal.value, [override])
    assert expected in sentence
    assert "\n" not in sentence


def test_a_fault_in_a_file_is_named_with_the_file(tmp_path):
    (tmp_path / "experiment").mkdir()
    (tmp_path / "experiment" / "mine.yaml").write_text("# @package _global_\ntokenizer:\n  vocabsize: 3\n")
    register()
    own = f"hydra.searchpath=[{tmp_path}]"
    with initialize_config_dir(str(CONF), version_base="1.3"), pytest.raises(Exception) as refusal:
        compose("config", [own, "experiment=mine"])
    sentence = explain(refusal.value)
    assert "vocabsize is not a key (in experiment/mine.yaml)" in sentence
    assert "did you mean tokenizer.vocab_size?" in sentence


# --- whole command lines ---


@pytest.fixture
def run(typed) -> Callable[..., Any]:
    """run(*overrides) -> the ended command of a tiny run."""
    return functools.partial(typed, *TINY)


def test_a_sweep_from_the_command_line_to_the_report(run, tmp_path, capsys):
    first = run("-m", "tokenizer=char,word,custom", "tokenizer.factory=fractions:Fraction")
    assert first.code == 1, first.errors  # which is no tokenizer: it fails, the others go on
    runs = {folder.run()["config"]["tokenizer"]["kind"]: folder for folder in find_runs(tmp_path / "out")}
    assert {kind: folder.state() for kind, folder in runs.items()} == {
        "char": "done", "word": "done", "custom": "failed",
    }  # fmt: skip
    assert "fractions:Fraction" in runs["custom"].failure()["reason"]
    assert "Traceback" not in first.out + first.errors
    assert "report.md" in first.out
    _is_whole(runs["char"])
    _is_whole(runs["word"])
    _can_be_sampled(runs["word"], capsys)

    marks = {kind: (runs[kind].path / "result.json").stat().st_mtime_ns for kind in ("char", "word")}
    second = run("tokenizer=char,word")
    assert second.code == 0
    assert "2 runs, 2 of them done already" in second.out
    assert "analysis/report.py" in second.out
    assert marks == {k: (runs[k].path / "result.json").stat().st_mtime_ns for k in marks}


def test_texts_arrive_as_they_were_typed(run, text_file, tmp_path, monkeypatch):
    path = text_file.rename(tmp_path / "文 ${y} [1]=x's.txt")
    monkeypatch.setenv("HOME", str(tmp_path))
    finished = run("data=file", f"data.path=~/{path.name}", r"sample.prompt=1 ${a}\n[the")
    assert finished.code == 0, finished.errors
    (folder,) = find_runs(tmp_path / "out")
    config = folder.run()["config"]
    assert config["data"]["path"] == str(path)
    assert config["sample"]["prompt"] == "1 ${a}\n[the"


def test_a_model_that_no_memory_holds_is_refused_before_it_is_made(run, tmp_path):
    assert run("model.n_embd=200000", "sample.temperature=0").code == 1
    (folder,) = find_runs(tmp_path / "out")
    failure = folder.failure()
    assert failure is not None
    assert failure["status"] == "out of memory"
    assert "GiB, which this machine does not have" in failure["reason"]


def test_force_starts_anew_once_and_not_again_when_a_job_is_started_again(run, planner, text_file, tmp_path):
    assert run().code == 0
    (old,) = find_runs(tmp_path / "out")
    asked = lines(
        planner, "data=file", file_override(text_file), f"outputs={tmp_path / 'out'}", *TINY, "force=true"
    )
    (planned,) = planner.plan(asked)
    assert planned.folder == old
    with old.lock():
        assert to_do(planned) is None  # it is left to the process that is at it
    assert old.state() == "done"
    job = to_do(planned)
    assert job is not None
    assert not old.path.exists()
    assert to_config(planner.compose(job.overrides)).force is False
    assert len(list((tmp_path / "out" / "default" / ".aside").iterdir())) == 1


def test_a_run_that_is_done_and_damaged_is_named(run, tmp_path):
    assert run().code == 0
    (folder,) = find_runs(tmp_path / "out")
    for name in ("result.json", "run.json", "metrics.jsonl"):
        whole = (folder.path / name).read_bytes()
        (folder.path / name).write_bytes(whole[:-40])
        again = run()
        assert again.code == 2
        assert f"{name} is damaged" in again.errors
        (folder.path / name).write_bytes(whole)
    assert run().code == 0


def test_force_sets_the_old_run_aside(tmp_path):
    folder = RunFolder(tmp_path / "study" / "char-tiny-s1-abc")
    set_aside(folder)  # nothing there yet
    for number in (1, 2):
        folder.path.mkdir(parents=True)
        (folder.path / "result.json").write_text(str(number))
        set_aside(folder)
        aside = tmp_path / "study" / ".aside" / f"{folder.name}.{number}"
        assert (aside / "result.json").read_text() == str(number)
        assert not folder.path.exists()
    with folder.lock(), pytest.raises(Locked):
        set_aside(folder)


def _can_be_sampled(folder: RunFolder, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = [str(folder.path), "--prompt", "The cat", "--length", "30", "--number", "2", "--seed", "4"]
    pages = []
    for _ in range(2):
        assert sample.main(arguments) == 0
        pages.append(capsys.readouterr().out)
    assert pages[0] == pages[1]
    assert pages[0].count("The cat") >= 2
    whole = folder.checkpoint_path.read_bytes()
    folder.checkpoint_path.write_bytes(whole[:1000])
    assert sample.main(arguments) == 2
    assert "cannot be read" in capsys.readouterr().err
    folder.checkpoint_path.write_bytes(whole)


def _is_whole(folder: RunFolder) -> None:
    record, result = folder.run(), folder.result()
    assert folder.name.endswith(identity_hash(record["identity"])[:8])
    assert result["bits_per_byte"] > 0
    assert result["iters"] == 6
    assert [row["step"] for row in folder.metrics() if row["kind"] == "eval"] == [0, 3, 6]
    assert [row["step"] for row in folder.metrics() if row["kind"] == "train"] == [1, 2, 3, 4, 5, 6]
    scores = folder.scores()
    assert sum(scores["block_bytes"]) == record["corpus"]["val_bytes"]
    bits = sum(scores["bits_tokens"]) + sum(scores["bits_residual"])
    assert bits == pytest.approx(result["bits_per_byte"] * record["corpus"]["val_bytes"])
    for key, blocks in scores["bits_baselines"].items():
        assert len(blocks) == len(scores["block_bytes"])
        counted = result["baselines"][key]["bits_per_byte"] * record["corpus"]["val_bytes"]
        assert sum(blocks) == pytest.approx(counted)
    assert len(scores["bits_baselines"]) == 2  # the best of each family of Kneser-Ney
    assert result["texts"][0]["name"] == "emoji"
    assert all(path.stat().st_size for path in (folder.samples_path, folder.curves_path))


def test_a_whole_run_is_the_same_with_one_and_with_two_workers(run, tmp_path):
    """At the default model's size, where each process has many stretches of memory to update."""
    shape = ("model=small", "model.block_size=16", "budget.iters=4", "train.eval_interval=4")
    folders = []
    for workers in (1, 2):
        ended = run(*shape, "optimizer.lr=1e-2", f"train.workers={workers}", f"study=with{workers}")
        assert ended.code == 0, ended.errors
        folders += find_runs(tmp_path / "out" / f"with{workers}")
    one, two = (results(folder) for folder in folders)
    assert one == two
    assert folders[0].name == folders[1].name


@pytest.mark.parametrize(
    ("overrides", "expected"),
    [
        (("tokenizer=char,bqe",), "tokenizer=bqe is not possible"),
        (("model.n_head=2,3",), "model.n_head=3 is not possible: it may be a divisor of n_embd=16"),
        (("data=file", "data.path=/no/such/file"), "/no/such/file cannot be read"),
        (("data=file",), "needs the path of a text: give data.path=..."),
        (("data.sha256=abc",), "not data.sha256=abc: use the text that was meant"),
        (("model=5",), "model=5 is not possible: model may be"),
        (("optimizer.lr=1e-3,fast",), "optimizer.lr=fast is not possible: it may be a number"),
        (("eval.texts=[a],5",), "eval.texts=[a],5 is not possible: it may be a list of texts"),
        (("study=a,b",), "study=a,b is not possible: it may be one study"),
    ],
)
def test_a_refused_command_does_nothing_and_says_why(run, tmp_path, overrides, expected):
    refused = run(*overrides)
    assert refused.code == 2
    assert expected in refused.errors
    assert len(refused.errors.strip().splitlines()) == 1
    assert find_runs(tmp_path / "out") == []


def test_help_names_choices_and_every_key_with_its_default_and_meaning(run):
    page = run("--help", "tokenizer=bpe").out
    for expected in (
        *("tokenizer: bpe, bpe-bytefallback", "experiment=shakespeare", "force=true", "study=default "),
        *("tokenizer.name=char ", "eval.texts=[]", "optimizer.grad_clip=1 ", r"sample.prompt=\n "),
        *("NUMPYGPT_DATA", "NUMPYGPT_CACHE"),
    ):
        assert expected in page
    for key, own in settings().items():
        assert own.metadata["help"]
        assert re.search(rf"\n{re.escape(key)}=.*  {re.escape(own.metadata['help'])}\n", page)
