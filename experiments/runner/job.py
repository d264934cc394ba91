"""One run: from a configuration to a finished run folder, or to a recorded failure."""

import time
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from typing import Any

from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException

from experiments.configuration import build
from experiments.configuration.identity import identity, run_folder
from experiments.configuration.schema import RunConfig, SampleConfig, to_config
from experiments.configuration.validation import check
from experiments.runner.budget import require_memory, updates
from experiments.runner.environment import PeakMemory, earlier_parts, run_record
from experiments.runner.failures import failure_of, record_failure
from experiments.runner.interrupts import Interrupted, stop_requests
from experiments.runner.progress import Reporter, shown
from experiments.runner.texts import Texts, prepare_texts
from experiments.trained.scoring import held_finished
from numpygpt.data import Part
from numpygpt.errors import UserError
from numpygpt.files import Locked
from numpygpt.printing import print_anything
from numpygpt.runs import RunFolder
from numpygpt.training import Engine, Trainer
from numpygpt.training import Interrupted as TrainingInterrupted


def job(composed: Any) -> RunFolder:
    """The run of a composed configuration, done or not: it fails by a record in its folder, not by raising.

    Raises UserError if the configuration itself is refused, Interrupted if a signal stopped the run.
    """
    print_anything()
    config = to_config(composed)
    check(config)
    if config.data.sha256 is None:  # not planned by a sweep
        config = replace(config, data=build.decided(config.data, build.build_corpus(config.data)))
    with stop_requests.handled(), shown(live=False) as reporter:
        execute(config, reporter)
    return run_folder(config)


def execute(config: RunConfig, reporter: Reporter) -> str:
    """Does the run unless it is done or another process is at it: "done", "running" or "failed"."""
    folder = run_folder(config)
    reporter.start(folder.name)
    try:
        with folder.lock():
            try:
                if folder.state() != "done":
                    folder.clear_failure()
                    # Of overflows nobody is warned: a loss that is not a number is found anyway.
                    with warnings.catch_warnings():
                        warnings.simplefilter("ignore", RuntimeWarning)
                        run_job(config, folder, reporter)
                reporter.done(folder.result())
                return "done"
            except Exception as error:  # written down while the lock is held
                reporter.failed(*record_failure(folder, error))
    except Locked as error:
        reporter.note(str(error))
        return "running"
    except (UserError, OSError) as error:  # no folder can be made, or no lock in it
        reporter.failed(*failure_of(error))
    return "failed"


def measure_again(folders: Sequence[RunFolder], settings: Sequence[str]) -> list[UserError]:
    """Scores and measures of finished runs anew, from their trained weights; `settings`: sample.KEY=VALUE.

    Returns the faults of single runs, which do not keep the others from being measured.
    """
    faults = []
    with shown(len(folders)) as reporter:
        for folder in folders:
            try:
                config = recorded_config(folder.run()["config"], settings)
                check(config)
                reporter.start(folder.name)
                with held_finished(folder):
                    run_job(config, folder, reporter)
                    reporter.done(folder.result())
            except UserError as error:
                faults.append(error)
    return faults


def recorded_config(values: Mapping[str, Any], settings: Sequence[str] = ()) -> RunConfig:
    """The configuration that run.json holds, with other settings of samples (`sample.KEY=VALUE`)."""
    config = RunConfig()
    for key, value in values.items():
        if hasattr(config, key):  # older runs hold settings that are gone
            setattr(config, key, replace(getattr(config, key), **value) if isinstance(value, dict) else value)
    try:
        asked = OmegaConf.from_dotlist([setting.removeprefix("sample.") for setting in settings])
        sample: Any = OmegaConf.to_object(OmegaConf.merge(config.sample, asked))
    except OmegaConfBaseException as error:
        allowed = ", ".join(f"sample.{own.name}" for own in fields(SampleConfig))
        raise UserError(f"{' '.join(settings)} is not possible: it may set {allowed}") from error
    return replace(config, sample=sample)


