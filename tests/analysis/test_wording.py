"""What the first screen says: headline, cautions, order, what to run next. Runs as in synthetic.py."""

import io
from dataclasses import replace

import pytest
from rich.console import Console
from synthetic import BASELINES, VAL, make_run, make_study

from analysis.inference.cautions import cautions, listed, times_longer
from analysis.inference.choices import families
from analysis.inference.comparisons import group_runs
from analysis.inference.uncertainty import seeds_needed
from analysis.inference.wording import summarize
from analysis.page.view import view
from analysis.records.collect import collect, metrics_frame
from analysis.reports import write_report
from analysis.reports.next_step import next_step, with_changes
from analysis.reports.terminal import show
from numpygpt.runs import find_runs

SEEDS = (1, 2, 3)
FEW = {"every": 100}  # evaluations, at updates 0 and 1,000


def read(path):
    collection = collect(find_runs(path))
    ((comparison,), _) = group_runs(collection)
    return comparison, metrics_frame(collection)[0]


def summary_of(path):
    return summarize(*read(path))


def shown(path, width=80):
    console = Console(width=width, file=io.StringIO(), record=True)
    show(view(find_runs(path)), console)
    return console.export_text()


def counting(bits):
    entry = {"label": "Kneser-Ney, order 6", "bits_per_byte": bits, "history": "all of the training text"}
    return {"baselines": {**BASELINES, "kneser_ney_6": entry}}


# --- the headline ---


def test_it_names_text_budget_and_size(tmp_path):
    make_study(tmp_path, ("char", "bpe"), SEEDS, **FEW, extra=counting(3.0))
    assert summary_of(tmp_path).headline.startswith(
        "shakespeare, 1,000 updates, model small: bpe is better than char by 0.3"
    )


def test_it_leads_with_counting_where_no_model_reaches_it(tmp_path):
    make_study(tmp_path, ("char", "bpe"), SEEDS, **FEW, extra=counting(2.0))
    found = summary_of(tmp_path)
    assert "no model reaches counting (Kneser-Ney, order 6: 2.000 bits per byte)" in found.headline
    assert "better" not in found.headline
    assert found.cautions[0].startswith("train longer before choosing")
    assert [line[:6] for line in found.order] == ["1. bpe", "2. cha"]


def test_a_lossy_winner_is_not_crowned_alone(tmp_path):
    make_study(tmp_path, ("word", "bpe", "char"), SEEDS, **FEW, shift=-0.5, extra=counting(2.0))
    for seed in SEEDS:
        make_run(tmp_path, "word", seed, **FEW, shift=-1.0, extra=counting(2.0))
    found = summary_of(tmp_path)
    assert "word, which is lossy, is better than bpe by at least" in found.headline
    assert found.headline.endswith("; of those that lose nothing, bpe first.")
    assert any("0.41 of its 1.34 bits per byte are our charge" in caution for caution in found.cautions)
    assert any("4.9 % of its tokens are unknown" in caution for caution in found.cautions)
    assert any("leads of word count what it loses" in note for note in found.notes)


def test_a_lossy_lowest_has_the_lowest_beside_it_that_loses_nothing(tmp_path):
    make_study(tmp_path, ("word", "bpe", "char"), (1,), **FEW, extra=counting(3.0))
    make_run(tmp_path, "word", 1, **FEW, shift=-1.0, extra=counting(3.0))
    assert ", and bpe of those that lose nothing, 2.2" in summary_of(tmp_path).headline


def test_who_loses_a_little_is_not_of_those_that_lose_nothing(tmp_path):
    little = {"losses": "unknown characters", "bits_per_byte": 2.3, "bits_per_byte_tokens": 2.29}
    make_run(tmp_path, "bpe", 1, **FEW, extra=counting(3.0) | little)
    make_run(tmp_path, "char", 1, **FEW, extra=counting(3.0))
    make_run(tmp_path, "word", 1, **FEW, shift=-1.0, extra=counting(3.0))
    assert ", and char of those that lose nothing, 2.6" in summary_of(tmp_path).headline


def test_leads_over_a_lossy_tokenizer_count_from_its_floor(tmp_path):
    make_study(tmp_path, ("word",), SEEDS, **FEW, extra=counting(3.0))
    make_study(tmp_path, ("bpe",), SEEDS, **FEW, shift=-1.0, extra=counting(3.0))
    assert any("leads over word count from its tokens alone" in note for note in summary_of(tmp_path).notes)


