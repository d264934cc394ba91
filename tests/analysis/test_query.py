"""Every number of a report can be asked for by itself."""

import json
import math
from io import StringIO

import pandas as pd
import pytest
from synthetic import make_run, make_study

import analysis
from analysis.page.view import view
from analysis.query import main
from analysis.tables.comparison import ORIGINAL
from numpygpt.runs import find_runs

WHOLE = ("serving", "baselines", "verdicts", "curves_step", "differences", "runs")  # not of settings alone


@pytest.fixture
def asked(capsys):
    """What query.py answers, as objects."""

    def ask(*words):
        assert main([*map(str, words), "--json"]) == 0
        return json.loads(capsys.readouterr().out)

    return ask


def place_of(table, row, column):
    """(setting, measure) of a cell."""
    label = row.cells[0].value
    if table.name == "original":
        if column.key == "human":
            return "char", ORIGINAL[label].replace("generated.", "human.")
        return column.key, ORIGINAL[label]
    if table.name == "texts":
        return label, f"texts.{column.key}.bits_per_byte"
    if table.name == "texts_all":
        return row.cells[1].value, f"texts.{label}.{column.key}"
    return label, column.key


def test_every_number_of_the_report_is_had_by_its_measure_or_its_table(study, asked):
    own = {(row["setting"], row["measure"]): row for row in asked(study)}
    tables, n_found = [table for _, _, table in view(find_runs(study)).tables], 0
    for table in (t for t in tables if t.name not in WHOLE):
        for row in (row for row in table.rows if row.kind == "run"):
            for column, cell in zip(table.columns, row.cells, strict=True):
                if column.key == "seeds" or isinstance(cell.value, str | bool | None):
                    continue
                found = own[place_of(table, row, column)]
                assert found["mean"] == pytest.approx(cell.value, rel=1e-12), (table.name, column.key)
                assert math.isnan(cell.half) or found["half"] == pytest.approx(cell.half, rel=1e-12)
                n_found += 1
    assert n_found > 200
    for table in (t for t in tables if t.name in WHOLE):
        rows = asked(study, "--table", table.name)
        for row, answer in zip(table.rows, rows, strict=True):
            values = [None if cell.value != cell.value else cell.value for cell in row.cells]
            assert [answer[column.key] for column in table.columns] == values


def test_settings_of_one_tokenizer_are_never_averaged(tmp_path, asked, capsys):
    make_study(tmp_path, ("char",), (1, 2), every=500)
    assert set(asked(tmp_path, "bits_per_byte", "--by", "tokenizer")[0]) == {
        *("tokenizer", "measure", "mean", "low", "high", "half", "n")
    }
    make_study(tmp_path, ("char",), (1, 2), every=500, optimizer__lr=3e-3)
    rows = asked(tmp_path, "bits_per_byte", "--by", "tokenizer")
    assert [row["setting"] for row in rows] == ["char lr=0.001", "char lr=0.003"]
    assert main([str(tmp_path), "bits_per_byte", "n_params", "--by", "run", "--csv"]) == 0
    runs = pd.read_csv(StringIO(capsys.readouterr().out))
    known = analysis.load_runs(tmp_path)
    assert list(runs.columns[-2:]) == ["bits_per_byte", "n_params"]
    assert runs["bits_per_byte"].tolist() == known["bits_per_byte"].tolist()


@pytest.mark.parametrize(
    ("words", "said"), [(["bits_per_byt"], "did you mean bits_per_byte"), (["--table", "verdict"], "verdicts"),
                        (["outputs/nowhere"], "neither a file nor a measure")],
)  # fmt: skip
def test_what_is_not_there_is_refused(study, capsys, words, said):
    assert main([str(study), *words]) == 2
    assert said in capsys.readouterr().err


def test_what_is_wrong_is_said_without_lines_of_code(tmp_path, capsys):
    make_study(tmp_path, ("char",), (1, 2))
    make_run(tmp_path, "char", 3, state="failed")
    (tmp_path / "char-small-s2" / "result.json").write_text("{")
    assert main([str(tmp_path), "bits_per_byte"]) == 0
    said = capsys.readouterr().err
    assert "result.json is damaged" in said
    assert "UserWarning" not in said
    failed = tmp_path / "failed"
    make_run(failed, "char", 3, state="failed")
    assert main([str(failed), "bits_per_byte"]) == 2
    assert "no run has finished" in capsys.readouterr().err
