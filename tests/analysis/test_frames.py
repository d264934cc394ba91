"""Frames of studies, and the CSV files of a report: they can be joined, and integers are integers."""

import re
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from synthetic import make_run, make_study

import analysis
from analysis.page.view import view
from analysis.reports import write_report
from numpygpt.errors import UserError
from numpygpt.runs import find_runs

KEYS = ["comparison", "setting"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """The report of two budgets, three tokenizers, two learning rates of one of them, and a run that failed."""
    study = tmp_path_factory.mktemp("outputs") / "quick"
    for budget in (1000, 2000):
        make_study(study, ("char", "word", "bpe"), (1, 2, 3), every=250, budget__iters=budget)
    make_study(study, ("bpe",), (1, 2, 3), every=250, optimizer__lr=3e-3)
    make_run(study, "bpe", 9, state="failed", every=250)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("analysis.page.view.drawings", lambda comparison, metrics: [])
        return write_report(study).path.parent


def test_every_table_joins_the_runs_by_comparison_and_setting(folder):
    runs, joined = pd.read_csv(folder / "runs.csv"), []
    assert len(runs) == 22
    assert runs.loc[runs["state"] == "failed", KEYS].isna().all(axis=None)
    for file in folder.glob("tables/*.csv"):
        table = pd.read_csv(file)
        if set(KEYS) <= set(table):
            kept = table[~table["setting"].str.match("human|.*Kneser|gzip|bz2|xz|share of")]
            both = kept.merge(runs, on=KEYS, suffixes=("_table", ""), how="left")
            assert both["run"].notna().all(), file.name
            joined.append(file.name.partition("updates-")[2])
            if "comparison.csv" in file.name:
                means = both.groupby(KEYS)[["bits_per_byte", "bits_per_byte_table"]].mean()
                assert np.allclose(means["bits_per_byte"], means["bits_per_byte_table"], rtol=1e-12)
    assert {"comparison.csv", "cost.csv", "texts.csv", "verdicts.csv", "curves_step.csv"} <= set(joined)
    scalars = pd.read_csv(folder / "scalars.csv")
    lines = scalars.merge(runs, on=["study", "run", "comparison", "setting", "seed"], suffixes=("", "_run"))
    assert len(lines) == len(scalars)
    assert set(scalars["run"]) == set(runs["run"])


def test_columns_are_plain_and_integers_are_integers(folder):
    text = (folder / "runs.csv").read_text(encoding="utf-8")
    runs = pd.read_csv(folder / "runs.csv", dtype=str)
    assert {
        "optimizer.lr",
        "tokenizer.vocab_size",
        "generated.word_share",
        "texts.emoji.bits_per_byte",
    } <= set(runs)
    names = [
        name for name in text.partition("\n")[0].split(",") if not name.startswith(("bits_by.", "perturbed."))
    ]
    assert all(re.fullmatch(r"[\w.]+", name) for name in names)  # the parts of a text go by words
    for name in ("seed", "vocab_size", "tokenizer.vocab_size", "budget.iters", "n_params"):
        assert runs[name].dropna().str.isdigit().all(), name
    for name, column in product(("comparison", "cost", "settings"), ("vocab_size", "iters", "seeds")):
        table = pd.read_csv(next(folder.glob(f"tables/*{name}.csv")), dtype=str)
        assert column not in table or table[column].dropna().str.isdigit().all()


def test_a_notebook_loads_the_same_figures(folder):
    study = folder.parent
    estimates, runs = analysis.load(study), analysis.load_runs([study])
    own = estimates[estimates["measure"] == "bits_per_byte"].set_index(KEYS)
    assert len(own) == 7
    means = runs.groupby(KEYS)["bits_per_byte"].agg(["mean", "count"])
    assert np.allclose(means["mean"], own.loc[means.index, "mean"].astype(float), rtol=1e-12)
    assert (means["count"] == own.loc[means.index, "n"]).all()
    assert runs["optimizer.lr"].nunique() == 2
    for place, said in ((study / "nowhere", "is no folder"), (study / "bpe-small-s9", "has finished")):
        with pytest.raises(UserError, match=said):
            analysis.load(place)


def test_what_cannot_be_read_is_warned_of(tmp_path):
    make_run(tmp_path, "char", 1)
    (make_run(tmp_path, "char", 2).path / "result.json").write_text("{")
    with pytest.warns(UserWarning, match="is damaged"):
        assert set(analysis.load(tmp_path)["n"]) == {1}


# --- names ---


def imported(folder: Path, path: str, digest: str) -> None:
    """A run of a tokenizer that lies in a file."""
    key = {"tokenizer__kind": "hf", "tokenizer__path": digest * 64}
    make_run(folder, "bpe", 1, name=f"{digest}-s1", imported=path, extra={"tokenizer": "hf"}, **key)


def labels_of(folder: Path) -> list[str]:
    (section,) = view(find_runs(folder)).sections
    return [setting.label for setting in section.comparison.settings]


def test_an_imported_tokenizer_is_called_as_its_file(tmp_path):
    make_run(tmp_path, "char", 1)
    imported(tmp_path, "/a/b/llama.json", "a")
    assert labels_of(tmp_path) == ["char", "llama"]
    imported(tmp_path, "/a/gpt2/tokenizer.json", "b")
    imported(tmp_path, "/a/qwen/tokenizer.json", "c")
    assert sorted(labels_of(tmp_path)) == ["char", "llama", "tokenizer (gpt2)", "tokenizer (qwen)"]
    imported(tmp_path, "tokenizer.json", "d")
    imported(tmp_path, "tokenizer.json", "e")
    assert len(set(labels_of(tmp_path))) == 6