@pytest.mark.parametrize(
    ("tokenizers", "seeds", "words"),
    [
        (("bpe",), SEEDS, "nothing to compare, bpe alone, 2.2"),
        (("char", "bpe"), (1,), "bpe is lowest, 2.290 bits per byte (one seed: no ranking)."),
        (("char", "bpe"), (1, 2), "bpe is lowest, 2.291 bits per byte (2 seeds: no ranking)."),
        (
            ("bpe", "bpe-bytefallback"),
            SEEDS,
            "bpe is lowest, 2.291 bits per byte (no ranking: not told apart).",
        ),
        (("char", "byte", "bpe", "bpe-bytefallback"), SEEDS, "nobody beats bpe and bpe-bytefallback"),
    ],
)
def test_where_nobody_is_ahead_it_says_why(tmp_path, tokenizers, seeds, words):
    make_study(tmp_path, tokenizers, seeds, **FEW, extra=counting(3.0))
    assert f"model small: {words}" in summary_of(tmp_path).headline


def test_who_is_beaten_within_the_first_group_is_not_among_the_first(tmp_path):
    """bpe and char are not told apart, char and bpe-bytefallback neither, bpe beats bpe-bytefallback."""
    shifts = {"bpe": 0.0, "char": -0.28, "bpe-bytefallback": 0.09, "byte": 2.0}
    for tokenizer, shift in shifts.items():
        for seed in SEEDS:
            wobble = 0.05 * (seed - 2) * (tokenizer == "char")
            make_run(tmp_path, tokenizer, seed, **FEW, shift=shift + wobble, extra=counting(3.0))
    found = summary_of(tmp_path)
    assert found.order[0].endswith("though bpe is ahead of bpe-bytefallback)")
    assert found.headline.endswith("nobody beats char and bpe.")
    make_study(tmp_path, ("word",), SEEDS, **FEW, shift=-1.5, extra=counting(3.0))
    assert summary_of(tmp_path).headline.endswith("of those that lose nothing, char and bpe first.")


# --- cautions ---


def test_none_where_nothing_is_to_be_said(tmp_path):
    make_study(tmp_path, ("char", "byte"), SEEDS, **FEW, extra=counting(3.0))
    assert summary_of(tmp_path).cautions == ()


def test_more_text_than_others(tmp_path):
    make_study(tmp_path, ("char", "bpe"), SEEDS, **FEW, extra=counting(3.0))
    assert summary_of(tmp_path).cautions == (
        "bpe saw 2.6 times the text that char saw: budget=text holds that equal",
    )


def test_overfitting(tmp_path):
    over = {"best_step": 400, "lost_since_best_bits_per_byte": 0.3}
    make_study(tmp_path, ("char", "byte"), SEEDS, **FEW, extra=counting(3.0) | over)
    assert summary_of(tmp_path).cautions == (
        "char and byte overfit: their best evaluation lay 0.30 and 0.30 bits per byte below the last",
    )


def test_an_order_that_is_another_one_at_the_best_evaluations(tmp_path):
    over = {"best_step": 400, "lost_since_best_bits_per_byte": 0.5}
    make_study(tmp_path, ("byte",), SEEDS, **FEW, extra=counting(3.0))
    make_study(tmp_path, ("char",), SEEDS, **FEW, shift=0.2, extra=counting(3.0) | over)
    assert summary_of(tmp_path).cautions[-1] == (
        "stopped at their best evaluations, which is chosen on this text, char would be ahead of byte"
    )


def power_law(monkeypatch, exponent):
    """Curves that fall as a power of the updates, to 2 bits per byte."""

    def lines(total, iters, chars, rng, every):
        steps = range(0, iters + 1, 125)
        return [{"step": n, "kind": "eval", "val_bpb": 2 * (max(n, 1) / iters) ** -exponent} for n in steps]

    monkeypatch.setattr("synthetic.metrics", lines)


def test_how_much_longer_is_read_off_the_curve(tmp_path, monkeypatch):
    power_law(monkeypatch, 0.1)
    make_run(tmp_path, "char", extra=counting(2.0 / 2.9**0.1) | {"bits_per_byte": 2.0})
    assert times_longer(*read(tmp_path)) == pytest.approx(2.9, rel=1e-6)
    assert next(iter(cautions(*read(tmp_path)))).startswith(
        "train longer before choosing, about 3 times as long"
    )