def run_job(config: RunConfig, folder: RunFolder, reporter: Reporter) -> None:
    """Corpus, tokenizer, tokens, model, training, scores; the caller holds the folder's lock."""
    started, memory = time.perf_counter(), PeakMemory()
    reporter.phase("reading the text")
    parts = build.corpus_parts(build.build_corpus(config.data), vars(config.data))
    record = _begin(config, folder, parts, reporter)
    require_memory(config.model)
    texts = prepare_texts(config, parts, folder, record["resolved"].get("tokenizer_fingerprint"), reporter)
    model = build.build_model(config.model, config.seed, texts.tokenizer.vocab_size, texts.chars_per_token)
    reporter.model(model.config.vocab_size, model.n_params(), model.n_params_embedding())
    iters = _resolve(config, folder, record, texts, model)
    with Engine(model, config.train.slices, config.train.workers) as engine:
        with stop_requests.polled():

            def on_row(row: dict[str, Any]) -> None:
                folder.append_metrics(row)
                reporter.row(row)

            optimizer = build.build_optimizer(config.optimizer, engine.model)
            schedule = build.build_schedule(config.optimizer, iters)
            settings = build.train_config(config, iters)
            trainer = Trainer(
                engine, optimizer, schedule, texts.train, texts.val, settings, on_row=on_row,
                should_stop=stop_requests.requested, before_save=folder.sync_metrics,
                checkpoint_path=folder.checkpoint_path,
            )  # fmt: skip
            started -= _train(trainer, folder, reporter)
        from experiments.runner.results import TrainedRun, finish

        finish(TrainedRun(config, folder, texts, trainer, reporter), memory, started)


def _begin(
    config: RunConfig, folder: RunFolder, parts: tuple[Part, Part], reporter: Reporter
) -> dict[str, Any]:
    """Writes run.json; what an interrupted run had decided (`resolved`) is kept, and on what it ran (`earlier`).

    Of a finished run, which is measured again, all is kept but the settings of its samples.
    """
    before = {}
    if (folder.path / "run.json").exists() and folder.checkpoint_path.exists():
        before = folder.run()
    record = run_record(folder.name, identity(config), config, *parts)
    if before and folder.state() == "done":
        record = before | {"config": record["config"]}
        folder.create(record)
        return record
    record["resolved"] = before.get("resolved", {})
    record["earlier"] = earlier_parts(before, record)
    if len(record["earlier"]) > len(before.get("earlier", [])):
        reporter.note("it goes on with other software, or on another machine, than it began: bits may differ")
    folder.create(record)
    return record


def _resolve(config: RunConfig, folder: RunFolder, record: dict[str, Any], texts: Texts, model: Any) -> int:
    """The number of updates that the budget allows, decided once and written to run.json."""
    if "iters" not in record["resolved"]:
        iters = updates(config, texts, model)
        record["resolved"] = {
            "iters": iters,
            "schedule_iters": build.schedule_iters(config.optimizer, iters),
            "block_size": model.config.block_size,
            "vocab_size": model.config.vocab_size,
            "tokenizer_fingerprint": texts.tokenizer.fingerprint(),
        }
        folder.create(record)
    return int(record["resolved"]["iters"])


def _train(trainer: Trainer, folder: RunFolder, reporter: Reporter) -> float:
    """Trains from the last checkpoint, if there is one, and leaves the trained model as the last one.

    Returns the seconds of training that lay before that checkpoint.
    """
    done = trainer.state.step if trainer.resume() else -1  # -1: not even the first evaluation
    seconds_before = trainer.state.seconds
    folder.drop_metrics_after(done, trainer.state.rows)
    text = trainer.train_text
    lossless = text.residual_bits < text.n_bytes / 1000  # char, too, which leaves out one end of text
    if done == trainer.config.iters:
        return seconds_before
    reporter.training(trainer.config.iters, max(done, 0), lossless)
    try:
        trainer.run()
    except TrainingInterrupted as error:
        raise Interrupted(stop_requests.signum or 2) from error
    trainer.save()
    return seconds_before
