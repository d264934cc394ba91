"""Tables: what is in them, golden small ones, every escape, and how they fit a terminal."""

import csv
import io
import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.console import Console
from synthetic import make_run, make_study

from analysis.inference.comparisons import Comparison, group_runs
from analysis.page.view import tables_of
from analysis.records.collect import collect
from analysis.records.display import MISSING, plus_minus, show
from analysis.records.find import runs_in
from analysis.records.measures import measure
from analysis.tables.comparison import comparison_table, difference_table, original_table, verdict_table
from analysis.tables.formats import frame_of, to_csv, to_markdown
from analysis.tables.model import Cell, Column, Row, Table
from analysis.tables.overviews import budget_tables, run_table
from analysis.tables.terminal import fit, to_rich, two_lines
from analysis.tables.tokenizers import baseline_table, generated_tables, text_tables
from numpygpt.runs import find_runs

HOSTILE = "<script>alert(1)</script>|a_b*c&d%e$f#g{h}\\~^`[x](y)\nnext"


def comparison_of(path) -> Comparison:
    return group_runs(collect(find_runs(path)))[0][0]


@pytest.fixture(scope="module")
def whole(study) -> Comparison:
    return comparison_of(study)


def cells(table: Table, row: int) -> dict[str, str]:
    return {c.key: cell.text for c, cell in zip(table.columns, table.rows[row].cells, strict=True)}


SMALL = Table(
    "small",
    "Bits & bytes",
    (Column("setting", "tokenizer", False), Column("bits_per_byte", "bits/byte")),
    (
        Row((Cell("char"), Cell(2.5, ".3f", 0.0123))),
        Row((Cell("a_b"), Cell(2.25, ".3f", best=True))),
        Row((Cell("xz"), Cell(None, ".3f")), "baseline"),
    ),
    ("50 % | more",),
)


def test_golden_markdown():
    assert to_markdown(SMALL) == (
        "| tokenizer |     bits/byte |\n"
        "| --------- | ------------: |\n"
        "| char      | 2.500 ± 0.013 |\n"
        "| a\\_b      |     **2.250** |\n"
        "| xz        |             \N{EN DASH} |\n"
        "\n50 % \\| more\n"
    )


def test_golden_csv():
    assert (
        to_csv(frame_of(SMALL))
        == "setting,bits_per_byte,bits_per_byte_half\nchar,2.5,0.0123\na_b,2.25,\nxz,,\n"
    )


def test_hostile_names_are_shown_and_do_nothing():
    table = Table(
        "t",
        HOSTILE,
        (Column("k", HOSTILE, False), Column("v", "v")),
        (Row((Cell(HOSTILE), Cell(1, "count"))),),
    )
    markdown = to_markdown(table)
    assert "<script" not in markdown
    assert markdown.count("\n") == 3
    assert all(line.replace(r"\|", "").count("|") == 3 for line in markdown.splitlines())
    assert next(iter(list(csv.reader(io.StringIO(to_csv(frame_of(table)))))[1])) == HOSTILE
    console = Console(width=80, record=True, file=io.StringIO())
    console.print(to_rich(Table("t", "[red]x", (Column("k", "[bold]h"),), (Row((Cell("[link=x]y"),)),)), 80))
    assert "[link=x]y" in console.export_text()


def test_a_text_that_a_spreadsheet_would_compute_is_defused():
    table = Table(
        "t", "t", (Column("=a.txt", "k"), Column("n", "n")), (Row((Cell("-2+3"), Cell(-2.0, ".1f"))),)
    )
    assert to_csv(frame_of(table)) == "'=a.txt,n\n'-2+3,-2\n"