def test_longer_is_longer_than_now_whatever_the_median_seed_has_reached(tmp_path, monkeypatch):
    power_law(monkeypatch, 0.1)
    for seed, bits in zip(SEEDS, (1.9, 1.9, 2.5), strict=True):
        make_run(tmp_path, "char", seed, extra=counting(2.0) | {"bits_per_byte": bits})
    assert times_longer(*read(tmp_path)) == pytest.approx((2.1 / 2.0) ** 10)


@pytest.mark.parametrize(
    ("exponent", "words"),
    [(0.001, "more than 20 times as long"), (0.0, "char no longer learns"), (-0.1, "char no longer learns")],
)
def test_what_training_cannot_reach_is_not_promised(tmp_path, monkeypatch, exponent, words):
    power_law(monkeypatch, exponent)
    make_run(tmp_path, "char", extra=counting(1.5) | {"bits_per_byte": 2.0})
    assert words in next(iter(cautions(*read(tmp_path))))


def test_a_curve_of_two_points_promises_nothing(tmp_path):
    make_run(tmp_path, "char", **FEW, extra=counting(1.5))
    assert next(iter(cautions(*read(tmp_path)))).startswith("train longer before choosing: they saw")


# --- what was tried ---


def rates(tmp_path, **more):
    """char is best at the middle rate, bpe at the largest."""
    for lr, char, bpe in ((1e-3, 0.2, 0.2), (3e-3, 0.0, 0.1), (1e-2, 0.3, 0.0)):
        for tokenizer, shift in (("char", char), ("bpe", bpe)):
            for seed in SEEDS:
                changes = {"optimizer__lr": lr, "optimizer__min_lr": lr / 10}
                make_run(tmp_path, tokenizer, seed, shift=shift, **FEW, **changes, extra=counting(3.0))


def test_each_tokenizer_stands_at_its_best(tmp_path):
    rates(tmp_path)
    comparison, metrics = read(tmp_path)
    found = summarize(comparison, metrics)
    assert [line.rpartition(" ")[0] for line in found.order] == ["1. bpe", "2. char"]
    assert found.notes == (
        "each at its best of lr 0.001, 0.003, 0.01 (char lr=0.003 and bpe lr=0.01), "
        "chosen on the text that judges, which flatters many tries: data.dev_fraction=0.1 chooses apart",
    )
    assert (
        "the best lr of bpe (0.01) is the largest that was tried: a larger one may be better"
        in found.cautions
    )
    (verdict,) = comparison.contest.verdicts
    same = next(v for v in comparison.conclusion.verdicts if {v.a, v.b} == {"bpe lr=0.01", "char lr=0.003"})
    assert (verdict.seeds, verdict.text, verdict.p) == (
        same.seeds,
        same.text,
        same.p,
    )  # among all fifteen pairs


def test_what_is_chosen_on_the_development_text_is_said_to_be(tmp_path):
    rates(tmp_path)
    comparison, metrics = read(tmp_path)
    found = summarize(replace(comparison, text=comparison.text._replace(dev_fraction=0.1)), metrics)
    assert found.headline.startswith("shakespeare, 1,000 updates, development text, model small: ")
    assert found.notes[0].endswith("chosen on the development text: data.dev_fraction=0 judges the choice")


def test_of_many_settings_the_best_are_weighed_among_all_pairs(tmp_path):
    rates(tmp_path)
    few, _ = read(tmp_path)
    for width in (32, 64):
        rates(tmp_path, model__n_embd=width)
    for n_embd in (32, 64, 96):
        for tokenizer in ("char", "bpe"):
            for seed in SEEDS:
                make_run(tmp_path, tokenizer, seed, **FEW, model__n_embd=n_embd, extra=counting(3.0))
    many, _ = read(tmp_path)
    assert len(many.settings) == 12
    assert len(many.contest.verdicts) == 1
    (one,), (other,) = few.contest.verdicts, many.contest.verdicts
    assert other.seeds.half > one.seeds.half


