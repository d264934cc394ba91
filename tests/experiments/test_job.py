"""One run: what it refuses at its end, and what it keeps of its beginning."""

import hashlib
import re
import signal
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from analysis.reports import write_report
from experiments.cli.eval_texts import text_path
from experiments.configuration.build import build_corpus, decided
from experiments.configuration.identity import run_folder
from experiments.runner import budget, environment, job, measures, results, samples
from experiments.runner.interrupts import Interrupted, StopRequests, stop_requests
from experiments.runner.job import execute
from experiments.runner.measures import MAX_TRAIN_BYTES, MAX_VAL_BYTES, corpus_baselines
from experiments.runner.progress import Reporter
from experiments.runner.results import context_metrics
from experiments.runner.texts import Texts, prepare_texts
from numpygpt.data import resolve
from numpygpt.errors import UserError
from numpygpt.measures.bits.source import Source
from numpygpt.runs import RunFolder
from numpygpt.tokenizers.char import CharTokenizer
from numpygpt.tokenizers.foreign.custom import CustomTokenizer
from numpygpt.training import Text, Trainer
from numpygpt.training.checkpoints import TrainState

WORDS = ("grün ", "häuser ", "sind ", "schön.\n", "天地 ", "und ", "玄黄\n")


@pytest.fixture
def corpus(tmp_path) -> Path:
    path = tmp_path / "text.txt"
    order = np.random.default_rng(5).integers(0, len(WORDS), 2000)
    path.write_text("".join(WORDS[k] for k in order), encoding="utf-8")
    return path


@pytest.fixture
def configured(composer, corpus, tmp_path, monkeypatch):
    """configured(*overrides) -> the configuration of a tiny run on the small text, of which no curves are drawn."""
    monkeypatch.setattr("analysis.figures.draw_curves", lambda folder: None)

    def made(*overrides: str):
        config = composer(
            *("tokenizer=char", "model=tiny", "data=file", f"data.path='{corpus}'", f"outputs='{tmp_path}'"),
            *(
                "budget=iters",
                "budget.iters=6",
                "optimizer=adamw",
                "optimizer.warmup_ratio=0.1",
                "train.eval_interval=3",
                "train.eval_windows=4",
            ),
            *("train.workers=1", "sample.tokens=5", "sample.number=1"),
            *("eval.texts=[]", *overrides),
        )
        return replace(config, data=decided(config.data, build_corpus(config.data)))

    return made


@pytest.mark.parametrize(
    ("kind", "key", "amount", "expected"),
    [
        ("iters", "iters", 6, 6),
        ("text", "chars", 1e6, round(1e6 / 2.5 / 768)),
        ("flops", "flops", 1e12, 200),
        ("seconds", "seconds", 60, 3000),
    ],
)
def test_budgets_are_numbers_of_updates(configured, monkeypatch, kind, key, amount, expected):
    monkeypatch.setattr(budget, "tokens_per_update", lambda *_: 768)
    monkeypatch.setattr(budget, "flops_per_update", lambda *_: 5e9)
    monkeypatch.setattr(budget, "_seconds_per_update", lambda *_: 0.02)
    monkeypatch.setattr(budget.build, "build_optimizer", lambda *_: None)
    texts, model = (SimpleNamespace(**{name: 2.5}) for name in ("chars_per_token", "config"))
    config = configured(f"budget={kind}", f"budget.{key}={amount}")
    assert budget.updates(config, texts, model) == expected
    if kind != "iters":
        with pytest.raises(UserError, match=rf"budget\.{key} allows 0\.\d\d updates"):
            budget.updates(configured(f"budget={kind}", f"budget.{key}={amount / 1e4}"), texts, model)


def test_weights_that_are_lost_in_the_last_update_are_a_divergence_and_not_kept(configured):
    config = configured("budget.iters=1", "optimizer.warmup_ratio=0", "optimizer.lr=3e38")
    for _ in range(2):  # the second time, too
        assert execute(config, Reporter()) == "failed"
        failure = run_folder(config).failure()
        assert failure is not None
        assert failure["status"] == "diverged"
    assert not run_folder(config).checkpoint_path.exists()


