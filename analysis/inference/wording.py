"""A comparison in plain words: the headline, the cautions that belong to it, the order, what to do."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.inference.cautions import cautions, counted, listed, untrained
from analysis.inference.choices import short
from analysis.inference.comparisons import Comparison
from analysis.inference.pairs import BITS, SMALL, Outcome, SettingScores, why_unranked
from analysis.inference.uncertainty import MIN_SEEDS
from analysis.inference.verdicts import Conclusion, compare
from analysis.records.display import show
from analysis.records.settings import Setting


@dataclass(frozen=True)
class Summary:
    """What the first screen says.

    order: a line per group, best first; empty where nothing is ranked   notes: on the order
    texts: the order on each text that was scored beside the validation text
    advice: what to do, in a paragraph that stands by itself
    """

    headline: str
    cautions: tuple[str, ...]
    order: tuple[str, ...]
    notes: tuple[str, ...]
    texts: tuple[str, ...]
    advice: str


def summarize(comparison: Comparison, metrics: pd.DataFrame) -> Summary:
    """`metrics` has every logged line of the runs."""
    models = list(dict.fromkeys(setting.model for setting in comparison.contenders))
    chosen_on = ", development text" if comparison.text.dev_fraction else ""
    headline = f"{comparison.title}{chosen_on}, model {listed(models)}: {_headline(comparison)}."
    found = tuple(cautions(comparison, metrics))
    order, texts = _order(comparison.contest), [*_on_texts(_text_contests(comparison))]
    if names := _ambiguous(comparison.contenders):
        texts.append(f"{listed(names)}: no order, several texts share the name")
    paragraph = _advice(comparison, headline, found)
    notes = [*_choice(comparison), *(_bounds(comparison.contest) if order else ())]
    return Summary(headline, found, order, tuple(notes), tuple(texts), paragraph)


def _headline(comparison: Comparison) -> str:
    contest, counting = comparison.contest, comparison.counting
    if len(contest.settings) < 2:
        return f"nothing to compare, {contest.settings[0].label} alone, {contest.settings[0].mean:.3f} {BITS}"
    if counting and untrained(comparison):
        return (
            f"no model reaches counting ({counting.label}: {counting.bits_per_byte:.3f} {BITS}) and "
            "none has learned enough to choose a tokenizer by"
        )
    fewest = min(len(scores.seeds) for scores in contest.settings)
    if fewest < MIN_SEEDS:
        return _lowest(contest, f"{counted(fewest, 'seed')}: no ranking")
    if len(contest.groups) == 1:
        without = [verdict for verdict in contest.verdicts if verdict.outcome is Outcome.UNRANKED]
        why = why_unranked(without[0].pair) if without else _apart(contest, contest.settings)
        return _lowest(contest, f"no ranking: {why}")
    whole = _unbeaten(contest, _whole(contest))
    of_those = f"; of those that lose nothing, {listed(whole)} first" if whole else ""
    if contest.leader is None:
        return f"nobody beats {listed(_unbeaten(contest, contest.groups[0]))}{of_those}"
    closest = contest.nearest
    assert closest is not None
    others = listed([v.b for v in contest.verdicts if v.winner == contest.leader and v is not closest])
    lead = closest.sentence.removeprefix(contest.leader)
    more = f", and than {others} by more" if others else ""
    return f"{contest.leader}{', which is lossy,' if whole else ''}{lead}{more}{of_those}"


def _lowest(contest: Conclusion, why: str) -> str:
    """Whose figure is the lowest, where that is no ranking, and `why`."""
    lowest = min(contest.settings, key=lambda scores: scores.mean)
    whole = min(_whole(contest), key=lambda scores: scores.mean, default=None)
    of_those = f", and {whole.label} of those that lose nothing, {whole.mean:.3f}" if whole else ""
    lossy = ", which is lossy," if whole else ""
    return f"{lowest.label}{lossy} is lowest, {lowest.mean:.3f} {BITS}{of_those} ({why})"


def _unbeaten(contest: Conclusion, group: Sequence[SettingScores]) -> list[str]:
    """Those of a group whom nobody of it beats."""
    beaten = {verdict.b for verdict in contest.within(group) if verdict.winner}
    return [scores.label for scores in group if scores.label not in beaten]


def _whole(contest: Conclusion) -> list[SettingScores]:
    """If the lowest loses what is worth a charge, those of the first group with any that lose nothing."""
    if min(contest.settings, key=lambda scores: scores.mean).charge <= SMALL:
        return []
    kept = ([scores for scores in group if not scores.lossy] for group in contest.groups)
    return next(filter(None, kept), [])


def _order(contest: Conclusion) -> tuple[str, ...]:
    """A line per group; none where nobody is ranked above anybody."""
    if not any(verdict.winner for verdict in contest.verdicts):
        return ()
    lines = []
    for number, group in enumerate(contest.groups, 1):
        members = ", ".join(f"{scores.label} {scores.mean:.3f}" for scores in group)
        lines.append(f"{number}. {members}{f' ({_apart(contest, group)})' if len(group) > 1 else ''}")
    return tuple(lines)


def _on_texts(contests: Mapping[str, Conclusion]) -> Iterator[str]:
    """The order on each text; at last the names of those on which no group stands apart."""
    for name, contest in contests.items():
        if len(contest.groups) > 1:
            yield f"{name}: {'; '.join(_order(contest))}"
    without = [name for name, contest in contests.items() if len(contest.groups) == 1]
    if any(v.outcome is not Outcome.UNRANKED for name in without for v in contests[name].verdicts):
        yield f"{listed(without)}: no order"


def _apart(contest: Conclusion, group: tuple[SettingScores, ...]) -> str:
    """What the verdicts within a group say: nothing of it makes an order."""
    verdicts = contest.within(group)
    ranked = [f"{v.a} is ahead of {v.b}" for v in verdicts if v.winner]
    depends = [v for v in verdicts if v.outcome is Outcome.DEPENDS]
    if len(depends) == len(verdicts):
        return "depends on the residual coder"
    if len(ranked) > 1:
        ranked = [f"{len(ranked)} of {len(verdicts)} pairs are ranked"]
    if depends:
        ranked.append(f"{len(depends)} of {len(verdicts)} depend on the residual coder")
    return f"not told apart{f', though {listed(ranked)}' if ranked else ''}"


def _bounds(contest: Conclusion) -> list[str]:
    """From where the leads of and over lossy tokenizers count, where their charge is worth a word."""
    bound = [verdict.pair for verdict in contest.verdicts if verdict.winner and verdict.pair.bound]
    of = listed([*dict.fromkeys(pair.a.label for pair in bound if pair.a.charge > SMALL)])
    over = listed([*dict.fromkeys(pair.b.label for pair in bound if pair.b.charge > SMALL)])
    said = [f"leads of {of} count what it loses at our charge: a better residual coder can only add to them"]
    said += [f"leads over {over} count from its tokens alone: they hold whatever is charged"]
    return [sentence for sentence, labels in zip(said, (of, over), strict=True) if labels]


def _choice(comparison: Comparison) -> list[str]:
    """That each tokenizer stands at its best of what was tried, and on which text that was chosen."""
    if len(comparison.contenders) == len(comparison.settings):
        return []
    tried: dict[str, set[float]] = {}
    for family in comparison.families:
        for name, values in family.tried.items():
            tried.setdefault(name, set()).update(values)
    values_of = {name: ", ".join(f"{v:g}" for v in sorted(values)) for name, values in tried.items()}
    what = listed([f"{short(name)} {values}" for name, values in values_of.items()])
    chosen = "the text that judges, which flatters many tries: data.dev_fraction=0.1 chooses apart"
    if comparison.text.dev_fraction:
        chosen = "the development text: data.dev_fraction=0 judges the choice"
    best = listed([family.best.label for family in comparison.families if len(family.settings) > 1], most=99)
    return [f"each at its best of {what or 'what was tried'} ({best}), chosen on {chosen}"]


# --- a verdict for each text that was scored beside the validation text, from seeds alone: most are short ---


def _text_contests(comparison: Comparison) -> dict[str, Conclusion]:
    """By the text's name, of the contenders that two runs or more have scored on it; none of ambiguous names.

    Whether another text of its kind would agree, no number of seeds can say.
    """
    found: dict[str, list[SettingScores]] = {}
    several = _ambiguous(comparison.contenders)
    for setting in comparison.contenders:
        for name in dict.fromkeys(text["name"] for text in setting.texts):
            scores = _scores_on(name, setting, comparison.called(setting))
            if len(scores.seeds) and name not in several:
                found.setdefault(str(name), []).append(scores)
    return {name: Conclusion(tuple(s), compare(s, by_seeds=True)) for name, s in found.items() if len(s) > 1}


def _ambiguous(settings: Sequence[Setting]) -> list[str]:
    """The names by which several texts go, as their sha256 has it."""
    texts = [(str(text["name"]), text.get("sha256")) for setting in settings for text in setting.texts]
    names = [name for name, _ in dict.fromkeys(texts)]
    return [name for name in dict.fromkeys(names) if names.count(name) > 1]


def _scores_on(name: str, setting: Setting, label: str) -> SettingScores:
    """Of the seeds that have scored the text."""
    keys = ("bits_per_byte", "bits_per_byte_tokens")
    totals, floors = (setting.values(f"texts.{name}.{key}") for key in keys)
    scored = np.flatnonzero(np.isfinite(totals))
    seeds = tuple(setting.seeds[i] for i in scored)
    return SettingScores(label, seeds, totals[scored], floors[scored], setting.losses, setting.tokenizer_key)


# --- what to do, in one paragraph that can be mailed to somebody who sees nothing else of it ---


def _advice(comparison: Comparison, headline: str, cautions: Sequence[str]) -> str:
    """The choice, or between whom it is open; the headline; what both cost; the cautions."""
    named = {comparison.called(setting): setting for setting in comparison.contenders}
    contest, nearest = comparison.contest, comparison.contest.nearest
    said = ["This is no ground for a choice yet.", headline]
    if nearest and not untrained(comparison):
        a, b = named[nearest.a], named[nearest.b]
        choice = _taken(contest.leader, nearest.shown_from, (a, b), comparison)
        said = [choice, headline, _costs(comparison, (a, b))]
    return " ".join([*said, *([f"But: {'; '.join(cautions)}."] if cautions else [])])


def _taken(leader: str | None, shown_from: float, pair: Sequence[Setting], comparison: Comparison) -> str:
    if leader:
        return f"Take {_sized(comparison, pair[0])}."
    names = f"{listed([_sized(comparison, setting) for setting in pair])} are not told apart by this"
    if not shown_from <= SMALL:
        return f"{names}."
    cheaper = min(pair, key=lambda setting: setting.mean("serving_flops_per_byte"))
    return (
        f"{names}, which would have shown {shown_from:.3f} {BITS} in 8 of 10 cases: take "
        f"{comparison.called(cheaper)}, which costs less to serve."
    )


def _sized(comparison: Comparison, setting: Setting) -> str:
    return f"{comparison.called(setting)} (vocabulary {show(setting.mean('vocab_size'), 'count')})"


def _costs(comparison: Comparison, pair: Sequence[Setting]) -> str:
    costs = [
        f"{comparison.called(setting)} {show(setting.mean('train_seconds'), 'seconds')} of training, "
        f"{show(setting.mean('serving_flops_per_byte'), 'si')} FLOPs and "
        f"{show(setting.mean('cache_bytes_per_byte'), 'si')} bytes of cache"
        for setting in pair
    ]
    served = f"each byte of text served ({comparison.deployment.words})"
    return f"Each run, and then {served}, takes: {'; '.join(costs)}."