def test_sizes_of_one_tokenizer_are_a_family_and_imported_ones_are_not(tmp_path):
    for size in (512, 2048):
        make_run(tmp_path, "bpe", tokenizer__vocab_size=size, **FEW)
    for sha in ("a" * 64, "b" * 64):
        make_run(tmp_path, "byte", tokenizer__sha256=sha, **FEW)
    comparison, _ = read(tmp_path)
    assert [len(family.settings) for family in families(comparison.settings)] == [2, 1, 1]
    assert len(comparison.contenders) == 3


def test_two_things_that_were_tried_may_share_a_name(tmp_path):
    for width, size in ((8, 8), (8, 16), (16, 8)):
        make_run(tmp_path, "char", **FEW, model__size=width, optimizer__size=size)
    comparison, _ = read(tmp_path)
    (family,) = families(comparison.settings)
    assert family.tried.keys() == {"optimizer.size", "model.size"}


def test_an_only_tokenizer_is_compared_with_itself(tmp_path):
    for size in (512, 2048):
        make_run(tmp_path, "bpe", tokenizer__vocab_size=size, **FEW)
    comparison, _ = read(tmp_path)
    assert comparison.contenders == comparison.settings


# --- other texts ---


def test_a_verdict_per_text_from_seeds_alone(tmp_path):
    for seed in SEEDS:
        for tokenizer, cjk, code in (("char", 9.0, 4.0), ("byte", 8.0, 4.0)):
            wobble = {"char": (0.0, 0.01, -0.01), "byte": (0.01, -0.01, 0.0)}[tokenizer][seed - 1]
            texts = [{"name": name, "bits_per_byte": bits + wobble, "bits_per_byte_tokens": bits + wobble}
                     for name, bits in (("cjk", cjk), ("code", code))]  # fmt: skip
            make_run(tmp_path, tokenizer, seed, **FEW, extra={"texts": texts} | counting(3.0))
    assert summary_of(tmp_path).texts == ("cjk: 1. byte 8.000; 2. char 9.000", "code: no order")


def test_texts_that_share_only_their_name_are_not_compared(tmp_path):
    for seed in SEEDS:
        for tokenizer, bits in (("char", 9.0), ("byte", 8.0)):
            figures = {"bits_per_byte": bits + seed / 100, "bits_per_byte_tokens": bits + seed / 100}
            texts = [{"name": "mine.txt", "sha256": tokenizer} | figures]
            make_run(tmp_path, tokenizer, seed, **FEW, extra={"texts": texts} | counting(3.0))
    assert summary_of(tmp_path).texts == ("mine.txt: no order, several texts share the name",)


# --- the terminal ---


def test_the_terminal_says_everything_once_in_80_columns(tmp_path):
    make_study(tmp_path, ("char", "word", "bpe"), SEEDS, **FEW)
    make_run(tmp_path, "bpe", 9, state="failed", **FEW)
    text = shown(tmp_path)
    assert max(map(len, text.splitlines())) <= 80
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    assert len(lines) == len(set(lines))
    assert sum(line.startswith("!") for line in lines) <= 3
    assert "not counted: bpe-small-s9, failed (the loss is not finite at step 40)" in lines


def test_cautions_that_are_not_shown_are_counted(tmp_path):
    over = {"best_step": 400, "lost_since_best_bits_per_byte": 0.3}
    for lr in (0.1, 0.2):
        make_study(tmp_path, ("char", "bpe"), (1,), **FEW, optimizer__lr=lr, extra=counting(1.0) | over)
    found = [line.strip() for line in shown(tmp_path, 300).splitlines()]
    n = len(summary_of(tmp_path).cautions)
    assert n > 3
    assert f"and {n - 3} more in the report" in found


def test_a_line_of_text_per_tokenizer_as_it_is(tmp_path):
    for tokenizer in ("char", "word"):
        run = make_run(tmp_path, tokenizer, **FEW)
    run.write_samples({"samples": [{"text": "the\ncat  [red]sat[/red]\x1b[2J"}]})
    text = shown(tmp_path)
    assert "word  the cat [red]sat[/red]" in text
    assert "\x1b" not in text


# --- what to run next ---


@pytest.mark.parametrize(
    ("seeds", "said"),
    [
        ((1337,), "about 4.0 min more: the study's command again, with seed=1337,1,2"),
        ((1,), "seed=1,2,3"),
        ((2, 1337), "about 2.0 min more: the study's command again, with seed=2,1337,1"),
        ((1, 2, 3), None),
    ],
)
def test_seeds_until_there_is_a_ranking(tmp_path, seeds, said):
    make_study(tmp_path, ("char", "word"), seeds, **FEW, extra=counting(3.0))
    step = next_step(view(find_runs(tmp_path)))
    assert step is None if said is None else step.words().endswith(said)