def test_a_text_is_recorded_with_the_content_that_was_scored(configured, tmp_path, monkeypatch):
    mine = tmp_path / "mine.txt"
    mine.write_text("grün und schön", encoding="utf-8")
    config = configured(f"eval.texts=['{mine}']")
    folder, run_to_the_end = run_folder(config), Trainer.run

    def run_and_edit(trainer: Trainer):
        mine.write_text("grau und schön", encoding="utf-8")
        return run_to_the_end(trainer)

    monkeypatch.setattr(Trainer, "run", run_and_edit)
    assert execute(config, Reporter()) == "done"
    result = folder.result()
    (scored,) = result["texts"]
    assert scored["sha256"] == hashlib.sha256("grau und schön".encode()).hexdigest()


def test_a_failure_is_written_down_before_the_run_is_let_go(configured, monkeypatch):
    held = []

    def note(folder: RunFolder, *_: str):
        held.append(folder.state())

    monkeypatch.setattr(RunFolder, "write_failure", note)
    assert execute(configured("optimizer.lr=3e38"), Reporter()) == "failed"
    assert held == ["running"]


def test_steadiness_does_not_depend_on_how_often_a_run_logs(configured):
    found = {}
    for interval in (10, 1, 3):
        config = configured(
            "budget.iters=24", "train.eval_interval=24", f"train.log_interval={interval}", "optimizer.lr=0.01",
            f"study=every{interval}",
        )  # fmt: skip
        assert execute(config, Reporter()) == "done"
        found[interval] = run_folder(config).result()["loss_spread"]
    assert found[10] == found[1] > 0
    assert np.isnan(found[3])


def test_a_worker_without_memory_is_no_bug(configured, monkeypatch):
    def start(*_):
        raise MemoryError

    monkeypatch.setattr(job, "Engine", start)
    config = configured()
    assert execute(config, Reporter()) == "failed"
    failure = run_folder(config).failure()
    assert failure is not None
    assert failure["status"] == "out of memory"
    assert failure["reason"].startswith("no memory left: try")


def test_a_tokenizer_that_comes_out_otherwise_does_not_go_on_under_old_weights(configured, monkeypatch):
    config = configured()
    with monkeypatch.context() as patch:
        patch.setattr(stop_requests, "signum", 15)
        with pytest.raises(Interrupted):
            execute(config, Reporter())
    folder = run_folder(config)
    saved = folder.tokenizer_path.read_bytes()
    folder.tokenizer_path.unlink()
    with monkeypatch.context() as patch:
        patch.setattr(CharTokenizer, "fingerprint", lambda self: "another")
        assert execute(config, Reporter()) == "failed"
    failure = folder.failure()
    assert failure is not None
    assert "came out otherwise than when this run began" in failure["reason"]
    assert execute(config, Reporter()) == "done"
    assert folder.tokenizer_path.read_bytes() == saved


def test_other_software_than_at_the_beginning_is_kept_and_said(configured, monkeypatch, capsys):
    config = configured()
    folder, took_part = run_folder(config), environment.environment()
    monkeypatch.setattr(environment, "environment", lambda: took_part)
    with monkeypatch.context() as patch:
        patch.setattr(stop_requests, "signum", 15)
        with pytest.raises(Interrupted):
            execute(config, Reporter())
    assert folder.run()["earlier"] == []
    monkeypatch.setattr(environment, "environment", lambda: {**took_part, "python": "3.99"})
    assert execute(config, Reporter()) == "done"
    (earlier,) = folder.run()["earlier"]
    assert earlier["environment"]["python"] == took_part["python"]
    assert folder.run()["environment"]["python"] == "3.99"
    assert "it goes on with other software" in capsys.readouterr().out


def test_of_blas_only_that_of_numpy_is_kept():
    import scipy.linalg  # noqa: F401  (which brings its own)

    assert len(environment.environment()["blas"]) == 1


