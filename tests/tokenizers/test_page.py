"""docs/TOKENIZERS.md computes what it says, and shows the class that custom.py documents."""

import doctest
from pathlib import Path

from numpygpt.tokenizers.foreign import custom

PAGE = Path(__file__).parents[2] / "docs" / "TOKENIZERS.md"


def test_every_figure_is_what_its_lines_compute(shakespeare):
    failed, tried = doctest.testfile(str(PAGE), module_relative=False, encoding="utf-8")
    assert failed == 0
    assert tried > 40


def test_the_example_is_the_documented_one():
    start, end = custom.__doc__.index("    # frequent.py"), custom.__doc__.index("Needed:")
    assert custom.__doc__[start:end].rstrip() in PAGE.read_text(encoding="utf-8")
