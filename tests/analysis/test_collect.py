"""Folders become rows; what cannot be read is named, never guessed; what failed is never averaged."""

import numpy as np
import pandas as pd
import pytest
from synthetic import SIZES, make_run, make_study

from analysis.inference.choices import pairs_to_compare
from analysis.inference.comparisons import group_runs
from analysis.records.collect import collect, metrics_frame, read_blocks
from analysis.records.derived import with_derived
from analysis.records.identity import budget_words, data_order, flatten
from analysis.tables.overviews import budget_tables
from numpygpt.runs import find_runs


def test_one_row_per_run_with_its_state(study):
    runs = collect(find_runs(study)).runs
    assert len(runs) == 20
    assert set(runs["state"]) == {"done"}
    assert runs["key"].nunique() == 4
    assert runs.loc[runs["tokenizer"] == "word", "tokenizer_measures.round_trip"].eq(False).all()
    assert runs["generated.word_share"].between(0.8, 1).all()


def test_damaged_folders_are_named_and_skipped(tmp_path):
    make_run(tmp_path, "char", 1)
    torn = make_run(tmp_path, "char", 2)
    (torn.path / "result.json").write_text('{"schema": 1, "tokenizer": ')
    (tmp_path / "half").mkdir()
    (tmp_path / "half" / "metrics.jsonl").write_text("")
    found = collect(find_runs(tmp_path))
    assert list(found.runs["seed"]) == [1]
    assert sorted(p.folder.name for p in found.problems) == ["char-small-s2", "half"]
    assert any("result.json is damaged" in p.sentence for p in found.problems)


def test_failed_and_interrupted_runs_are_shown_and_never_averaged(tmp_path):
    for seed in (1, 2, 3):
        make_run(tmp_path, "char", seed)
    make_run(tmp_path, "char", 4, state="failed")
    make_run(tmp_path, "char", 5, state="interrupted")
    found = collect(find_runs(tmp_path))
    assert dict(found.runs["state"].value_counts()) == {"done": 3, "failed": 1, "interrupted": 1}
    assert found.runs.set_index("state").loc["failed", "reason"] == "the loss is not finite at step 40"
    ((comparison,), _) = group_runs(found)
    assert comparison.settings[0].seeds == (1, 2, 3)


def test_other_configurations_are_other_settings_and_are_named_by_what_differs(tmp_path):
    make_run(tmp_path, "bpe", 1)
    make_run(tmp_path, "bpe", 1, tokenizer__vocab_size=512)
    make_run(tmp_path, "char", 1)
    make_run(tmp_path, "char", 1, optimizer__lr=3e-4)
    ((comparison,), _) = group_runs(collect(find_runs(tmp_path)))
    labels = [s.label for s in comparison.settings]
    assert sorted(labels) == ["bpe 2048", "bpe 512", "char lr=0.0003", "char lr=0.001"]


def test_names_say_the_kind_first_and_no_sha256(tmp_path):
    make_run(tmp_path, "char", 1)
    make_run(tmp_path, "char", 1, optimizer__kind="sgd", optimizer__beta1=None)
    make_run(tmp_path, "bpe", 1, tokenizer__pattern="a" * 64)
    make_run(tmp_path, "bpe", 1, tokenizer__pattern="b" * 64)
    ((comparison,), _) = group_runs(collect(find_runs(tmp_path)))
    labels = [s.label for s in comparison.settings]
    assert sorted(labels) == ["bpe pattern=aaaaaaaa", "bpe pattern=bbbbbbbb", "char adamw", "char sgd"]


def test_other_texts_and_budgets_are_other_comparisons(tmp_path):
    make_run(tmp_path, "char", 1)
    make_run(tmp_path, "char", 1, corpus="pydoc", name="other-corpus", data__sha256="0" * 64)
    make_run(tmp_path, "char", 1, budget__iters=2000)
    comparisons, _ = group_runs(collect(find_runs(tmp_path)))
    assert [c.title for c in comparisons] == [
        "pydoc, 1,000 updates",
        "shakespeare, 1,000 updates",
        "shakespeare, 2,000 updates",
    ]