def test_a_text_too_short_to_rank_on_takes_more_of_it_as_well(tmp_path, monkeypatch):
    make_study(tmp_path, ("char", "word"), (1,), **FEW, extra=counting(3.0))
    monkeypatch.setattr("analysis.reports.next_step.RANKED_BYTES", 1.44 * VAL)
    step = next_step(view(find_runs(tmp_path)))
    assert step.changes == {"seed": "1,2,3", "data.val_fraction": "0.15"}
    assert "about 6.0 min more" in step.words()
    monkeypatch.setattr("analysis.reports.next_step.RANKED_BYTES", 6 * VAL)
    assert next_step(view(find_runs(tmp_path))).changes == {}


def test_seeds_that_some_have_are_not_run_for_them_again(tmp_path):
    make_study(tmp_path, ("char", "word"), (1, 2, 1337), **FEW, extra=counting(3.0))
    make_run(tmp_path, "bpe", 1337, **FEW, extra=counting(3.0))
    step = next_step(view(find_runs(tmp_path)))
    assert step.words().endswith("about 2.0 min more: the study's command again, with seed=1,2,1337")


def test_the_next_command_is_of_the_settings_of_the_command(tmp_path):
    make_study(tmp_path, ("char", "word"), (7,), **FEW, extra=counting(3.0))
    make_run(tmp_path, "word", 9, state="failed", **FEW)
    own = make_study(tmp_path, ("bpe", "byte"), (1,), **FEW, extra=counting(3.0))
    found = view(find_runs(tmp_path))
    assert next_step(found) is None
    step = next_step(found, [str(run.path) for run in own])
    assert step.words().endswith("about 4.0 min more: the study's command again, with seed=1,2,3")
    make_study(tmp_path, ("bpe", "byte"), (2, 3), **FEW, extra=counting(3.0))
    assert next_step(view(find_runs(tmp_path)), [str(run.path) for run in own]) is None


def test_longer_training_before_further_seeds(tmp_path):
    make_study(tmp_path, ("char", "word"), (1,), **FEW, extra=counting(1.0))
    step = next_step(view(find_runs(tmp_path)))
    assert step.changes == {"budget.iters": "10000"}
    assert step.words(["run", "-m", "tokenizer=char"]).endswith(
        "\n    run -m tokenizer=char budget.iters=10000"
    )


def test_no_next_command_where_runs_are_missing(tmp_path):
    make_study(tmp_path, ("char", "word"), (1,), **FEW)
    make_run(tmp_path, "bpe", 1, state="interrupted", **FEW)
    assert next_step(view(find_runs(tmp_path))) is None


@pytest.mark.parametrize(
    ("typed", "next_one"),
    [
        ("-m tokenizer=char,word", "-m tokenizer=char,word seed=1337,1,2"),
        ("tokenizer=char,word seed=9 force=true", "-m tokenizer=char,word seed=1337,1,2"),
        ("--multirun +seed=9 model=tiny", "--multirun model=tiny seed=1337,1,2"),
    ],
)
def test_the_next_command_is_the_same_with_further_seeds(typed, next_one):
    assert with_changes(typed.split(), {"seed": "1337,1,2"}) == next_one


def test_what_a_shell_would_read_is_quoted():
    assert with_changes(["-m", "data.path=my text.txt"], {"seed": "1"}) == "-m 'data.path=my text.txt' seed=1"


@pytest.mark.parametrize(
    ("labels", "words"), [("", ""), ("a", "a"), ("ab", "a and b"), ("abc", "a, b and c")]
)
def test_lists(labels, words):
    assert listed([*labels]) == words


# --- what to do ---


ALIKE = "bpe", "bpe-bytefallback"  # 0.01 bits per byte apart


