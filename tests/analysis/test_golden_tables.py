"""Every number of every table of the kept studies is what it was when they were kept."""

import gzip
import json
import sys
from itertools import chain
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "golden"))

from make_tables import GOLDEN, STUDIES, numbers_of


@pytest.mark.parametrize("study", [*STUDIES, "all"])
def test_tables_hold_the_numbers_that_they_held(study):
    golden = json.loads(gzip.decompress(GOLDEN.read_bytes()))[study]
    found = numbers_of("" if study == "all" else study)
    assert found.keys() >= golden.keys()
    for table, lines in golden.items():
        if table == "budgets":  # a row joins what differs in the budget alone
            lines, found[table] = ([sorted(chain(*all_lines))] for all_lines in (lines, found[table]))
        assert len(found[table]) == len(lines), table
        for line, held in zip(found[table], lines, strict=True):
            missing = _missing(held, line)
            assert not missing, (table, missing)


def _missing(held, line):
    """What of `held` is not in `line`, both in order: a table may gain columns, and loses no number."""
    rest = iter(line)
    return [
        number for number in held if not any(x == pytest.approx(number, rel=1e-8, abs=1e-12) for x in rest)
    ]