def test_how_often_a_run_was_evaluated_names_it_only_where_nothing_else_does(tmp_path):
    make_run(tmp_path, "char", 1, train__eval_interval=100)
    make_run(tmp_path, "char", 1, budget__iters=2000, train__eval_interval=250)
    labels = [s.label for c in group_runs(collect(find_runs(tmp_path)))[0] for s in c.settings]
    assert labels == ["char", "char"]
    make_run(tmp_path, "char", 1, budget__iters=2000, train__eval_interval=500)
    labels = [s.label for c in group_runs(collect(find_runs(tmp_path)))[0] for s in c.settings]
    assert sorted(labels) == [f"char eval_interval={n}" for n in (100, 250, 500)]


def test_two_settings_of_one_budget_never_share_a_name(tmp_path):
    for seed in (1, 2, 3):
        for iters, shift in ((500, 0.0), (2000, -0.5)):
            text = {"budget__kind": "text", "budget__chars": 1e6, "budget__iters": iters}
            make_run(tmp_path, "char", seed, shift=shift, **text)
    ((comparison,), _) = group_runs(collect(find_runs(tmp_path)))
    assert {s.label for s in comparison.settings} == {"char iters=500", "char iters=2000"}
    assert comparison.conclusion.leader == "char iters=2000"


def test_the_same_run_in_two_folders_counts_once(tmp_path):
    make_run(tmp_path / "a", "char", 1)
    make_run(tmp_path / "b", "char", 1)
    comparisons, problems = group_runs(collect(find_runs(tmp_path)))
    assert comparisons[0].settings[0].seeds == (1,)
    assert "was counted once" in problems[0].sentence


def test_metrics_are_tidy_and_a_damaged_file_is_named(tmp_path):
    make_run(tmp_path, "char", 1)
    torn = make_run(tmp_path, "char", 2)
    lines = torn.metrics_path.read_text().replace("train", "trein", 1)
    torn.metrics_path.write_text(lines)
    frame, problems = metrics_frame(collect(find_runs(tmp_path)))
    assert set(frame["seed"]) == {1}
    assert frame["kind"].value_counts().to_dict() == {"train": 101, "eval": 11}
    assert "damaged in line 1" in problems[0].sentence


def test_blocks_of_a_setting_are_stacked(tmp_path):
    folders = [make_run(tmp_path, "word", seed) for seed in (1, 2)]
    blocks, problems = read_blocks(folders)
    assert problems == []
    assert blocks is not None
    assert blocks.tokens.shape == (2, 27)
    totals = (blocks.tokens + blocks.residual).sum(axis=1) / sum(SIZES)
    ((comparison,), _) = group_runs(collect(find_runs(tmp_path)))
    assert totals == pytest.approx(comparison.settings[0].values("bits_per_byte"), rel=1e-9)


@pytest.mark.parametrize("sizes", [[4000] * 27, [4000] * 26, [4000]])
def test_blocks_cut_elsewhere_are_refused_by_the_name_of_their_run(tmp_path, sizes):
    runs = [make_run(tmp_path, "char", seed) for seed in (1, 2, 3)]
    scores = runs[1].scores() | {"block_bytes": sizes}
    runs[1].write_scores({key: value for key, value in scores.items() if key != "schema"})
    blocks, problems = read_blocks(runs)
    assert blocks is None
    assert [problem.folder for problem in problems] == [runs[1].path]
    assert "other blocks" in problems[0].sentence


def test_data_order_is_shared_by_models_but_never_by_tokenizers():
    base = {"tokenizer.kind": "char", "model.n_embd": 64, "model.block_size": 64, "train.batch_size": 12}
    same = data_order(base, 1000)
    assert data_order(base | {"model.n_embd": 128, "optimizer.lr": 1}, 1000) == same
    for change in ({"tokenizer.kind": "bpe"}, {"model.block_size": 32}, {"train.batch_size": 6}):
        assert data_order(base | change, 1000) != same
    assert data_order(base, 2000) != same


