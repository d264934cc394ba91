"""What to do about a comparison, in one paragraph that can be mailed to somebody who sees nothing else of it."""

from collections.abc import Iterator, Sequence

from analysis.inference.cautions import listed, untrained
from analysis.inference.comparisons import Comparison
from analysis.inference.pairs import BITS, SMALL
from analysis.records.display import show
from analysis.records.settings import Setting


def advice(comparison: Comparison, headline: str, cautions: Sequence[str]) -> str:
    """The choice, or between whom it is open; the headline; what both cost; the cautions."""
    named = {comparison.called(setting): setting for setting in comparison.contenders}
    contest, nearest = comparison.contest, comparison.contest.nearest
    said = ["This is no ground for a choice yet.", headline]
    if nearest and not untrained(comparison):
        a, b = named[nearest.a], named[nearest.b]
        choice = _choice(contest.leader, nearest.shown_from, (a, b), comparison)
        said = [choice, headline, *_costs(comparison, (a, b))]
    return " ".join([*said, *([f"But: {'; '.join(cautions)}."] if cautions else [])])


def _choice(leader: str | None, shown_from: float, pair: Sequence[Setting], comparison: Comparison) -> str:
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


def _costs(comparison: Comparison, pair: Sequence[Setting]) -> Iterator[str]:
    costs = [
        f"{comparison.called(setting)} {show(setting.mean('train_seconds'), 'seconds')} of training, "
        f"{show(setting.mean('serving_flops_per_byte'), 'si')} FLOPs and "
        f"{show(setting.mean('cache_bytes_per_byte'), 'si')} bytes of cache"
        for setting in pair
    ]
    yield f"Each run, and then each byte of text served ({comparison.deployment.words}), takes: {'; '.join(costs)}."
