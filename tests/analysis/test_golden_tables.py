"""Every number of every table of the kept studies is what it was when they were kept."""

import gzip
import json
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "golden"))

from make_tables import GOLDEN, STUDIES, numbers_of


@pytest.fixture(scope="module")
def golden():
    return json.loads(gzip.decompress(GOLDEN.read_bytes()))


@pytest.mark.parametrize("study", STUDIES)
def test_the_tables_of_a_study_hold_the_numbers_that_they_held(study, golden):
    compare(numbers_of(study), golden[study])


def test_so_do_those_of_all_studies_in_one_report(golden):
    compare(numbers_of(""), golden["all"])


def compare(found, wanted):
    assert found.keys() == wanted.keys()
    for table, columns in wanted.items():
        assert found[table].keys() == columns.keys(), table
        for column, values in columns.items():
            assert found[table][column] == pytest.approx(values, rel=1e-8, abs=1e-12), (table, column)