def test_the_first_of_all_is_to_be_taken_and_its_price_told(tmp_path):
    over = {"best_step": 400, "lost_since_best_bits_per_byte": 0.3}
    make_study(tmp_path, ("char", "bpe", "byte"), SEEDS, **FEW, extra=counting(3.0) | over)
    comparison, metrics = read(tmp_path)
    found = summarize(comparison, metrics)
    assert found.advice.startswith(
        f"Take bpe (vocabulary 2,048). {found.headline} Each run, and then each byte"
    )
    assert found.advice.endswith(f"But: {'; '.join(found.cautions)}.")
    for label in ("bpe", "char"):
        setting = next(s for s in comparison.settings if s.tokenizer == label)
        assert f"{label} {setting.mean('train_seconds'):.0f} s of training" in found.advice
        flops = setting.mean("serving_flops_per_byte")
        assert f"{flops / 1e6:.1f}M FLOPs" in found.advice or f"{flops / 1e6:.0f}M FLOPs" in found.advice


def test_those_that_are_not_told_apart_are_named_with_what_would_tell(tmp_path):
    make_study(tmp_path, (*ALIKE, "char"), SEEDS, **FEW, extra=counting(3.0))
    comparison, _ = read(tmp_path)
    pair = comparison.contest.nearest
    assert summary_of(tmp_path).advice.startswith(
        "bpe (vocabulary 2,048) and bpe-bytefallback (vocabulary 2,048) are not told apart by this. shakespeare"
    )
    n = seeds_needed(pair.seeds, 3, 0.02)
    step = next_step(view(find_runs(tmp_path)), minutes=60)
    assert step.changes == {"tokenizer": ",".join(ALIKE), "seed": ",".join(map(str, range(1, n + 1)))}
    assert step.why == (
        "to tell bpe and bpe-bytefallback apart, if they differ by 0.020 bits per byte, "
        f"about {2 * (n - 3)}.0 min"
    )


def test_where_a_difference_would_have_been_seen_the_cheaper_is_to_be_taken(tmp_path):
    make_study(tmp_path, ALIKE, range(1, 9), **FEW, extra=counting(3.0))
    for seed in range(1, 9):
        make_run(tmp_path, "bpe", seed, shift=0.008, **FEW, extra=counting(3.0))
    comparison, _ = read(tmp_path)
    assert comparison.contest.nearest.shown_from < 0.02
    cheaper = min(comparison.settings, key=lambda s: s.mean("serving_flops_per_byte")).label
    assert f"in 8 of 10 cases: take {cheaper}, which costs less to serve." in summary_of(tmp_path).advice
    assert next_step(view(find_runs(tmp_path))) is None


@pytest.mark.parametrize(("shown_from", "fraction"), [(0.03, "0.23"), (0.05, None)])
def test_more_text_where_the_text_leaves_it_open(tmp_path, monkeypatch, shown_from, fraction):
    make_study(tmp_path, ALIKE, SEEDS, **FEW, extra=counting(3.0))
    monkeypatch.setattr("analysis.reports.next_step.smallest_shown", lambda text: shown_from)
    step = next_step(view(find_runs(tmp_path)), minutes=60)
    assert step.changes.get("data.val_fraction") == fraction
    assert step.words().endswith("about 6.2 times as long") != (fraction is not None)
    assert ("about 60 min" in step.why) == (fraction is not None)


def test_nobody_is_to_be_taken_before_there_is_ground(tmp_path):
    make_study(tmp_path, ("char", "bpe"), SEEDS, **FEW, extra=counting(1.0))
    assert summary_of(tmp_path).advice.startswith("This is no ground for a choice yet. shakespeare")
    step = next_step(view(find_runs(tmp_path)), minutes=6)
    assert (step.changes, step.why) == ({"choose.minutes": "60"}, "to train longer, about 60 min")


def test_a_command_that_chooses_ends_with_the_advice_on_its_own_runs(tmp_path):
    own = make_study(tmp_path / "s", ("char", "bpe"), SEEDS, **FEW, extra=counting(3.0))
    make_study(tmp_path / "s", ("char", "bpe"), (1,), **FEW, extra=counting(3.0), budget__iters=500)
    console = Console(width=80, file=io.StringIO(), record=True)
    report = write_report(tmp_path / "s")
    report.show(console, ["run", "seed=1,2,3"], [str(run.path) for run in own], minutes=60)
    text = console.export_text()
    assert text.count("\nTake bpe (vocabulary 2,048). shakespeare") == 1
    assert "no ground" not in text
    written = report.path.read_text(), report.page.read_text()
    assert all("Take bpe (vocabulary 2,048). shakespeare" in one for one in written)
