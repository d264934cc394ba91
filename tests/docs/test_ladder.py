"""The ladder: its commands lead from nanoGPT's recipe to the default one, and its table tells the kept records."""

import shutil
from pathlib import Path

import making.results
import pytest
import rebuild
from making import ladder, records

from analysis.collect import flatten
from analysis.style import styled
from experiments.configuration.compose import composed
from experiments.configuration.identity import identity
from experiments.configuration.schema import CONF
from experiments.configuration.validation import check
from numpygpt.runs import RunFolder

KEPT = Path(__file__).parents[2] / "docs" / "results"


def config_of(rung, tokenizer="char"):
    return composed(
        "experiment=ladder", f"tokenizer={tokenizer}", f"data.sha256={64 * 'a'}", *rung.typed.split()
    )


def identity_of(rung):
    return flatten(identity(config_of(rung)))


@pytest.fixture
def ladder_records(tmp_path, monkeypatch):
    """A folder of records without the ladder; what it returns adds a run of a rung, `bits` per byte."""
    shutil.copyfile(KEPT / "original.toml", tmp_path / "original.toml")
    (tmp_path / "quick-iters").symlink_to(KEPT / "quick-iters")
    monkeypatch.setattr(records, "RESULTS", tmp_path)
    monkeypatch.setattr(rebuild, "figures", lambda: {"budgets", "surprisal", "quick-curves", "ladder"})

    def add(rung, tokenizer, seed, bits, seconds):
        source = RunFolder(next((KEPT / "quick-iters").glob(f"{tokenizer}-small-s{seed}-*")))
        run, result, scores = source.run(), source.result(), source.scores()
        run["identity"] |= {key: identity(config_of(rung))[key] for key in ("model", "optimizer")}
        name = f"{tokenizer}-{ladder.RUNGS.index(rung)}-s{seed}"
        made = RunFolder(tmp_path / "ladder" / name)
        made.create({key: value for key, value in run.items() if key != "schema"} | {"name": name})
        for row in source.metrics():
            made.append_metrics(row)
        made.write_scores({k: v for k, v in scores.items() if k not in ("schema", "content_sha256")})
        result |= {"bits_per_byte": bits, "train_seconds": seconds}
        made.write_result({k: v for k, v in result.items() if k not in ("schema", "metrics_rows")})

    yield add
    records._study.cache_clear()


def test_every_rung_composes_and_its_runs_are_known_by_their_identity():
    for rung in ladder.RUNGS:
        config = config_of(rung)
        check(config)
        assert (config.study, config.budget.kind, config.data.fallback) == ("ladder", "iters", None)
        assert ladder.rung_of(identity_of(rung)) is rung


def test_the_ladder_leads_from_nanogpts_recipe_to_the_default_one():
    first, last = config_of(ladder.RUNGS[0]), config_of(ladder.RUNGS[-1])
    nanogpt, default = composed("experiment=nanogpt_cpu"), composed("tokenizer=char")
    assert (first.model, first.optimizer, first.train.batch_size) == (
        nanogpt.model,
        nanogpt.optimizer,
        nanogpt.train.batch_size,
    )
    assert (last.model, last.optimizer) == (default.model, default.optimizer)


def test_the_experiment_lists_the_commands_of_all_rungs():
    listed = (CONF / "experiment" / "ladder.yaml").read_text(encoding="utf-8")
    commands = {
        frozenset(line.split()[4:]) for line in listed.splitlines() if "run.py experiment=ladder" in line
    }
    assert commands == {frozenset(rung.typed.split()) for rung in ladder.RUNGS}


def test_the_page_has_a_ladder_as_soon_as_there_are_records(ladder_records):
    assert "the ladder" not in rebuild._whole("RESULTS.md").lower()
    for number, rung in enumerate(ladder.RUNGS):
        for seed in (1, 2, 3):
            ladder_records(rung, "char", seed, 3.0 - 0.1 * number + 0.01 * seed, 40.0 + number)
    records._study.cache_clear()
    assert ladder.climbed()
    table = ladder.ladder_table().splitlines()
    assert len(table) == 2 + len(ladder.RUNGS)
    for number, (row, rung) in enumerate(zip(table[2:], ladder.RUNGS, strict=True)):
        assert rung.adds in row
        assert f"{3.02 - 0.1 * number:.3f} ±" in row
        assert f"{40 + number}" in row
    page = rebuild._whole("RESULTS.md")
    assert "## The ladder" in page
    assert all(row in page for row in table)
    with styled():
        ladder.ladder_figure().draw_without_rendering()
    assert making.results.VALUES["climbed"]()
