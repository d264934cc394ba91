"""What may be said about a pair and about the order of all, and that noise is not ranked."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from analysis.inference.pairs import Match, Outcome, SettingScores, Verdict
from analysis.inference.uncertainty import within_text
from analysis.inference.verdicts import Conclusion, against, compare
from analysis.records.collect import Blocks

BYTES = np.full(24, 4096.0)
SCENE = np.random.default_rng(5).normal(0, 0.15, 24)  # some scenes are harder, for everybody


def scores(label, totals, residual=0.0, seeds=None, noise=0.01, **more):
    """Per-seed totals whose blocks follow the passage's shape plus a little noise of each seed's own."""
    totals = np.asarray(totals, dtype=float)
    rng = np.random.default_rng(len(label) * 7 + len(totals))
    wobble = rng.normal(0, noise, (len(totals), 24))
    rate = totals[:, None] + SCENE - SCENE.mean() + wobble - wobble.mean(axis=1, keepdims=True)
    rest = np.full((len(totals), 24), residual)
    return SettingScores(
        label=label,
        seeds=tuple(seeds or range(len(totals))),
        totals=totals,
        floors=totals - residual,
        losses="loses case" if residual else "",
        blocks=Blocks(BYTES, (rate - rest) * BYTES, rest * BYTES),
        **{"tokenizer": label, **more},
    )


FIVE = np.array([-0.01, 0.005, 0.0, 0.01, -0.005])


def only(*settings):
    (verdict,) = compare(settings)
    return verdict


def test_better_says_by_how_much_and_over_how_many_seeds():
    v = only(scores("char", 2.52 + FIVE), scores("bpe", 2.31 + FIVE))
    assert (v.outcome, v.winner, v.b) == (Outcome.BETTER, "bpe", "char")
    assert v.sentence == "bpe is better than char by 0.210 ± 0.012 bits per byte (5 seeds)"
    assert v.text.n_blocks == 24


def test_tied():
    v = only(scores("word", 2.310 + FIVE), scores("bpe", 2.311 + FIVE))
    assert v.sentence == "word and bpe cannot be told apart by these runs"
    assert v.winner is None


@pytest.mark.parametrize("n", [1, 2])
def test_too_few_seeds_are_not_ranked_and_the_reason_is_given(n):
    v = only(scores("char", (2.5 + FIVE)[:n]), scores("bpe", (2.0 + FIVE)[:n]))
    assert v.outcome is Outcome.UNRANKED
    assert v.sentence == "no ranking of bpe and char: a rank needs at least 3 seeds"


def test_no_rank_when_the_passage_does_not_agree():
    a, b = scores("bpe", 2.30 + FIVE), scores("word", 2.35 + FIVE)
    assert b.blocks is not None
    tilt = np.where(np.arange(24) < 4, 1.5, -0.3) * BYTES  # four blocks make the whole difference
    b = SettingScores(**{**b.__dict__, "blocks": Blocks(BYTES, b.blocks.tokens + tilt, b.blocks.residual)})
    assert only(a, b).outcome is Outcome.TIED
    (of_seeds,) = compare([a, b], by_seeds=True)
    assert of_seeds.winner == "bpe"


def test_no_rank_without_bits_per_block():
    a = scores("bpe", 2.3 + FIVE)
    b = SettingScores(**{**scores("char", 2.5 + FIVE).__dict__, "blocks": None})
    assert only(a, b).outcome is Outcome.UNRANKED
    assert "missing or differ" in only(a, b).sentence


@pytest.mark.parametrize("n", [1, 11])
def test_no_rank_on_a_text_of_few_blocks(n):
    few = Blocks(np.full(n, 4100.0), np.full((5, n), 9000.0), np.zeros((5, n)))
    pair = [
        SettingScores(**{**c.__dict__, "blocks": few})
        for c in (scores("bpe", 2.3 + FIVE), scores("char", 2.5 + FIVE))
    ]
    assert only(*pair).outcome is Outcome.UNRANKED
    assert f"12 are needed and there are {n}" in only(*pair).sentence


def test_what_could_have_been_shown_is_told():
    v = only(scores("word", 2.310 + FIVE), scores("bpe", 2.311 + FIVE))
    assert v.shown_from > v.seeds.half
    wild = only(scores("word", 2.31 + 10 * FIVE), scores("bpe", 2.33 + 10 * FIVE, noise=0.5))
    assert wild.seeds_for_small > 5
    assert only(scores("word", [2.3]), scores("bpe", [2.2])).seeds_for_small is None


def test_only_over_seeds_do_intervals_hold_together():
    many = [scores(name, m + FIVE) for name, m in (("bpe", 2.0), ("word", 2.2), ("char", 2.5))]
    (alone,) = compare(many[:2])
    among = next(v for v in compare(many) if {v.a, v.b} == {"bpe", "word"})
    assert among.seeds.half > alone.seeds.half
    assert among.text.half == alone.text.half


@pytest.mark.parametrize(
    ("rival", "outcome", "winner"),
    [
        (1.80, Outcome.BETTER, "bpe"),  # below the floor of 2.0
        (2.20, Outcome.DEPENDS, None),  # between
        (2.60, Outcome.BETTER, "word"),  # above the ceiling of 2.4
        (1.998, Outcome.TIED, None),  # below, but not surely
    ],
)
def test_floor_and_ceiling(rival, outcome, winner):
    v = only(scores("word", 2.4 + FIVE, residual=0.4), scores("bpe", rival + FIVE))
    assert (v.outcome, v.winner) == (outcome, winner)
    if outcome is Outcome.BETTER:
        assert "by at least 0.20" in v.sentence
    if outcome is Outcome.DEPENDS:
        assert "depends on the residual coder" in v.sentence
        assert "between the floor 2.000 and the ceiling 2.400 of word" in v.sentence


def test_two_models_of_one_lossy_tokenizer_pay_the_same_residual():
    small = scores("word small", 2.4 + FIVE, residual=0.4, tokenizer="word")
    baby = scores("word baby", 2.3 + FIVE, residual=0.4, tokenizer="word")
    assert only(small, baby).sentence.startswith("word baby is better than word small by 0.100 ±")


def test_a_loss_that_costs_this_text_nothing_leaves_no_gap():
    char, bpe = (scores(n, m + FIVE, residual=1e-5) for n, m in (("char", 2.5), ("bpe", 2.3)))
    assert not char.lossy
    assert only(char, bpe).sentence == "bpe is better than char by 0.200 ± 0.012 bits per byte (5 seeds)"


def test_pairs_only_where_the_data_order_is_shared():
    wide = np.array([-0.2, 0.1, 0.0, 0.2, -0.1])
    a, b = scores("gelu", 2.30 + wide, data_order="x"), scores("relu", 2.33 + wide, data_order="x")
    assert only(a, b).seeds.method == "paired"
    assert only(a, b).outcome is Outcome.BETTER
    c = SettingScores(**{**b.__dict__, "data_order": "y"})
    assert only(a, c).seeds.method == "welch"
    assert only(a, c).outcome is Outcome.TIED
    moved = SettingScores(**{**b.__dict__, "seeds": (7, 8, 9, 10, 11)})
    assert only(a, moved).seeds.method == "welch"


def beside_counting(model, total):
    rate = total + SCENE - SCENE.mean() + np.random.default_rng(2).normal(0, 0.005, 24)
    blocks = Blocks(BYTES, model.blocks.tokens, model.blocks.residual, {"kn": rate * BYTES})
    return SettingScores(**{**model.__dict__, "blocks": blocks})


def test_a_lead_over_a_baseline_has_intervals_like_any_other():
    models = [beside_counting(scores(name, m + FIVE), 2.2) for name, m in (("bpe", 2.0), ("char", 2.5))]
    close = beside_counting(scores("word", 2.21 + FIVE, residual=0.3), 2.2)
    ahead, behind, open_ = against([*models, close], "kn", "Kneser-Ney")
    assert ahead.sentence.startswith("bpe is better than Kneser-Ney by 0.2")
    assert ahead.seeds.half > 0 < ahead.text.half
    assert behind.sentence.startswith("Kneser-Ney is better than char by 0.3")
    assert open_.outcome is Outcome.DEPENDS  # counting lies between the floor and the ceiling of word
    alone = stats.ttest_1samp(models[0].totals, models[0].blocks.baselines["kn"].sum() / BYTES.sum())
    assert ahead.p == pytest.approx(2 * alone.pvalue, rel=1e-6)  # Holm: two pairs are tested, one is open
    assert against([scores("bpe", 2.0 + FIVE)], "kn", "Kneser-Ney") == ()
    (single,) = against([beside_counting(scores("bpe", [2.0]), 2.2)], "kn", "Kneser-Ney")
    assert single.outcome is Outcome.UNRANKED


def groups(*settings):
    found = Conclusion(settings, compare(settings))
    return [[scores.label for scores in group] for group in found.groups], found.leader


def test_groups_stand_in_order():
    bpe, word, char = (scores(n, m + FIVE) for n, m in (("bpe", 2.0), ("word", 2.2), ("char", 2.5)))
    byte = scores("byte", 2.001 + FIVE)
    assert groups(char, word, bpe) == ([["bpe"], ["word"], ["char"]], "bpe")
    assert groups(char, byte, word, bpe) == ([["byte", "bpe"], ["word"], ["char"]], None)
    assert groups(char, scores("byte", [2.0])) == ([["char", "byte"]], None)
    assert groups(bpe) == ([["bpe"]], None)
    assert groups() == ([], None)


def test_a_pair_that_is_ranked_stays_together_where_something_between_is_not():
    """a and b, b and c are not told apart, a and c are: no cut would be true of all."""
    a, b, c = (scores(n, m + FIVE, noise=0.0) for n, m in (("a", 2.0), ("b", 2.011), ("c", 2.022)))
    assert [v.winner for v in compare([a, b, c])] == [None, "a", None]
    assert groups(c, a, b) == ([["c", "a", "b"]], None)


@given(st.integers(1, 7), st.sets(st.tuples(st.integers(0, 6), st.integers(0, 6))), st.randoms())
def test_no_order_is_shown_that_no_verdict_supports_and_none_is_missing(n, pairs, random):
    settings = [scores(f"s{i}", [2.0 + i / 10]) for i in range(n)]
    ranked = {(a, b) for a, b in pairs if a < b < n}
    verdicts = [
        Verdict(Match(settings[a], settings[b]), Outcome.BETTER if (a, b) in ranked else Outcome.TIED)
        for a, b in combinations(range(n), 2)
    ]
    shown = random.sample(settings, n)
    found = Conclusion(tuple(shown), tuple(verdicts)).groups
    place = {scores.label: number for number, group in enumerate(found) for scores in group}
    assert all(
        place[f"s{a}"] >= place[f"s{b}"] or (a, b) in ranked for a in range(n) for b in range(n) if a != b
    )
    cuts = [k for k in range(1, n) if {(a, b) for a in range(k) for b in range(k, n)} <= ranked]
    assert len(found) == len(cuts) + 1
    assert all([scores for scores in shown if scores in group] == list(group) for group in found)


def test_the_null_is_not_ranked_more_often_than_the_level_allows():
    """Four settings, really one tokenizer under other seeds: at most 5 % of studies may rank any pair."""
    rng, studies, ranked, single = np.random.default_rng(11), 200, 0, 0
    for _ in range(studies):
        group, firsts = [], []
        for k in range(4):
            blocks = (2.3 + SCENE + rng.normal(0, 0.01, (5, 1)) + rng.normal(0, 0.02, (5, 24))) * BYTES
            firsts.append(blocks[0])
            totals = blocks.sum(axis=1) / BYTES.sum()
            none = np.zeros_like(blocks)
            group.append(SettingScores(f"s{k}", tuple(range(5)), totals, totals,
                                   tokenizer=f"s{k}", blocks=Blocks(BYTES, blocks, none)))  # fmt: skip
        ranked += any(v.winner for v in compare(group))
        found = within_text(firsts[0], firsts[1], BYTES)
        single += not found.low <= 0 <= found.high
    assert ranked / studies <= 0.05 + 3 * (0.05 * 0.95 / studies) ** 0.5
    assert single / studies > 0.10  # why one seed is never ranked: over text alone, the null looks different
