"""From a text and a limit of minutes to the runs that tell which tokenizer to take, by shorter sweeps before them.

rehearsals  a few updates of each setting: what it costs, and whether it can be run at all
trials      one seed, judged on the development text: the better size of each tokenizer, and when to stop

They lie in a study of their own. What they come to is kept in plan.json, so that the same command, or one with
further seeds or fewer tokenizers, means the same runs.
"""

import json
import math
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from analysis.inference.cautions import counted
from analysis.inference.pairs import SMALL
from analysis.inference.uncertainty import MIN_BLOCKS
from experiments.configuration.build import build_corpus
from experiments.configuration.identity import identity, identity_hash
from experiments.configuration.schema import BPES, RunConfig, outputs_folder
from experiments.runner.budget import TIMED_UPDATES
from experiments.runner.interrupts import stop_requests
from experiments.runner.measures import corpus_baselines
from experiments.runner.progress import about
from experiments.sweeping.plan import PlannedRun, Planner
from numpygpt.errors import UserError
from numpygpt.files import replacing
from numpygpt.measures.bits.scores import block_edges

SPENT = 0.85  # share of the time left that is given away: evaluations and the report come on top
LEAST_UPDATES = 100  # of a run that is worth its time
VAL_BYTES = 64_000, 512_000  # judged, where a tenth of the text would be less or more
MOST_VAL = 0.3  # of the text


@dataclass(frozen=True)
class Tried:
    """A finished rehearsal or trial of a setting (by its hash), with what was added to it; seconds beside training,
    and per character; bits per byte of the judged text, had it stopped at its best evaluation.
    """

    setting: str
    added: list[str]
    result: dict[str, Any]

    @property
    def beside(self) -> float:
        return float(self.result["total_seconds"] - self.result["train_seconds"])

    @property
    def per_char(self) -> float:
        return float(self.result["train_seconds"] / self.result["chars_seen"])

    @property
    def bits(self) -> float:
        return float(self.result["bits_per_byte"] - self.result["lost_since_best_bits_per_byte"])


class Choice:
    """`typed`: the runs of the command line, under any budget and size.   launch: does those that are to do"""

    def __init__(
        self, planner: Planner, typed: Sequence[PlannedRun], launch: Callable[[Sequence[PlannedRun]], object]
    ) -> None:
        self.planner, self.launch, self.config = planner, launch, typed[0].config
        self.minutes = self.config.choose.minutes or 0
        self.deadline = time.monotonic() + 60 * self.minutes
        self.settings = {_hash(run.config): run for run in typed}
        self.seeds = list(dict.fromkeys(run.config.seed for run in typed))

    def lines(self) -> list[list[str]]:
        """The overrides of the runs that count, of the first seed first, after all that had to be tried for it.

        Raises UserError for a text too short to rank on, before anything is trained; for too few minutes; and if
        no setting can be run.
        """
        data, size = fitted_to_text(self.config, next(iter(self.settings.values())).overrides)
        path = outputs_folder(self.config) / self.config.study / "plan.json"
        plans = json.loads(path.read_text("utf-8")) if path.exists() and not self.config.force else []
        plan = next((plan for plan in plans if self._serves(plan)), None)
        if plan is None:
            plans.append(plan := {"minutes": self.minutes, "added": dict.fromkeys(self.settings)})
        if "chars" not in plan:
            for _ in self._decide(plan, data, size):
                with replacing(path) as temporary:
                    temporary.write_text(json.dumps(plans, indent=1), "utf-8")
        counts = ["data.dev_fraction=0", *_budget("text", plan["chars"])]
        chosen = [(s, plan["added"][s]) for s in self.settings if plan["added"][s] is not None]
        return [self._line(*one, *counts, f"seed={seed}") for seed in self.seeds for one in chosen]

    def _serves(self, plan: dict[str, Any]) -> bool:
        """A plan for these settings, or for more; one whose trials were interrupted is for the same alone."""
        there, asked = plan["added"].keys(), self.settings.keys()
        return plan["minutes"] == self.minutes and (asked <= there if "chars" in plan else asked == there)

    def _line(self, setting: str, added: Sequence[str], *more: str) -> list[str]:
        """Over what was typed; a later value counts."""
        return [*self.settings[setting].overrides, *added, *more]

    def _decide(self, plan: dict[str, Any], data: Sequence[str], size: int) -> Iterator[None]:
        """Adds to `plan`, and yields when it is to be kept: `trial_chars` of each trial; `chars` of each run that
        counts; under `added`, by setting, what makes its better size (None: it cannot be run).
        """
        tries = [(s, [*data, *more]) for s, run in self.settings.items() for more in sizes(run, size)]
        rehearsed = self._tried(tries, _budget("iters", TIMED_UPDATES))
        least = LEAST_UPDATES * max(t.result["chars_seen"] / t.result["iters"] for t in rehearsed)
        slower = {t.setting: t for t in sorted(rehearsed, key=lambda t: t.per_char)}
        runs = [*rehearsed, *(list(slower.values()) * len(self.seeds))]
        chars = plan.setdefault("trial_chars", self._affordable(runs))
        if chars < least:
            more = (least - chars) * sum(run.per_char for run in runs) / SPENT / 60
            raise UserError(
                f"choose.minutes={self.minutes:g} is not enough for {LEAST_UPDATES} updates of each run: type at "
                f"least choose.minutes={math.ceil(self.minutes + more)}, or fewer tokenizers"
            )
        yield
        _forecast(chars, runs)
        trials = self._tried([(t.setting, t.added) for t in rehearsed], _budget("text", chars))
        better = {t.setting: t for t in sorted(trials, key=lambda t: -t.bits)}
        runs, first = list(better.values()) * len(self.seeds), min(trials, key=lambda t: t.bits)
        affordable = max(self._affordable(runs), least)
        if first.result["lost_since_best_bits_per_byte"] > SMALL:
            affordable = min(
                affordable, max(chars * first.result["best_step"] / first.result["iters"], least)
            )
        plan["chars"] = float(f"{affordable:.3g}")
        plan["added"] |= {setting: t.added for setting, t in better.items()}
        yield
        _forecast(plan["chars"], runs)

    def _tried(self, tries: Sequence[tuple[str, list[str]]], budget: Sequence[str]) -> list[Tried]:
        """Those that could be done; the others are named. Raises UserError if none could."""
        dev = self.config.data.dev_fraction or 0.1
        common = f"study={self.config.study}-trials", f"data.dev_fraction={dev}", f"seed={self.seeds[0]}"
        runs = [self.planner.plan([self._line(*one, *common, *budget)])[0] for one in tries]
        self.launch(runs)
        stop_requests.raise_if_requested()
        found = []
        for one, run in zip(tries, runs, strict=True):
            if run.folder.state() == "done":
                found.append(Tried(*one, run.folder.result()))
            else:
                why = (run.folder.failure() or {}).get("reason", run.folder.state())
                print(f"left out: {run.folder.name}: {why}")
        if not found:
            raise UserError("no setting can be run: see above why")
        return found

    def _affordable(self, runs: Sequence[Tried]) -> float:
        """Characters that each of these runs may see in the time that is left."""
        left = SPENT * (self.deadline - time.monotonic()) - sum(run.beside for run in runs)
        return left / sum(run.per_char for run in runs)