@pytest.mark.parametrize(
    ("value", "form", "half", "want"),
    [
        (3227717, "si", np.nan, "3.23M"),
        (68165, "si", np.nan, "68.2k"),
        (999_999, "si", np.nan, "1.00M"),
        (3_227_717, "si", 12_000, "3.228 ± 0.012M"),
        (65, "si", np.nan, "65"),
        (0.0211, "percent", np.nan, "2.11 %"),
        (0.518, "percent", 0.004, "51.80 ± 0.40 %"),
        (0.0, "percent", np.nan, "0 %"),
        (41.3, "seconds", 1.6, "41.3 ± 1.6 s"),
        (3.14, "seconds", np.nan, "3.1 s"),
        (600.0, "seconds", np.nan, "10 min"),
        (9000.0, "seconds", np.nan, "2.5 h"),
        (0.06, "+.3f", np.nan, "+0.060"),
        (2.5, ".3f", 0.0001, "2.50000 ± 0.00010"),
        (1602.4, "count", 9.2, "1,602.4 ± 9.2"),
        (1 / 3, "percent", 2.118, "33 (0 to 100) %"),
        (0.99, "percent", 0.034, "99.0 (95.6 to 100.0) %"),
        (7298.0, "count", 12_679.0, "7,300 (0 to 20,000)"),
        (41.0, "seconds", 60.0, "41 (0 to 101) s"),
        (7298.0, "si", 12_679.0, "7.3 (0.0 to 20.0)k"),
        (0.97, "share", 0.05, "0.970 (0.920 to 1.000)"),
        (0.02, "+.3f", 0.05, "+0.020 ± 0.050"),
        (True, "yesno", np.nan, "yes"),
        (None, ".3f", np.nan, "\N{EN DASH}"),
        (float("nan"), ".3f", np.nan, "\N{EN DASH}"),
        (1e-3, ".2g", np.nan, "0.001"),
    ],
)
def test_show(value, form, half, want):
    assert show(value, form, half) == want


def test_a_key_of_a_group_is_shown_as_its_measure_and_an_unregistered_one_by_its_name():
    known = measure("generated.word_share")
    assert (known.key, known.heading, known.form) == ("generated.word_share", "real words", "percent")
    assert measure("generated.some_new_share").heading == "some new share"


@pytest.mark.parametrize(
    ("value", "half", "want"),
    [
        (0.0230, 0.0146, "0.023 ± 0.015"),
        (0.21, 0.03, "0.210 ± 0.030"),
        (0.2134, 0.0041, "0.2134 ± 0.0041"),
        (0.2134, 0.00401, "0.2134 ± 0.0041"),
        (0.2, 0.0991, "0.20 ± 0.10"),
        (0.0271, 0.02701, "0.02710 ± 0.02701"),
        (73210.0, 1234.0, "73,200 ± 1,300"),
        (2.5, float("nan"), "2.500"),
        (0.5, 0.0, "0.50 ± 0.00"),
    ],
)
def test_plus_minus(value, half, want):
    assert plus_minus(value, half) == want


@given(st.floats(-1e6, 1e6), st.floats(1e-4, 1e6))
def test_no_half_width_is_rounded_down_or_by_more_than_a_tenth(value, half):
    shown, _, wide = plus_minus(value, half).replace(",", "").partition(" ± ")
    assert half * (1 - 1e-6) <= float(wide) <= max(1.1001 * half, half + 1.0001e-6)
    assert abs(float(shown) - value) <= 0.1001 * half + 1e-6


@given(st.floats(0, 1), st.floats(0, 10))
def test_an_interval_of_a_share_stays_between_nothing_and_all(value, half):
    shown = show(value, "percent", half)
    numbers = [float(x) for x in re.findall(r"[\d.]+", shown)]
    if "to" in shown:
        assert 0 <= numbers[1] <= numbers[2] <= 100
        assert numbers[1] <= 100 * max(value - half, 0) + 1e-6
        assert numbers[2] >= 100 * min(value + half, 1) - 1e-6
    elif "±" in shown:
        assert numbers[1] <= numbers[0] <= 100 - numbers[1] + 1e-9


def test_comparison_is_tokens_plus_residual_with_baselines_below(whole):
    table = comparison_table(whole)
    word = cells(table, 1)
    total, floor, rest = (float(word[k].split()[0]) for k in
                          ("bits_per_byte", "bits_per_byte_tokens", "bits_per_byte_residual"))  # fmt: skip
    assert total == pytest.approx(floor + rest, abs=0.0011)
    assert "±" in word["bits_per_byte"]
    assert [row.kind for row in table.rows] == ["run"] * 4 + ["baseline"] * 4
    assert table.rows[4].cells[0].text == "Kneser-Ney, order 6"
    assert table.rows[-1].cells[0].text == "gzip -9 (last 32 KiB)"
    assert any("never to be compared across vocabularies" in note for note in table.all_notes)
    assert any(c.header.endswith("*") and c.key == "val_loss" for c in table.columns)


