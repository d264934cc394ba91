"""What a colleague would add to a conclusion before anybody acts on it, most serious first."""

import math
from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd

from analysis.inference.choices import short
from analysis.inference.comparisons import Comparison
from analysis.inference.pairs import BITS, SMALL, Outcome
from analysis.records.settings import Setting

MOST_TIMES = 20  # that a guess from one curve can be stretched
MORE_TEXT = 1.1  # times the text of another: no caution below


def listed(labels: Sequence[str], most: int = 6) -> str:
    """`char, word and bpe`"""
    if len(labels) > most:
        return f"{', '.join(labels[: most - 1])} and {len(labels) - most + 1} others"
    return " and ".join(filter(None, (", ".join(labels[:-1]), *labels[-1:])))


def counted(n: int, noun: str) -> str:
    """`one seed`, `2 seeds`"""
    return f"one {noun}" if n == 1 else f"{n} {noun}s"


def first(comparison: Comparison) -> Setting:
    """The contender of the fewest bits, ranked or not."""
    return min(comparison.contenders, key=lambda setting: setting.mean("bits_per_byte"))


def untrained(comparison: Comparison) -> bool:
    """Whether no model reaches counting."""
    counting = comparison.counting
    return counting is not None and first(comparison).mean("bits_per_byte") >= counting.bits_per_byte


def cautions(comparison: Comparison, metrics: pd.DataFrame) -> Iterator[str]:
    """All that hold. `metrics` has every logged line of the runs."""
    if untrained(comparison):
        yield _train_longer(comparison, metrics)
    yield from _charged(comparison)
    yield from _more_text(comparison)
    yield from _edges(comparison)
    yield from _overfit(comparison)
    yield from _otherwise_at_best(comparison)


def times_longer(comparison: Comparison, metrics: pd.DataFrame) -> float:
    """At how many times its budget the best model would reach counting, as its own curves have it: a rough guess.

    NaN if they cannot say. The law is a power of the updates through the middle and the end of the curve. In the
    studies that are kept (a learning rate that falls, two to four times the budget) it said 1.1 to 1.9 times what
    it took; where a curve is still steep, it takes more than this says.
    """
    assert comparison.counting is not None
    model, guesses = first(comparison), []
    to_go = math.log(model.mean("bits_per_byte") / comparison.counting.bits_per_byte)
    evaluations = metrics[(metrics["kind"] == "eval") & (metrics["step"] > 0)]
    for row in model.rows:
        curve = evaluations[evaluations["folder"] == row["folder"]]
        if len(curve) > 2:
            steps, bits = curve["step"].to_numpy(float), curve["val_bpb"].to_numpy(float)
            slope = math.log(np.interp(steps[-1] / 2, steps, bits) / bits[-1]) / math.log(2)
            guesses.append(math.exp(min(to_go / slope, 99)) if slope > 0 else math.inf)
    return float(np.median(guesses)) if guesses else math.nan


def _train_longer(comparison: Comparison, metrics: pd.DataFrame) -> str:
    model, times = comparison.called(first(comparison)), times_longer(comparison, metrics)
    epochs = [setting.mean("epochs") for setting in comparison.contenders]
    low, high = (f"{value:.2g}" for value in (min(epochs), max(epochs)))
    span = low if low == high else f"{low} to {high}"
    seen = f"they saw {span} {'epoch' if span == '1' else 'epochs'} of the training text"
    if math.isinf(times):
        return f"{model} no longer learns at its end: change text or recipe rather than train longer; {seen}"
    if math.isnan(times):
        return f"train longer before choosing: {seen}"
    far = f"more than {MOST_TIMES} times" if times > MOST_TIMES else f"about {math.ceil(times)} times"
    pace = f"at the pace of {model}'s second half (a rough guess)"
    return f"train longer before choosing, {far} as long {pace}: {seen}"


def _charged(comparison: Comparison) -> Iterator[str]:
    setting = first(comparison)
    charge, total = setting.mean("bits_per_byte_residual"), setting.mean("bits_per_byte")
    if setting.lossy and charge > SMALL:
        unknown = setting.mean("tokenizer_measures.unknown_rate_tokens")
        rate = f" ({100 * unknown:.2g} % of its tokens are unknown)" if unknown > 0 else ""
        yield (
            f"{comparison.called(setting)} {setting.losses}{rate}: {charge:.2f} of its {total:.2f} {BITS} "
            "are our charge for that, and its model cannot write it"
        )


def _more_text(comparison: Comparison) -> Iterator[str]:
    model, least = first(comparison), min(comparison.contenders, key=lambda s: s.mean("chars_seen"))
    if (times := model.mean("chars_seen") / least.mean("chars_seen")) > MORE_TEXT:
        who, other = comparison.called(model), comparison.called(least)
        yield f"{who} saw {times:.1f} times the text that {other} saw: budget=text holds that equal"


def _edges(comparison: Comparison) -> Iterator[str]:
    ends: dict[tuple[str, str], list[str]] = {}
    for family in comparison.families:
        place = family.settings.index(family.best)
        for name, values in family.tried.items():
            for end, value in (("least", min(values)), ("largest", max(values))):
                if values[place] == value and (end, value) != ("least", 0):  # below 0 there is nothing to try
                    ends.setdefault((name, end), []).append(f"{family.best.tokenizer} ({value:g})")
    for (name, end), who in ends.items():
        best = f"the best {short(name)} of {listed(who)}"
        further = "smaller" if end == "least" else "larger"
        yield f"{best} is the {end} that was tried: a {further} one may be better"


def _overfit(comparison: Comparison) -> Iterator[str]:
    lost = {comparison.called(s): s.mean("final_minus_best") for s in comparison.contenders}
    if over := {label: f"{bits:.2f}" for label, bits in lost.items() if bits > SMALL}:
        bits = listed([*over.values()])
        yield f"{listed([*over])} overfit: their best evaluation lay {bits} {BITS} below the last"


def _otherwise_at_best(comparison: Comparison) -> Iterator[str]:
    at_best = {comparison.called(s): s.mean("bits_per_byte_at_best") for s in comparison.contenders}
    verdicts = [v for v in comparison.contest.verdicts if v.outcome is not Outcome.TIED]
    turned = [f"{v.b} would be ahead of {v.a}" for v in verdicts if at_best[v.b] < at_best[v.a]]
    if turned:
        yield f"stopped at their best evaluations, which is chosen on this text, {listed(turned)}"
