"""How long a sweep takes: guessed from how much work each run is, and from the pace of the runs that went on."""

import math
import time
from collections.abc import Callable, Sequence

from experiments.configuration import build
from experiments.configuration.schema import RunConfig, TokenizerConfig
from numpygpt.measures.cost import train_flops_per_token

EXCERPT = 200_000  # characters of the text from which a tokenizer's vocabulary and tokens are guessed
BESIDE = 0.1  # of a run's training: what it does besides, until one has ended
SURE = 2.0  # seconds of training that tell a pace


class Forecast:
    """Seconds that a sweep still takes, run by run. `works`: of each run in its order, in any common unit."""

    def __init__(self, works: Sequence[float], clock: Callable[[], float] = time.monotonic) -> None:
        self.works, self._clock = works, clock
        self.begun = self._ended = 0
        self._running = self._announced = False
        self._share_left = 0.0  # of the run that goes on
        self.worked = self._trained = self._beside = 0.0
        self._started = self._seen = math.nan

    def start(self) -> None:
        self.begun, self._running = self.begun + 1, True
        self._started, self._seen, self._share_left = self._clock(), math.nan, 1.0
        self._trained_before = self._trained

    def row(self, share_left: float) -> None:
        """A row of metrics, with this share of the run's updates to do: time counts from the first one on."""
        now = self._clock()
        if math.isfinite(self._seen):
            self._trained += now - self._seen
            self.worked += (self._share_left - share_left) * self.works[self.begun - 1]
        self._seen, self._share_left = now, share_left

    def end(self) -> None:
        self._beside += self._clock() - self._started - (self._trained - self._trained_before)
        self._ended, self._share_left, self._running = self._ended + 1, 0.0, False

    @property
    def seconds_left(self) -> float:
        """NaN before anything is known."""
        if self._trained < SURE or self.worked <= 0:
            return math.nan
        current = self.works[self.begun - 1]
        pace = self._trained / self.worked
        training = pace * (self._share_left * current + sum(self.works[self.begun :]))
        coming = len(self.works) - self.begun + self._running
        if self._ended:
            return training + coming * self._beside / self._ended
        return training + BESIDE * pace * sum(self.works)

    @property
    def place(self) -> str:
        """`run 2 of 3`; nothing for a run alone."""
        return f"run {self.begun} of {len(self.works)}" if len(self.works) > 1 else ""

    @property
    def left(self) -> str:
        """`about 2 min left in all`; nothing where nothing is known, or for a run alone."""
        known = len(self.works) > 1 and math.isfinite(self.seconds_left)
        return f"{about(self.seconds_left)} left in all" if known else ""

    def announcement(self) -> str:
        """`about 4 min for 3 runs`, once, as soon as it is known; else nothing."""
        if self._announced or not self.left:
            return ""
        self._announced = True
        return f"{about(self.seconds_left)} for {len(self.works)} runs"


def about(seconds: float) -> str:
    """`about 40 s`, `about 4 min`, `about 2.5 h`."""
    if seconds < 90:
        return f"about {max(10 * math.ceil(seconds / 10), 10)} s"
    return f"about {seconds / 60:.0f} min" if seconds < 5400 else f"about {seconds / 3600:.1f} h"


def works(configs: Sequence[RunConfig]) -> list[float]:
    """How much each run has to train: in seconds if the budget is, else in operations of its passes.

    Its tokenizer is fitted on the beginning of the text, once per tokenizer. Where that fails (the run itself will
    say why), runs count alike.
    """
    seen: dict[str, tuple[int, float]] = {}
    try:
        for config in configs:
            if str(config.tokenizer) not in seen:
                train, _ = build.corpus_parts(build.build_corpus(config.data), vars(config.data))
                seen[str(config.tokenizer)] = _tokens(config.tokenizer, next(train.chunks())[:EXCERPT])
        return [_work(config, *seen[str(config.tokenizer)]) for config in configs]
    except Exception:
        return [1.0] * len(configs)


def _tokens(config: TokenizerConfig, text: str) -> tuple[int, float]:
    """Its vocabulary, and characters per token."""
    tokenizer = build.build_tokenizer(config)
    tokenizer.train([text])
    return tokenizer.vocab_size, len(text) / len(tokenizer.encode(text))


def _work(config: RunConfig, vocab_size: int, chars_per_token: float) -> float:
    budget, amount = config.budget, config.budget.amount
    if budget.kind not in ("text", "iters"):
        return amount  # which is as much for every run
    shape = build.gpt_config(config.model, vocab_size, chars_per_token)
    tokens = amount / chars_per_token
    if budget.kind == "iters":
        tokens = amount * config.train.batch_size * config.train.grad_accum * shape.block_size
    return tokens * train_flops_per_token(shape.n_layer, shape.n_embd, shape.block_size, vocab_size)