def test_one_seed_has_no_intervals(tmp_path):
    make_study(tmp_path, ("char", "bpe"), (1,))
    for table in tables_of(comparison_of(tmp_path)):
        assert "±" not in to_markdown(table).replace("over seeds ±", "").replace("passage ±", "")


def test_best_is_marked_only_where_it_is_proved(tmp_path, whole):
    assert not any(c.best for row in comparison_table(whole).rows for c in row.cells)
    make_study(tmp_path, ("char", "bpe"))
    rows = comparison_table(comparison_of(tmp_path)).rows
    assert [row.cells[0].text for row in rows if any(c.best for c in row.cells)] == ["bpe"]


def test_human_text_stands_beside_generated_text(whole):
    table, _ = generated_tables(whole)
    assert table.rows[-1].kind == "human"
    assert cells(table, 4)["generated.word_share"] == "98.5 %"
    original = original_table(whole)
    assert original.columns[-1].header == "human text"
    assert [r.cells[0].text for r in original.rows][:3] == [
        "final loss, nats per token*",
        "bits per byte",
        "characters in 500 tokens",
    ]


def test_of_the_orders_of_a_baseline_only_the_best_is_drawn_and_all_are_listed(tmp_path):
    orders = {
        f"kneser_ney_{n}": {"label": f"Kneser-Ney, order {n}", "bits_per_byte": 5.0 - n / 2, "history": ""}
        for n in (1, 2, 3)
    }
    make_run(tmp_path, "char", 1, extra={"baselines": orders})
    comparison = comparison_of(tmp_path)
    assert [b.label for b in comparison.main_baselines] == ["Kneser-Ney, order 3"]
    assert len(baseline_table(comparison).rows) == 3


def test_verdicts_of_counting_stand_below_those_of_pairs():
    study = Path(__file__).parents[2] / "docs/results/quick-iters.jsonl"
    ((comparison,), _) = group_runs(collect(runs_in([study])))
    assert [verdict.b for verdict in comparison.against_counting].count("modified Kneser-Ney, order 7") == 1
    rows = [cells(verdict_table(comparison), n) for n in range(10)]
    assert [row["rival"] == "modified Kneser-Ney, order 7" for row in rows].count(True) == 1
    assert all(row["text_half"] != MISSING for row in rows)
    labels = [baseline.label for baseline in comparison.main_baselines]
    assert labels[:3] == ["PPMd, order 6", "modified Kneser-Ney, order 7", "Kneser-Ney, order 6"]


def test_other_texts_mark_what_does_not_survive(whole):
    glance, long = text_tables(whole)
    assert cells(glance, 0)["emoji"] == "5.250"
    assert cells(glance, 1)["emoji"] == "6.025 !"
    assert len(long.rows) == 8


def test_only_settings_that_differ_are_shown(whole):
    table = difference_table(whole)
    assert table is not None
    assert [row.cells[0].text for row in table.rows] == ["tokenizer.kind", "tokenizer.vocab_size"]


def test_budgets_side_by_side_say_where_the_ranking_turns(tmp_path):
    for seed in (1, 2, 3):
        for tokenizer, shift in (("char", -0.6), ("bpe", 0.0)):
            make_run(tmp_path / "a", tokenizer, seed)
            make_run(tmp_path / "b", tokenizer, seed, shift=shift, budget__iters=2000)
    (table,) = budget_tables(group_runs(collect(find_runs(tmp_path)))[0])
    assert [c.header for c in table.columns] == ["tokenizer", "1,000 updates", "2,000 updates"]
    assert table.notes[0].startswith(
        "the ranking depends on the budget: under 1,000 updates, bpe is better than char"
    )


