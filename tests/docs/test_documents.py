"""Tables, pictures and answers to `>>>` are what would be made today, and every link leads somewhere."""

import doctest
import re
import subprocess
from collections import Counter
from pathlib import Path
from urllib.parse import unquote

import numpy as np
import pytest
import rebuild

from analysis.figures.style import new_figure

ROOT = Path(__file__).resolve().parents[2]
FENCED = re.compile(r"^( *)(```|~~~).*?^\1\2", re.DOTALL | re.MULTILINE)
LINK = re.compile(r"!?\[(?:[^\[\]]|\[[^\[\]]*\])*\]\(([^()\s]+)(?: \"[^\"]*\")?\)")
CODE = re.compile(r"(`+)(?!`).+?(?<!`)\1(?!`)")


def tracked_pages() -> list[Path]:
    """All Markdown of the repository."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "*.md"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    names = listed.stdout.split("\0") if listed.returncode == 0 else []
    found = [ROOT / name for name in names if name] or [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
    return [path for path in found if path.exists()]


def anchors(page: str) -> set[str]:
    """The anchors that GitHub gives to the headings of a page, and those that it sets itself."""
    seen: Counter[str] = Counter()
    found = set(re.findall(r'<a (?:name|id)="([^"]+)"', page))
    for heading in re.findall(r"^#{1,6} +(.+?)(?: +#+)?$", FENCED.sub("", page), re.MULTILINE):
        words = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading)
        slug = re.sub(r"[^\w\- ]", "", words.lower()).replace(" ", "-")
        found.add(f"{slug}-{seen[slug]}" if seen[slug] else slug)
        seen[slug] += 1
    return found


def broken_links(page: Path) -> list[str]:
    """A sentence for each relative link of the page that leads nowhere."""
    text = page.read_text(encoding="utf-8")
    return [
        f"{page.name}: {link}: {why}"
        for link in LINK.findall(CODE.sub("``", FENCED.sub("", text)))
        if not re.match(r"[a-z][a-z+.-]*:", link) and (why := _broken(page, link))
    ]


def _broken(page: Path, link: str) -> str | None:
    name, _, anchor = unquote(link).partition("#")
    target = page.parent / name if name else page
    if not target.exists():
        return "there is no such file"
    if re.match(r"L\d", anchor):
        return "the number of a line goes stale: name the function"
    if anchor and target.suffix == ".md" and anchor not in anchors(target.read_text(encoding="utf-8")):
        return "no such heading"
    return None


def test_every_table_and_picture_is_what_would_be_made():  # 8 s: two dozen pictures are drawn, letters as shapes
    assert rebuild.main(["--check"]) == 0


@pytest.mark.parametrize("page", tracked_pages(), ids=lambda p: p.relative_to(ROOT).as_posix())
def test_every_link_leads_somewhere(page):
    assert broken_links(page) == []


def test_a_link_that_leads_nowhere_is_noticed(tmp_path):
    page = tmp_path / "page.md"
    page.write_text(
        "# One `two`, three\n## Again\n## Again\n"
        "[b](#one-two-three) [c](#again-1) [d](https://example.org/x) `[e](gone)`\n"
        "```\n[f](gone)\n# no heading\n```\n"
        "[g](gone.md) [h](page.md#L3) [i](#no-heading) ![j](gone.svg) [`k` [x]](page.md#again-2)\n"
    )
    found = [sentence.split(": ")[1] for sentence in broken_links(page)]
    assert found == ["gone.md", "page.md#L3", "#no-heading", "gone.svg", "page.md#again-2"]


@pytest.fixture
def page(tmp_path, monkeypatch) -> Path:
    """A repository of one document, with a table and a picture in it."""

    def drawing():
        figure = new_figure(3, 2)
        figure.subplots().plot([0, 1], [0, 1])
        return figure

    monkeypatch.setattr(rebuild, "ROOT", tmp_path)
    monkeypatch.setattr(rebuild, "TABLES", {"sum": lambda: "| 2 |\n"})
    monkeypatch.setattr(rebuild, "FIGURES", {"line": drawing})
    (tmp_path / "docs" / "images").mkdir(parents=True)
    page = tmp_path / "README.md"
    page.write_text(
        "a\n<!-- made by docs/rebuild.py: sum -->\n| 1 |\n<!-- end -->\n![b](docs/images/line.svg)\n"
    )
    return page


def test_a_rebuild_makes_tables_and_pictures_and_a_check_only_compares(page, capsys):
    before = page.read_text()
    assert rebuild.main(["--check"]) == 1
    assert page.read_text() == before
    said = capsys.readouterr().err
    assert "README.md is out of date" in said
    assert "docs/images/line.svg is out of date" in said

    assert rebuild.main(["README"]) == 0
    assert page.read_text() == before.replace("| 1 |", "| 2 |")
    assert rebuild.main(["--check"]) == 0
    picture = page.parent / "docs" / "images" / "line.svg"
    picture.write_text(picture.read_text().replace("</svg>", "<g/></svg>"))
    assert rebuild.main(["--check"]) == 1
    page.write_text(before.replace("line.svg", "lime.svg"))
    with pytest.raises(SystemExit, match=r"README.md shows lime, which nothing in docs/making makes"):
        rebuild.main([])


def test_places_in_pictures_may_differ_by_half_a_point(tmp_path):
    picture = tmp_path / "a.svg"
    picture.write_text('<path d="M 1.23 4"/>')
    assert not rebuild.is_stale(picture, '<path d="M 1.24 4"/>')
    assert rebuild.is_stale(picture, '<path d="M 1.83 4"/>')
    assert rebuild.is_stale(picture, '<line d="M 1.23 4"/>')


def test_figures_in_pictures_may_not_differ(tmp_path):
    picture = tmp_path / "a.svg"
    picture.write_text('<text x="1.23">2.31 bits</text>')
    assert not rebuild.is_stale(picture, '<text x="1.24">2.31 bits</text>')
    assert rebuild.is_stale(picture, '<text x="1.23">2.32 bits</text>')


def test_every_table_and_every_picture_is_in_a_document():
    pages = "".join(path.read_text(encoding="utf-8") for path in rebuild.documents())
    assert {name for _, name, _ in rebuild.MARKED.findall(pages)} == set(rebuild.TABLES)
    assert set(rebuild.SHOWN.findall(pages)) == set(rebuild.FIGURES)
    assert {path.stem for path in (ROOT / "docs" / "images").glob("*")} == set(rebuild.FIGURES)


def test_code_that_backprop_shows_is_the_library_s():
    page = (ROOT / "docs" / "BACKPROP.md").read_text(encoding="utf-8")
    library = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "numpygpt").rglob("*.py"))
    blocks = re.findall(r"^```python\n(.*?)^```", page, re.DOTALL | re.MULTILINE)
    assert len(blocks) == 3
    assert [block for block in blocks if block not in library] == []


@pytest.mark.parametrize(("name", "tried"), [("BACKPROP", 90), ("OPTIMIZERS", 30), ("TOKENIZERS", 40)])
def test_what_stands_under_a_prompt_is_what_python_answers(name, tried, request):
    if name == "TOKENIZERS":
        request.getfixturevalue("shakespeare")
    with np.printoptions():
        found = doctest.testfile(str(ROOT / "docs" / f"{name}.md"), module_relative=False, encoding="utf-8")
    assert found.failed == 0
    assert found.attempted > tried
