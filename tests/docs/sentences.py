"""Whether a document says something, wherever its lines break."""

from pathlib import Path

ROOT = Path(__file__).parents[2]


def says(document: str, *phrases: str) -> None:
    page = " ".join((ROOT / document).read_text(encoding="utf-8").split())
    assert [phrase for phrase in phrases if phrase not in page] == []
