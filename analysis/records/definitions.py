"""What each measure means, in one sentence: the first below its heading in docs/METRICS.md.

Tooltips and the essay have one source. Where analysis/ lies without docs/ beside it there are no definitions,
and the page says where they are.
"""

import re
from pathlib import Path

METRICS = Path(__file__).resolve().parents[2] / "docs" / "METRICS.md"
_ENTRY = re.compile(r"^### `(?P<key>\w+)`\n+(?P<text>[^\n]+)", re.MULTILINE)
_SENTENCE = re.compile(r".+?[.!?](?=\s|$)")


def definitions(path: Path = METRICS) -> dict[str, str]:
    """Key of a measure -> its definition as plain text; {} if there is no such file."""
    try:
        essay = path.read_text(encoding="utf-8")
    except (FileNotFoundError, NotADirectoryError):
        return {}
    return {entry["key"]: _first_sentence(entry["text"]) for entry in _ENTRY.finditer(essay)}


def _first_sentence(text: str) -> str:
    """Without Markdown's marks: a tooltip is plain text."""
    found = _SENTENCE.match(text)
    return (found.group() if found else text).replace("`", "").replace("*", "")