def test_many_settings_are_compared_one_aspect_at_a_time(tmp_path):
    for width in (32, 64, 128, 256):
        make_study(tmp_path / str(width), ("char", "bpe", "word"), (1,), model__n_embd=width)
    ((comparison,), _) = group_runs(collect(find_runs(tmp_path)))
    assert len(comparison.settings) == 12
    assert len(pairs_to_compare(comparison.settings)) == 4 * 3 + 3 * 3  # tokenizers per width, next widths


def test_a_study_of_optimizers_stands_by_itself_among_others(tmp_path):
    make_study(tmp_path / "tokenizers", ("char", "bpe"), (1,))
    for lr in (1e-3, 1e-2):
        make_study(tmp_path / "optimizers", ("char",), (1,), optimizer__lr=lr)
    comparisons, problems = group_runs(collect(find_runs(tmp_path)))
    assert not problems  # the run that both studies hold is no repetition
    assert [[s.label for s in c.settings] for c in comparisons] == [
        ["char", "bpe"],
        ["char lr=0.001", "char lr=0.01"],
    ]
    assert [c.title.partition(", study ")[2] for c in comparisons] == ["", "optimizers"]
    ((alone,), _) = group_runs(collect(find_runs(tmp_path / "optimizers")))
    assert "study" not in alone.title


def test_runs_of_other_numerics_never_stand_in_one_comparison(tmp_path):
    for version in (2, 3):
        for iters in (1000, 2000):
            make_study(tmp_path, ("char", "bpe"), (1,), results_version=version, budget__iters=iters)
    comparisons, _ = group_runs(collect(find_runs(tmp_path)))
    assert [c.title for c in comparisons] == [
        f"shakespeare, {budget} updates, results_version {version}"
        for version in (2, 3)
        for budget in ("1,000", "2,000")
    ]
    assert all([s.label for s in c.contenders] == ["char", "bpe"] for c in comparisons)
    assert [[c.header for c in table.columns[1:]] for table in budget_tables(comparisons)] == [
        ["1,000 updates", "2,000 updates"]
    ] * 2


def test_two_models_of_one_tokenizer_are_paired_by_seed(tmp_path):
    for width in (64, 128):
        make_study(tmp_path, ("char",), (1, 2, 3), model__n_embd=width)
    ((comparison,), _) = group_runs(collect(find_runs(tmp_path)))
    (verdict,) = comparison.conclusion.verdicts
    assert verdict.seeds is not None
    assert verdict.seeds.method == "paired"


@pytest.mark.parametrize(
    ("identity", "words"),
    [
        ({"budget.kind": "text", "budget.chars": 768e3}, "768,000 characters seen"),
        ({"budget.kind": "flops", "budget.flops": 4e12}, "4e+12 training FLOPs"),
        ({"budget.kind": "seconds", "budget.seconds": 60}, "60 s of training"),
        ({"budget.kind": "iters", "budget.iters": 1000}, "1,000 updates"),
    ],
)
def test_budgets_in_words(identity, words):
    assert budget_words(identity) == words


def test_flatten():
    assert flatten({"a": {"b": 1, "c": {}}, "d": [2]}) == {"a.b": 1, "d": [2]}


def test_the_study_ends_in_a_ranking(study):
    ((comparison,), problems) = group_runs(collect(find_runs(study)))
    assert problems == []
    assert np.isfinite(comparison.conclusion.settings[0].totals).all()
    assert [[s.label for s in group] for group in comparison.conclusion.groups] == [
        ["word", "bpe", "bpe-bytefallback"], ["char"],
    ]  # fmt: skip
    assert any("depends on the residual coder" in v.sentence for v in comparison.conclusion.verdicts)


def test_runs_that_went_on_at_once_shared_the_cores():
    times = {"a": (0.0, 10.0, "x"), "b": (10.5, 20.0, "x"), "c": (15.0, 30.0, "x"), "d": (16.0, 17.0, "y"),
             "a again": (0.0, 10.0, "x"), "unfinished": (5.0, np.nan, "x")}  # fmt: skip
    frame = with_derived(pd.DataFrame(times, index=["started", "ended", "host"]).T)
    shared = frame["shared_cores"]
    assert shared[["a", "b", "c", "d", "a again"]].tolist() == [False, True, True, False, False]
    assert np.isnan(shared["unfinished"])