def test_code_that_is_not_known_is_no_other_code():
    """As where a run goes on inside a container that has no git."""
    now = {"environment": {"python": "3.12"}, "git": {"commit": "1", "trees": ["a", "b"], "changed": False}}
    unknown, changed = ({**now, "git": git} for git in ({}, {**now["git"], "changed": True}))
    assert environment.earlier_parts(now, unknown) == environment.earlier_parts(unknown, now) == []
    assert environment.earlier_parts(now, {**now, "git": {**now["git"], "commit": "2"}}) == []
    assert environment.earlier_parts(now, changed) == [now]


def test_context_is_counted_in_characters_not_in_bytes():
    def found(text: str) -> dict[str, float]:
        ends = np.cumsum([len(c.encode()) for c in text])
        ids = np.zeros(len(text), np.int32)
        val = Text(ids, int(ends[-1]), len(text))
        return context_metrics(Texts(*(None,) * 5, val, Source(text, ids, ends)), 8)  # type: ignore[arg-type]

    assert found("a" * 40 + "天" * 60) == found("a" * 100)
    assert found("a" * 100)["context_chars_min"] == 5


def test_what_training_on_has_cost_is_measured_on_the_same_windows():
    val = Text(np.zeros(10, np.int32), 40, 40)
    losses = [{"kind": "eval", "val_bpb": val.bits_per_byte(loss)} for loss in (5.0, 2.0, 3.0)]
    rows = [*losses, {"kind": "train"}]
    texts = Texts(*(None,) * 5, val, None)  # type: ignore[arg-type]
    found = results.best_evaluation(texts, TrainState(best_val_loss=2.0, best_step=1), rows)
    assert found["lost_since_best_bits_per_byte"] == pytest.approx(val.bits_per_byte(1.0))


