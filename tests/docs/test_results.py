"""docs/RESULTS.md and the README tell what the records hold, whichever runs have ended, without an edit by hand."""

import json
import re
import shutil
from pathlib import Path

import making.results
import pytest
import rebuild
from making import ablation, budgets, original, provenance, rates, records, result_figures, words

from analysis.style import styled
from numpygpt.errors import UserError
from numpygpt.runs import RunFolder

KEPT = Path(__file__).parents[2] / "docs" / "results"
QUICK = "quick-iters"


def long_run(name: str, folder: Path, iters: int = original.UPDATES, **figures: float) -> None:
    """A record such as a run of 8,000 updates leaves, made from that of a run at the quick size."""
    source = next(run for run in find(QUICK, name) if run.result()["seed"] == 1)
    run, result = source.run(), source.result()
    run["identity"]["budget"] = {"kind": "iters", "iters": iters}
    made = RunFolder(folder / "shakespeare" / f"{name}-reference-s1-00000000")
    made.create({key: value for key, value in run.items() if key != "schema"})
    made.metrics_path.unlink(missing_ok=True)
    for row in source.metrics():
        made.append_metrics({**row, "step": row["step"] * iters // 1000})
    made.write_scores({key: value for key, value in source.scores().items() if key != "schema"})
    made.write_passages(source.passages())
    shutil.copyfile(source.samples_path, made.samples_path)
    result |= {"iters": iters, "best_step": iters, "gap_unigram_bits_per_byte": 0.0, **figures}
    made.write_result({k: v for k, v in result.items() if k not in ("schema", "metrics_rows")})


def find(study: str, name: str) -> list[RunFolder]:
    return [RunFolder(path) for path in sorted((KEPT / study).glob(f"{name}-small-*"))]


@pytest.fixture
def results(tmp_path, monkeypatch):
    """A folder of records of its own: the quick size, and whatever a test adds."""
    shutil.copyfile(KEPT / "original.toml", tmp_path / "original.toml")
    (tmp_path / QUICK).symlink_to(KEPT / QUICK)
    monkeypatch.setattr(records, "RESULTS", tmp_path)
    monkeypatch.setattr(rebuild, "figures", lambda: {"budgets", "surprisal", "long-curves", "quick-curves"})
    yield tmp_path
    records._study.cache_clear()


def page() -> str:
    return rebuild._whole("RESULTS.md")


def readme() -> str:
    return rebuild._render("fragments/results.md", rebuild.ROOT)


def other_rate(folder: Path, name: str, seed: int, lr: float, bits: float) -> None:
    """A record of a run at another learning rate that ended `bits` per byte above the usual one's."""
    source = next(run for run in find(QUICK, name) if run.result()["seed"] == seed)
    run, result, scores = source.run(), source.result(), source.scores()
    run["identity"]["optimizer"] |= {"lr": lr, "min_lr": lr / 10}
    made = RunFolder(folder / "quick-rates" / f"{name}-small-s{seed}-{lr:.0e}")
    made.create({key: value for key, value in run.items() if key != "schema"})
    for row in source.metrics():
        made.append_metrics(row)
    scores["bits_tokens"] = [
        b + bits * n for b, n in zip(scores["bits_tokens"], scores["block_bytes"], strict=True)
    ]
    made.write_scores({k: v for k, v in scores.items() if k not in ("schema", "content_sha256")})
    result |= {key: result[key] + bits for key in ("bits_per_byte", "bits_per_byte_tokens")}
    made.write_result({k: v for k, v in result.items() if k not in ("schema", "metrics_rows")})


def test_without_a_long_run_all_are_still_training(results):
    text = page()
    assert "**Still training: char, word, bpe and bpe-bytefallback.**" in text
    row = next(line for line in text.splitlines() if line.startswith("| bits per byte"))
    assert row.count("still training") == 4
    assert "(1.5)" in text
    assert "long-curves" not in text
    assert "learnt by heart" not in text
    assert "is still training" in readme()


def test_a_run_that_has_ended_is_shown_and_the_others_wait(results):
    long_run("char", results)
    text = page()
    assert "**Still training: word, bpe and bpe-bytefallback.**" in text
    bits = records.study("shakespeare").shown("char", "bits_per_byte")
    row = next(line for line in text.splitlines() if line.startswith("| bits per byte"))
    assert row.split("|")[2].strip() == bits
    assert row.count("still training") == 3
    assert "- **char.** It went through the training text" in text
    assert "- **word.**" not in text
    assert "long-curves.svg" in text
    assert "done for char and still training for word, bpe and bpe-bytefallback" in " ".join(readme().split())


def test_when_all_have_ended_nothing_is_still_training_and_the_page_speaks_of_them(results):
    for name in original.NAMES:
        long_run(name, results)
    text = page()
    assert "till training" not in text + readme()
    assert "Figures are those of 8,000 updates" in " ".join(text.split())
    for name in original.NAMES:
        assert f"- **{name}.** It went through" in text
        assert f"<summary>{name}, 8,000 updates" in text
    assert ("The two orders agree" in text) is making.results.same_order(
        "bits_per_byte", "bits_per_byte_at_best"
    )
    assert "**After 8,000 updates**" in readme()
    with styled():
        axes = result_figures.curves_figure().axes[0]
        result_figures.surprisal().draw_without_rendering()
    ends = {line.get_xdata()[-1] for line in axes.lines if len(line.get_xdata()) > 2}
    assert ends == {original.UPDATES}


def test_each_tokenizer_is_compared_at_its_own_best_rate_too(results):
    assert "**One learning rate for all.** Every row has" in page()
    for name, bits in (("char", -0.9), ("word", 0.1), ("bpe", -0.1), ("bpe-bytefallback", -0.1)):
        for seed in (1, 2, 3):
            other_rate(results, name, seed, 0.003, bits)
    rates._collection.cache_clear()
    text = " ".join(page().split())
    assert re.search(r"\| word \| 2\.16\d+ ± [\d.]+ \(best\) \| 2\.2\d+ ± [\d.]+ \|", text)
    assert re.search(r"\| char \| 3\.02\d+ ± [\d.]+ \| 2\.1\d+ ± [\d.]+ \(best\) \|", text)
    assert "at other rates, three seeds each" in text
    assert "For char, word, bpe and bpe-bytefallback the best rate is at the edge" in text
    assert "not word over char, bpe over char and bpe-bytefallback over char" in text
    assert rates.at_best().conclusion.unbeaten != ("word",)


@pytest.mark.parametrize(
    ("rise", "words"), [(0.0, "was as good as ever at the end"), (0.2, "lost 0.200 again")]
)
def test_the_fate_of_a_run_is_told_by_its_curve(results, monkeypatch, rise, words):
    long_run("char", results)
    curve = records.study("shakespeare").curve("char")
    curve.loc[curve.index[-1], "val_bpb"] = curve["val_bpb"].iloc[:-1].min() + rise
    monkeypatch.setattr(records.Study, "curve", lambda self, label, kind="eval": curve)
    assert words in original.fate("char")


def test_orders_differ_only_by_leads_that_a_seed_would_not_turn(results):
    for name, final, best in (("char", 2.0, 1.95), ("word", 2.5, 1.8), ("bpe", 2.51, 1.79)):
        long_run(
            name, results, bits_per_byte=final, best_step=6000, lost_since_best_bits_per_byte=final - best
        )
    assert not making.results.same_order("bits_per_byte", "bits_per_byte_at_best")
    assert original.overfitted().startswith("word and bpe have overfitted: they saw the training text")
    long_run("char", results, bits_per_byte=2.515, best_step=6000, lost_since_best_bits_per_byte=0.73)
    records._study.cache_clear()
    assert making.results.same_order("bits_per_byte", "bits_per_byte_at_best")


def test_a_shortened_run_is_not_taken_for_a_long_one(results):
    long_run("char", results, iters=4000)
    with pytest.raises(UserError, match="char had other than 8,000 updates"):
        page()


def test_without_any_record_the_pages_say_so(results):
    (results / QUICK).unlink()
    assert "no study of all four tokenizers at the quick size has ended yet" in page()
    assert "still training" in readme()
    assert rebuild._render("fragments/results-first-run.md", rebuild.ROOT).strip() == ""


def test_a_study_is_told_of_once_it_can_be_ranked_and_older_numerics_make_way(results, monkeypatch):
    monkeypatch.setattr(budgets, "is_stale", lambda study: False)
    assert [study.name for study in budgets.quick_studies()] == [QUICK]
    for seeds in (2, 3):
        (results / "quick-text").mkdir(exist_ok=True)
        for name in original.NAMES:
            for run in find("quick-text", name)[:seeds]:
                link = results / "quick-text" / run.name
                if not link.exists():
                    link.symlink_to(run.path)
        records._study.cache_clear()
        assert len(budgets.quick_studies()) == (1 if seeds == 2 else 2)
    monkeypatch.setattr(budgets, "is_stale", lambda study: study.name == QUICK)
    assert [study.name for study in budgets.quick_studies()] == ["quick-text"]
    monkeypatch.setattr(budgets, "is_stale", lambda study: True)
    assert len(budgets.quick_studies()) == 2
    assert "To be trained anew: quick-iters and quick-text." in page()


def test_damaged_records_are_refused(results):
    long_run("char", results)
    path = records.study("shakespeare").folders("char")[0].path / "result.json"
    path.write_text(path.read_text().replace("2", "3", 1))
    records._study.cache_clear()
    with pytest.raises(UserError, match="damaged"):
        page()


def test_the_first_command_s_output_is_that_of_its_records(results):
    shown = rebuild._render("fragments/results-first-run.md", rebuild.ROOT)
    for name in ("char", "word", "bpe"):
        (run,) = (run for run in find(QUICK, name) if run.result()["seed"] == 1)
        line = next(line for line in shown.splitlines() if line.split()[:1] == [name])
        assert line.split()[1] == f"{run.result()['bits_per_byte']:.3f}"
    assert max(map(len, shown.splitlines())) <= 100


def test_every_figure_of_the_table_of_budgets_is_the_mean_of_its_records(results):
    rows = [line.split("|") for line in readme().splitlines() if line.startswith("| ")]
    for name in original.NAMES:
        bits = [run.result()["bits_per_byte"] for run in find(QUICK, name)]
        row = next(row for row in rows if row[1].strip() == name)
        figure, _, half = row[3].strip(" *").partition(" ± ")
        assert abs(float(figure) - sum(bits) / len(bits)) <= float(half) / 20


def test_what_the_page_says_in_words_holds_in_its_records(results):
    study = records.study(QUICK)
    ratio = {name: study.mean(name, "chars_in_500_tokens") / 500 for name in original.NAMES}
    assert ratio["char"] == 1
    assert min(ratio[name] for name in original.NAMES[1:]) > 2
    assert min(original.NAMES, key=lambda name: study.mean(name, "val_loss")) == "char"
    unknown = {name: study.mean(name, "tokenizer_measures.unknown_rate_tokens") for name in original.NAMES}
    assert [name for name in original.NAMES if unknown[name]] == ["word"]
    assert study.mean("word", "embedding_share") > 0.5 > 0.05 > study.mean("char", "embedding_share")
    assert original.published_bits_per_char("word") < original.published_bits_per_char("char")


def test_the_cost_of_the_wrong_gradient_is_paired_by_seed(results):
    assert ablation.key_seeds() == []
    (results / "wrong-gradient").mkdir()
    bits = {"right": (3.0, 3.1, 3.2), "wrong": (3.11, 3.2, 3.31), "none": (3.0, 3.2, 3.1)}
    for kind, values in bits.items():
        for seed, value in enumerate(values, start=1):
            record = {"key_gradient": kind, "seed": seed, "bits_per_byte": value}
            (results / "wrong-gradient" / f"{kind}-s{seed}.json").write_text(json.dumps(record))
    assert ablation.key_seeds() == [1, 2, 3]
    assert ablation.cost_words("wrong") == "0.107 ± 0.015 bits per byte more"
    assert "not to be told from none" in ablation.cost_words("none")
    assert "the model needs 3.2" in " ".join(page().split())


def test_prose_is_wrapped_and_nothing_else():
    long = "word " * 30
    text = f"# {long}\n\n{long}\n{long}\n- {long}\n- b\n\n| {long} |\n\n```\n{long}\nb\n```\n"
    found = words.wrapped(text, width=40).splitlines()
    assert found[0] == f"# {long}"
    assert max(map(len, found[2 : found.index("- b")])) <= 40
    assert [line for line in found if line.startswith("  word")]
    assert f"| {long} |" in found
    assert found[-4:] == ["```", long, "b", "```"]
    figure = words.wrapped("1.23 ± 0.45 % " * 9, width=40)
    assert all(line.endswith("%") for line in figure.splitlines())


def test_a_sweep_typed_in_parts_is_one_command_without_places_of_this_machine(results):
    study = records.study(QUICK)
    (command,) = provenance.commands(study)
    assert command.startswith(
        f"python experiments/run.py -m study={QUICK} tokenizer=char,word,bpe,bpe-bytefallback seed=1,2,"
    )
    for word in command.split():
        assert not word.startswith(("outputs=", "train.workers=", "/"))
    table = provenance.provenance_table([study])
    for record in study.collection.records.values():
        assert record["git"]["commit"][:10] in table
    assert f"| {len(study.collection.records)} " in table
