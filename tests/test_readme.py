"""What the README says was found is what the kept records say."""

from pathlib import Path

from analysis.report import write_report

ROOT = Path(__file__).parent.parent


def test_the_table_of_results_is_that_of_the_records(tmp_path):
    report = write_report(ROOT / "docs" / "results", tmp_path)
    table = (report.path.parent / "tables" / "budgets.md").read_text(encoding="utf-8")
    rows = [line for line in table.splitlines() if line.startswith("|")]
    assert len(rows) == 6
    assert "\n".join(rows) in (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_ruler_is_that_of_the_records():
    results = sorted((ROOT / "docs" / "results").glob("*/*/result.json"))
    assert len(results) == 40
    assert all('"bits_per_byte": 2.2478' in path.read_text() for path in results)
