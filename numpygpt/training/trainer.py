"""The training loop."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from numpygpt.data.batches import fixed_batches, sample_batch
from numpygpt.errors import UserError
from numpygpt.optim import Optimizer, Schedule, clip_factor
from numpygpt.optim.optimizer import Array
from numpygpt.streams import generator
from numpygpt.training import checkpoints
from numpygpt.training.checkpoints import TrainState
from numpygpt.training.engine import Engine
from numpygpt.training.evaluation import mean_loss
from numpygpt.training.slice_runner import Batch

EXPLODED = 10.0  # nats above the first loss: nothing comes back from there


class Diverged(UserError):
    """The loss is not a number any more, or has exploded."""

    def __init__(self, what: str) -> None:
        super().__init__(f"{what}: try a lower optimizer.lr")


class Interrupted(Exception):
    """Training was asked to stop; a checkpoint has been written."""


@dataclass(frozen=True)
class TrainConfig:
    """How to train; the model, the optimizer and the schedule are objects of their own.

    iters: updates. batch_size: sequences per micro-batch; grad_accum micro-batches make an update. Intervals are
    in updates. eval_windows: windows per evaluation, evenly spaced over each text. grad_clip: largest norm of
    the gradient, None for no clipping.
    """

    iters: int
    batch_size: int = 16
    grad_accum: int = 1
    grad_clip: float | None = 1.0
    eval_interval: int = 200
    eval_windows: int = 128
    log_interval: int = 10
    checkpoint_interval: int = 1000
    checkpoint_seconds: float = 300.0
    seed: int = 0


@dataclass(frozen=True)
class Text:
    """A tokenised text: ids (n,), and what turns nats per token into bits per byte.

    n_bytes and n_chars are of the source text; residual_bits is what its tokens leave out (0 if lossless).
    """

    ids: Array
    n_bytes: int
    n_chars: int
    residual_bits: float = 0.0

    def bits_per_byte(self, nats_per_token: float) -> float:
        return (nats_per_token / math.log(2) * len(self.ids) + self.residual_bits) / self.n_bytes


Row = dict[str, Any]


class Trainer:
    """Runs updates from where `state` stands to `config.iters`.

    on_row is handed each row of metrics as it arises: "train" rows per log_interval, "eval" rows per
    eval_interval and before the first and after the last update. should_stop is asked after each update.
    before_save is called before each checkpoint, which counts the rows handed out: they must be kept by then.
    """

    def __init__(
        self,
        engine: Engine,
        optimizer: Optimizer,
        schedule: Schedule,
        train: Text,
        val: Text,
        config: TrainConfig,
        *,
        on_row: Callable[[Row], None] = lambda row: None,
        should_stop: Callable[[], bool] = lambda: False,
        before_save: Callable[[], None] = lambda: None,
        checkpoint_path: Path | None = None,
    ) -> None:
        self.engine, self.optimizer, self.schedule = engine, optimizer, schedule
        self.train_text, self.val_text, self.config = train, val, config
        self.on_row, self.should_stop = on_row, should_stop
        self.before_save, self.checkpoint_path = before_save, checkpoint_path
        self.state = TrainState()
        self._eval_batches = {"train": self._fixed_batches(train), "val": self._fixed_batches(val)}
        self._saved_at = time.monotonic()

    def _fixed_batches(self, text: Text) -> list[Batch]:
        """Evaluation windows in batches of a slice's size, so that they fit the memory of training."""
        size = -(-self.config.batch_size // self.engine.n_slices)
        block_size = self.engine.model.config.block_size
        x, y = fixed_batches(text.ids, self.config.eval_windows, block_size)
        return [(x[i : i + size], y[i : i + size]) for i in range(0, len(x), size)]

    def resume(self) -> bool:
        """Take up the checkpoint, if there is one."""
        if self.checkpoint_path is None or not self.checkpoint_path.exists():
            return False
        self.state = checkpoints.load(self.checkpoint_path, self.engine.model, self.optimizer)
        return True

    def run(self) -> TrainState:
        """Train to the end. Raises Diverged, or Interrupted after writing a checkpoint."""
        if self.state.step == 0:
            self._evaluate()
        while self.state.step < self.config.iters:
            self._update()
            step = self.state.step
            if step % self.config.eval_interval == 0 or step == self.config.iters:
                self._evaluate()
            if self.should_stop() and step < self.config.iters:
                self.save()
                raise Interrupted(f"stopped after {step} of {self.config.iters} updates")
            if self._checkpoint_is_due():
                self.save()
        return self.state

    def save(self) -> None:
        if self.checkpoint_path is not None:
            self.before_save()
            checkpoints.save(self.checkpoint_path, self.engine.model, self.optimizer, self.state)
        self._saved_at = time.monotonic()

    def _update(self) -> None:
        """One update, and its row of metrics if one is due."""
        c, step = self.config, self.state.step
        started = time.perf_counter()
        batches = self._batches(step)
        loss, norm = self.engine.gradients(batches, (c.seed, step))
        if step == 0:
            self.state.first_loss = loss
        self._require_sane(loss, norm)
        lr, factor = self.schedule(step), clip_factor(norm, c.grad_clip)
        self.engine.step(self.optimizer, lr, factor)
        self.state.step = step + 1
        self.state.seconds += time.perf_counter() - started
        if step % c.log_interval == 0 or step + 1 == c.iters:
            self._emit("train", loss=loss, lr=lr, grad_norm=norm, clipped=factor < 1)
        self.state.n_clipped += factor < 1

    def _batches(self, step: int) -> list[Batch]:
        c, rng = self.config, generator(self.config.seed, "data", step)
        block_size = self.engine.model.config.block_size
        return [sample_batch(self.train_text.ids, c.batch_size, block_size, rng) for _ in range(c.grad_accum)]

    def _require_sane(self, loss: float, norm: float) -> None:
        """Raises Diverged if the update under way must not be made."""
        first, step = self.state.first_loss, self.state.step + 1
        if not (math.isfinite(loss) and math.isfinite(norm)):
            raise Diverged(f"the loss or its gradient is not a number at update {step}")
        if loss > first + EXPLODED:
            raise Diverged(f"the loss rose from {first:.2f} to {loss:.2f} by update {step}")

    def _evaluate(self) -> None:
        losses = {name: mean_loss(self.engine, batches) for name, batches in self._eval_batches.items()}
        if not math.isfinite(losses["train"] + losses["val"]):
            raise Diverged(f"the loss is not a number after update {self.state.step}")
        if losses["val"] < self.state.best_val_loss:
            self.state.best_val_loss, self.state.best_step = losses["val"], self.state.step
        self._emit(
            "eval",
            train_loss=losses["train"],
            val_loss=losses["val"],
            train_bpb=self.train_text.bits_per_byte(losses["train"]),
            val_bpb=self.val_text.bits_per_byte(losses["val"]),
        )

    def _emit(self, kind: str, **values: Any) -> None:
        """Hand out a row: the step counts updates done; tokens, chars and seconds are what they took in all."""
        step, seconds = self.state.step, self.state.seconds
        tokens = step * self.tokens_per_update
        chars = tokens * self.train_text.n_chars / len(self.train_text.ids)
        row = {"step": step, "kind": kind, **values, "tokens": tokens, "chars": chars, "seconds": seconds}
        self.on_row(row)
        self.state.rows += 1

    @property
    def tokens_per_update(self) -> int:
        return self.config.batch_size * self.config.grad_accum * self.engine.model.config.block_size

    def _checkpoint_is_due(self) -> bool:
        by_step = self.state.step % self.config.checkpoint_interval == 0
        return by_step or time.monotonic() - self._saved_at > self.config.checkpoint_seconds


def seconds_per_update(trainer: Trainer, n: int = 20) -> float:
    """Median time of n updates. They change the model: measure on one that is thrown away."""
    times = []
    for _ in range(n):
        before = trainer.state.seconds
        trainer._update()
        times.append(trainer.state.seconds - before)
    return float(np.median(times))
