"""docs/TOKENIZERS.md shows the class that custom.py documents."""

from pathlib import Path

from numpygpt.tokenizers.foreign import custom

PAGE = Path(__file__).parents[2] / "docs" / "TOKENIZERS.md"


def test_the_example_is_the_documented_one():
    start, end = custom.__doc__.index("    # frequent.py"), custom.__doc__.index("Needed:")
    assert custom.__doc__[start:end].rstrip() in PAGE.read_text(encoding="utf-8")
