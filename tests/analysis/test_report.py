"""The report as a user meets it: its files, its words on the terminal, its errors."""

import csv
import io
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from rich.console import Console
from synthetic import make_run, make_study

from analysis.report import main
from analysis.reports import write_report
from numpygpt.files import locked

REPOSITORY = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """Three settings under three seeds, one damaged run, one that failed."""
    study = tmp_path_factory.mktemp("outputs") / "quick"
    make_study(study, ("char", "word", "bpe"), (1, 2, 3), every=50)
    (make_run(study, "char", 9).path / "result.json").write_text("{")
    make_run(study, "bpe", 9, state="failed")
    return write_report(study)


def test_report_lies_beside_the_runs_with_all_its_parts(written):
    out = written.path.parent
    assert out.name == "report"
    names = set((out / "files.txt").read_text().split())
    assert {"report.html", "report.md", "runs.csv", "scalars.csv", "tables/comparison.csv"} <= names
    assert {"figures/bits_per_byte.svg", "figures/curves_flops.svg"} <= names
    assert names == {p.relative_to(out).as_posix() for p in out.rglob("*") if p.is_file()} - {
        "files.txt",
        ".lock",
    }


def test_page_begins_with_the_conclusion_and_names_what_is_left_out(written):
    page = written.path.read_text(encoding="utf-8")
    assert page.index("## shakespeare, 1,000 updates, model small: ") < page.index("sha256 86c4e6aa9db7")
    assert page.index("sha256 86c4e6aa9db7") < page.index("Comparison: shakespeare")
    assert "bpe is better than char by" in page
    assert "sha256 86c4e6aa9db7" in page
    assert "## Left out" in page
    assert "char-small-s9/result.json is damaged" in page
    assert "the loss is not finite at step 40" in page
    assert str(REPOSITORY) not in page


def test_every_logged_scalar_is_in_the_csv(written):
    with (written.path.parent / "scalars.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    evaluations = {50: 3, 10: 11}
    assert len(rows) == 9 * (21 + evaluations[50]) + (101 + evaluations[10])  # the failed run has logged too
    assert {"run", "study", "tokenizer", "seed", "step", "kind", "loss", "val_bpb", "grad_norm"} <= rows[
        0
    ].keys()


def test_same_runs_give_the_same_bytes(written):
    out = written.path.parent
    before = {path: path.read_bytes() for path in out.rglob("*") if path.is_file()}
    write_report(out.parent)
    assert {path: path.read_bytes() for path in out.rglob("*") if path.is_file()} == before


def test_an_earlier_report_is_replaced_and_nothing_else_is_touched(tmp_path, no_figures):
    make_run(tmp_path, "char", 1, every=100)
    out = write_report(tmp_path).path.parent
    old, mine = out / "figures" / "verdicts.svg", out / "figures" / "mine.svg"
    out.joinpath("figures").mkdir(exist_ok=True)
    for path in (old, mine):
        path.write_text("of an earlier report, or not yours")
    files = out / "files.txt"
    files.write_text(files.read_text() + "figures/verdicts.svg\n")
    write_report(tmp_path)
    assert not old.exists()
    assert mine.exists()


def test_hostile_names_reach_no_page_and_those_that_are_not_utf8_every_file(tmp_path):
    name = "<script>alert(1)</script>|_$x^{" + b"t\xe9xt.txt".decode("utf-8", "surrogateescape")
    study = tmp_path / name[-8:]
    for tokenizer in ("char", "bpe"):
        extra = {"tokenizer": f"{tokenizer}{name}", "losses": "<b>loses</b> $all$"}
        make_run(study, tokenizer, 1, corpus=f"<img src=x>${name}", extra=extra, every=100)
    written = write_report(study)
    written.show(Console(width=80, file=io.StringIO()))
    out = written.path.parent
    for path in (pages := [*out.rglob("*.md"), *out.rglob("*.svg")]):
        assert "<script" not in path.read_text(encoding="utf-8")
        assert "<img" not in path.read_text(encoding="utf-8")
    assert {path.suffix for path in pages} == {".md", ".svg"}
    assert "xt.txt" in written.page.read_text(encoding="utf-8")


def test_several_texts_get_sections_and_files_of_their_own(tmp_path, no_figures):
    make_run(tmp_path, "char", 1, every=100)
    make_run(tmp_path, "char", 1, every=100, name="other", budget__iters=2000)
    out = write_report(tmp_path).path.parent
    names = (out / "files.txt").read_text().split()
    assert "tables/shakespeare-1-000-updates-comparison.csv" in names
    assert "tables/shakespeare-2-000-updates-comparison.csv" in names
    assert "tables/budgets.csv" in names


def test_terminal_shows_the_essential(written):
    console = Console(width=80, record=True, file=open("/dev/null", "w"))  # noqa: SIM115, PTH123
    written.show(console)
    text = console.export_text()
    assert "bits/byte" in text
    assert "model small: " in text
    assert "not counted: bpe-small-s9, failed (the loss is not finite at step 40)" in " ".join(text.split())
    assert "result.json is damaged" in " ".join(text.split())
    assert text.rstrip().endswith("report.html (and report.md)")


def test_of_two_reports_at_once_one_waits(written):
    """The page is made of the figures' files: it must not find those that the other is about to write."""
    with ThreadPoolExecutor(1) as pool:
        with locked(written.path.parent / ".lock"):
            other = pool.submit(write_report, written.path.parents[1])
            with pytest.raises(TimeoutError):
                other.result(timeout=3)
        assert other.result(timeout=60).path == written.path


def test_no_finished_run_is_said(tmp_path, no_figures):
    make_run(tmp_path, "char", 1, state="interrupted", every=100)
    assert "No run has finished yet" in write_report(tmp_path).path.read_text(encoding="utf-8")


def test_runs_without_metrics_or_scores_are_still_reported(tmp_path, no_figures):
    for tokenizer in ("char", "bpe"):
        for seed in (1, 2, 3):
            run = make_run(tmp_path, tokenizer, seed, every=100)
            (run.path / "scores.json").unlink()
    found = write_report(tmp_path)
    assert "no ranking of bpe and char: their bits per block" in found.path.read_text(encoding="utf-8")
    assert any("scores.json does not exist" in p.sentence for p in found.view.problems)


@pytest.mark.parametrize("arguments", [["missing"], ["empty"], ["broken"], ["good", "-o", "file"]])
def test_errors_are_one_sentence_and_status_2(arguments, tmp_path, capsys, monkeypatch, no_figures):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty").mkdir()
    (tmp_path / "broken" / "run").mkdir(parents=True)
    (tmp_path / "broken" / "run" / "run.json").write_text("{")
    (tmp_path / "file").write_text("")
    make_run(tmp_path / "good", "char", 1, every=500)
    assert main(arguments) == 2
    said = capsys.readouterr().err.strip()
    assert said.count("\n") == 0
    assert arguments[-1] in said


def test_the_script_runs_from_anywhere(written, tmp_path):
    script = REPOSITORY / "analysis" / "report.py"
    done = subprocess.run(
        [sys.executable, script, "nowhere"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert done.stderr.startswith("report.py: nowhere is no folder")