def test_baselines_of_a_long_text_say_that_they_are_of_excerpts(tmp_path, monkeypatch):
    monkeypatch.setenv("NUMPYGPT_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr("experiments.runner.measures.baselines", lambda train, val: [])
    monkeypatch.setattr("experiments.runner.measures.as_result", lambda rows: {"gzip": {"history": "all"}})
    for n_bytes, val_fraction, said in (
        (30_000_000, 0.1, "the last 16 MB of the training text and the beginning of the validation text"),
        (10_000_000, 0.5, "the beginning of the validation text"),
        (1_000_000, 0.1, ""),
    ):
        path = tmp_path / f"{n_bytes}.txt"
        path.write_bytes(b"To be or not to be, " * (n_bytes // 20))
        parts = resolve("file", str(path)).parts(val_fraction)
        assert (parts[0].n_bytes > MAX_TRAIN_BYTES, parts[1].n_bytes > MAX_VAL_BYTES) == (
            "16 MB" in said,
            "beginning" in said,
        )
        assert corpus_baselines(*parts)["baselines"]["gzip"]["excerpts"] == said


def test_a_fault_after_the_last_update_costs_its_figure_and_not_the_run(configured, monkeypatch, capsys):
    def fault(*_):
        raise OverflowError("too much")

    for name in ("context_metrics", "overfitting_metrics", "passages", "parts_of"):
        monkeypatch.setattr(results, name, fault)
    monkeypatch.setattr("analysis.figures.draw_curves", fault)
    for name in ("_tokenizer_metrics", "baselines", "scored"):
        monkeypatch.setattr(measures, name, fault)
    monkeypatch.setattr(samples, "draw_samples", fault)
    config = configured("eval.texts=[emoji,code]")
    config.eval.texts = [str(text_path(text)) for text in config.eval.texts]
    monkeypatch.setenv("NUMPYGPT_CACHE", str(run_folder(config).path.parent / "cache"))
    assert execute(config, Reporter()) == "done"
    result = run_folder(config).result()
    assert result["bits_per_byte"] > 0
    assert result["texts"] == [{"name": "emoji"}, {"name": "code"}]
    named = re.findall(r"measures: (.+)\n", capsys.readouterr().out)
    assert sorted(result["not_scored"]) == sorted(named)
    assert len(named) == 10
    assert all("too much" in why for why in result["not_scored"].values())
    assert "OverflowError" in (run_folder(config).path / "traceback.txt").read_text(encoding="utf-8")
    report = write_report(run_folder(config).path)
    page = report.page.read_text(encoding="utf-8")
    assert "text emoji not scored" in page
    assert f"{result['bits_per_byte']:.3f}" in page


class KeepsWhatItKnows:
    """Lossless on its training text, and refuses or changes what it was not made for."""

    def train(self, text):
        self.vocab_size = 0x500

    def encode(self, text):
        if "\x03\x02" in text:
            raise RuntimeError("a start of text after its end")
        return [ord(c) for c in text.replace("\f\n", "\n")]

    def decode(self, ids):
        return "".join("?" if 0xD800 <= id < 0xE000 else chr(id) for id in ids)  # no lone surrogates


@pytest.mark.parametrize(("override", "content", "lacking"), [
    ("eval.texts=['{mine}']", "page\f\npage", "text mine.txt"),
    ("eval.texts=['{mine}']", "a\x03\x02b", "text mine.txt"),
    ('sample.prompt="a\x03\x02b"', "", "samples"),
])  # fmt: skip
def test_what_the_tokenizer_does_not_take_costs_its_figure_and_not_the_run(
    configured, corpus, tmp_path, monkeypatch, override, content, lacking
):
    mine = tmp_path / "mine.txt"
    mine.write_text(content, encoding="utf-8", newline="")
    corpus.write_text("grün und schön.\n" * 200, encoding="utf-8")
    for module in ("contract", "custom"):
        monkeypatch.setattr(f"numpygpt.tokenizers.foreign.{module}.probes", list)
    config = configured(
        "tokenizer=custom", f"tokenizer.factory={__name__}:KeepsWhatItKnows", override.format(mine=mine)
    )
    assert execute(config, Reporter()) == "done"
    assert list(run_folder(config).result()["not_scored"]) == [lacking]


def test_a_saved_tokenizer_of_the_class_that_the_settings_name_is_taken(configured, corpus, monkeypatch):
    corpus.write_text("grün und schön.\n" * 200, encoding="utf-8")
    for module in ("contract", "custom"):
        monkeypatch.setattr(f"numpygpt.tokenizers.foreign.{module}.probes", list)
    config = configured("tokenizer=custom", f"tokenizer.factory={__name__}:KeepsWhatItKnows")
    folder, parts = run_folder(config), resolve("file", corpus).parts(0.1)
    folder.path.mkdir(parents=True)
    first = prepare_texts(config, parts, folder, None, Reporter()).tokenizer.fingerprint()
    monkeypatch.setattr(CustomTokenizer, "train", lambda *_: pytest.fail("fitted again"))
    assert prepare_texts(config, parts, folder, first, Reporter()).tokenizer.fingerprint() == first


# --- Signals that arrive where an exception is lost ---


class Finalized:
    def __init__(self, last):
        self.last = last

    def __del__(self):
        self.last()


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_stop_that_a_finalizer_swallows_is_found_by_whoever_looks_next():
    requests = StopRequests()
    with requests.handled():
        Finalized(lambda: signal.raise_signal(signal.SIGTERM))
        with pytest.raises(Interrupted, match="SIGTERM"), requests.polled():
            assert requests.requested()


def test_a_second_signal_after_a_moment_leaves_at_once(monkeypatch):
    def leave(code: int) -> None:
        raise SystemExit(code)

    def press_three_times() -> None:
        requests = StopRequests()
        with requests.handled(), requests.polled():
            signal.raise_signal(signal.SIGINT)
            signal.raise_signal(signal.SIGINT)  # the same press, passed on by somebody
            assert requests.requested()
            monkeypatch.setattr("experiments.runner.interrupts.ONE_PRESS", 0.0)
            signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr("os._exit", leave)
    with pytest.raises(SystemExit, match="130"):
        press_three_times()