def _forecast(chars: float, runs: Sequence[Tried]) -> None:
    seconds = sum(run.beside + chars * run.per_char for run in runs)
    print(f"forecast: {len(runs)} runs of {chars:,.0f} characters each, {about(seconds)}")


def fitted_to_text(config: RunConfig, overrides: Sequence[str]) -> tuple[list[str], int]:
    """How much of the text is for validation, as overrides (none where it was typed), and the smaller vocabulary.

    Raises UserError for a text too short to rank on.
    """
    corpus, fraction, typed = build_corpus(config.data), config.data.val_fraction, []
    if not any(override.startswith("data.val_fraction=") for override in overrides):
        least, most = (n_bytes / corpus.n_bytes for n_bytes in VAL_BYTES)
        fraction = float(f"{min(max(fraction, least), most, MOST_VAL):.3g}")
        typed = [f"data.val_fraction={fraction}"]
    train, val = corpus.parts(fraction)
    if (blocks := len(block_edges(val.text.encode())) - 1) < MIN_BLOCKS:
        raise UserError(
            f"{corpus.path} is too short to rank tokenizers on: {val.n_bytes:,} of its {corpus.n_bytes:,} bytes "
            f"are for validation, {counted(blocks, 'block')} of about 4 kB, and {MIN_BLOCKS} are needed: use a "
            f"text of {VAL_BYTES[0] / MOST_VAL / 1000:.0f} kB or more"
        )
    print("measuring the baselines, once per text (minutes, if it is long)")
    for dev_fraction in (config.data.dev_fraction or 0.1, 0.0):  # kept, so that they count as no run's time
        corpus_baselines(*corpus.parts(fraction, dev_fraction))
    alphabet = set[str]().union(*map(set, train.chunks()))
    room = math.ceil(math.log2(len(alphabet) + 300))  # 256 bytes, special tokens, some merges
    return typed, 2 ** max(room, round(math.log2(train.n_chars) / 2))


def sizes(run: PlannedRun, size: int) -> list[list[str]]:
    """What is to be added to a setting in order to try its sizes."""
    kind, typed = run.config.tokenizer.kind, any(o.startswith("tokenizer.vocab_size=") for o in run.overrides)
    if typed or kind not in ("word", *BPES, "unigram"):
        return [[]]
    return [[f"tokenizer.vocab_size={n}"] for n in ((8 * size,) if kind == "word" else (size, 4 * size))]


def _budget(kind: str, amount: float) -> list[str]:
    """Over whatever was typed: as a choice of its group, it would be a second one."""
    return [f"budget.kind={kind}", f"budget.{'chars' if kind == 'text' else kind}={amount}"]


def _hash(config: RunConfig) -> str:
    kept = {key: value for key, value in identity(config).items() if key not in ("seed", "budget")}
    return identity_hash(kept)[:16]