def test_without_a_rank_nothing_is_said_to_be_independent_of_the_budget(tmp_path):
    for tokenizer in ("char", "bpe"):
        make_run(tmp_path / "a", tokenizer, 1)
        make_run(tmp_path / "b", tokenizer, 1, budget__iters=2000)
    (table,) = budget_tables(group_runs(collect(find_runs(tmp_path)))[0])
    assert table.notes[0].startswith("nothing is ranked under two budgets")


def test_baselines_of_excerpts_say_so_and_what_they_see(tmp_path):
    make_run(tmp_path, "bpe", 1)
    (folder,) = find_runs(tmp_path)
    result = folder.result()
    seen = {"gzip": "the last 32 KiB of training text", "kneser_ney_6": "counts of all of the training text"}
    result["baselines"] = {
        key: {"label": key, "bits_per_byte": 3.0, "history": history, "excerpts": "the last 16 MB"}
        for key, history in seen.items()
    }
    folder.write_result(
        {key: value for key, value in result.items() if key not in ("schema", "metrics_rows")}
    )
    (comparison,) = group_runs(collect([folder]))[0]
    assert {(baseline.label, baseline.history) for baseline in comparison.baselines} == {
        ("gzip (last 32 KiB, excerpts)", "of the last 16 MB: the last 32 KiB of training text"),
        ("kneser_ney_6 (excerpts)", "of the last 16 MB: counts of all of the training text"),
    }


def test_budgets_side_by_side_never_join_two_settings(tmp_path):
    make_run(tmp_path, "bpe", 1, tokenizer__vocab_size=512)
    make_run(tmp_path, "bpe", 1, tokenizer__vocab_size=1024, budget__iters=2000)
    (table,) = budget_tables(group_runs(collect(find_runs(tmp_path)))[0])
    assert [[c.text == MISSING for c in row.cells] for row in table.rows] == [
        [False, False, True],
        [False, True, False],
    ]
    assert [row.cells[0].text for row in table.rows] == ["bpe 512", "bpe 1024"]


def test_every_run_is_listed_with_its_state(tmp_path):
    make_run(tmp_path, "char", 1)
    make_run(tmp_path, "char", 2, state="failed")
    found = collect(find_runs(tmp_path))
    assert [cells(run_table(found), i)["state"] for i in (0, 1)] == ["done", "failed"]
    assert cells(run_table(found), 1)["reason"] == "the loss is not finite at step 40"


@pytest.mark.parametrize("width", [80, 120])
def test_the_terminal_is_never_overrun(whole, width):
    console = Console(width=width, file=io.StringIO(), record=True)
    for table in tables_of(whole):
        if table.name in ("comparison", "texts"):
            assert min(4, len(table.columns)) <= len(fit(table, width)[0]) <= 8 or table.name == "texts"
            console.print(to_rich(table, width))
    assert max(map(len, console.export_text().splitlines())) <= width


@pytest.mark.parametrize(
    ("header", "want"),
    [("a", "a"), ("chars in 500 tokens", "chars in\n500 tokens"), ("bpe-bytefallback", "bpe-\nbytefallback")],
)
def test_headers_break_into_two_lines(header, want):
    assert two_lines(header) == want


WIDE = Table(
    "texts",
    "Texts",
    (
        Column("tokenizer", "tokenizer", False),
        *(
            Column(name, name, priority=n // 2)
            for n, name in enumerate(["中文的文本文件名字甲乙丙.txt" * 2] * 4)
        ),
    ),
    (Row((Cell("bpe-bytefallback"), *[Cell(8.8, ".3f")] * 4)),),
)


@pytest.mark.parametrize("width", [40, 80, 120])
def test_names_of_wide_letters_leave_the_tokenizer_its_name(width):
    console = Console(width=width, file=io.StringIO())
    console.print(to_rich(WIDE, width))
    shown = console.file.getvalue()
    assert "bpe-bytefallback" in shown
    assert "8.800" in shown
    assert max(map(cell_len, shown.splitlines())) <= width


def test_markdown_is_as_wide_as_it_looks():
    assert len({cell_len(line) for line in to_markdown(WIDE).splitlines()}) == 1
