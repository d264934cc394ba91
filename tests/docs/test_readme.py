"""The README's first two screens say what this is, what it found and how sure it is; its figures are kept ones."""

import io
import re
from pathlib import Path

import pytest
from making import records
from rich.console import Console

from analysis.page.view import view
from analysis.records.find import runs_in
from analysis.reports.terminal import show

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
KEPT = ROOT / "docs" / "results"
SCREEN = 45  # lines


@pytest.mark.parametrize(
    "needed",
    [
        "python experiments/run.py -m tokenizer=char,word,bpe",
        "## What it found",
        "| tokenizer ",
        "± is the 95 % interval",
        "**No order was found to hold on four texts:**",
        "(docs/RESULTS.md)",
        "## Do it yourself",
        "(one seed: no ranking)",
    ],
)
def test_the_first_two_screens_say_it(needed):
    assert needed in " ".join(" ".join(README.splitlines()[: 2 * SCREEN]).split())


def test_what_it_shows_of_a_command_is_what_that_printed():
    shown = README.split("other machines\nhave other last digits):\n\n```\n")[1].split("\n```")[0]
    results = {run.result()["tokenizer"]: run.result() for run in runs_in([KEPT / "default.jsonl"])}
    assert f"`bpe-bytefallback` ({results['bpe-bytefallback']['bits_per_byte']:.3f})" in README
    for r in (results[name] for name in ("char", "word", "bpe")):
        row = rf"^ {r['tokenizer']} +{r['bits_per_byte']:.3f} +{r['bits_per_byte_tokens']:.3f} "
        assert re.search(row, shown, re.MULTILINE), row
    assert max(map(len, shown.splitlines())) <= 100


def test_a_report_shows_a_line_of_each_model_s_text_as_the_readme_has_it():
    console = Console(width=80, file=io.StringIO(), record=True)
    show(view(runs_in([KEPT / "default.jsonl"])), console)
    cut = [line.split(maxsplit=1) for line in console.export_text().splitlines() if line.endswith("\u2026")]
    assert [label for label, _ in cut] == list(records.NAMES)
    assert all(
        re.search(rf"^{label} +{re.escape(text[:50])}", README, re.MULTILINE) for label, text in cut[:3]
    )


def test_the_kept_records_are_whole_and_agree_on_the_baselines():
    kept = runs_in([KEPT])
    assert not view(kept).problems
    failed = [run for run in kept if run.state() != "done"]
    assert [(run.path.parent.stem, run.failure()["status"]) for run in failed] == [("optimizers", "diverged")]
    done = [run for run in kept if run.state() == "done"]
    measured = [(run.run(), run.result()["baselines"]) for run in done]
    bits = {
        (
            (run["corpus"]["sha256"], run["config"]["data"].get("dev_fraction")),
            key,
            found[key]["bits_per_byte"],
        )
        for run, found in measured
        for key in found
    }
    # PPMd is one of them where it was installed.
    assert len(bits) == len({(text, key) for text, key, _ in bits})


def test_its_python_runs_and_shows_what_the_table_shows(capsys, monkeypatch):
    monkeypatch.chdir(ROOT)
    for block in re.findall(r"^```python\n(.*?)^```", README, re.DOTALL | re.MULTILINE):
        exec(block, {})
    shown = [line.split()[:2] for line in capsys.readouterr().out.splitlines()]
    for name in records.NAMES:
        assert [name, f"{records.study('budget-text').mean(name, 'bits_per_byte'):.3f}"] in shown


def test_its_figure_of_text_per_update_is_that_of_the_kept_runs():
    results = [run.result() for run in runs_in([KEPT / "quick-iters.jsonl"])]
    seen = {result["tokenizer"]: result["chars_seen"] for result in results}
    assert f"show a word model {seen['word'] / seen['char']:.1f} times the text" in " ".join(README.split())


def test_it_says_how_to_ask_for_the_texts_that_are_not_scored_by_default():
    passages = {path.stem for path in (ROOT / "experiments" / "eval_texts").glob("*.txt")}
    asked = re.search(r"'eval\.texts=\[(accents[^\]]*)\]'", README)
    assert asked
    assert set(asked[1].split(",")) == passages
