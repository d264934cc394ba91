"""Every generated document is what the records and the code make of it, and every link leads somewhere."""

import re
import subprocess
from collections import Counter
from pathlib import Path
from urllib.parse import unquote

import pytest
import rebuild

ROOT = Path(__file__).resolve().parents[1]
FENCED = re.compile(r"^( *)(```|~~~).*?^\1\2", re.DOTALL | re.MULTILINE)
LINK = re.compile(r"!?\[(?:[^\[\]]|\[[^\[\]]*\])*\]\(([^()\s]+)(?: \"[^\"]*\")?\)")
CODE = re.compile(r"(`+)(?!`).+?(?<!`)\1(?!`)")


def tracked_pages() -> list[Path]:
    """All Markdown of the repository but templates, whose links are those of the pages made from them."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "*.md"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    names = listed.stdout.split("\0") if listed.returncode == 0 else []
    found = [ROOT / name for name in names if name] or [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
    return [p for p in found if p.exists() and ROOT / "docs" / "templates" not in p.parents]


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


def test_every_document_is_what_would_be_made_of_it():
    assert list(rebuild.check()) == []


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
def templates(tmp_path, monkeypatch):
    """A folder of documents of its own, with one template."""
    for name in ("DOCS", "ROOT"):
        monkeypatch.setattr(rebuild, name, tmp_path)
    monkeypatch.setattr(rebuild, "TEMPLATES", tmp_path / "templates")
    monkeypatch.setattr(rebuild, "IMAGES", tmp_path / "images")
    monkeypatch.setattr(rebuild, "content", lambda name: None)
    monkeypatch.setattr(rebuild, "figures", dict)
    (tmp_path / "templates" / "fragments").mkdir(parents=True)
    (tmp_path / "templates" / "PAGE.md").write_text("# {{ 6 * 7 }}\n")
    (tmp_path / "templates" / "fragments" / "part.md").write_text("{{ 1 + 1 }}\n")
    (tmp_path / "README.md").write_text(
        "before\n<!-- made by docs/rebuild.py: part -->\nold\n<!-- end -->\nafter\n"
    )
    return tmp_path


def test_a_rebuild_writes_documents_and_marked_parts_and_a_check_only_compares(templates, capsys):
    assert rebuild.main(["--check"]) == 1
    said = capsys.readouterr().err
    assert "PAGE.md is missing" in said
    assert "README.md:3 is 'old', should be '2'" in said
    assert not (templates / "PAGE.md").exists()

    assert rebuild.main([]) == 0
    assert (templates / "PAGE.md").read_text().endswith("# 42\n")
    marked = "<!-- made by docs/rebuild.py: part -->"
    assert (templates / "README.md").read_text() == f"before\n{marked}\n2\n<!-- end -->\nafter\n"
    assert rebuild.main(["--check"]) == 0


@pytest.mark.parametrize("broken", ["{{ nothing_of_the_kind }}", "{{ unclosed", "{{ figure('gone', 'x') }}"])
def test_a_broken_template_is_named_and_the_others_are_made(templates, capsys, broken):
    (templates / "templates" / "BROKEN.md").write_text(broken)
    assert rebuild.main([]) == 2
    assert "docs/templates/BROKEN.md: " in capsys.readouterr().err
    assert (templates / "PAGE.md").exists()
    assert not (templates / "BROKEN.md").exists()


def test_a_check_compares_pictures(templates, monkeypatch, capsys):
    from analysis.style import new_figure

    def drawing(height):
        figure = new_figure(3, 2)
        figure.subplots().plot([0, 1], [0, height])
        return figure

    monkeypatch.setattr(rebuild, "figures", lambda: {"line": lambda: drawing(1)})
    assert rebuild.main([]) == 0
    assert rebuild.main(["--check"]) == 0
    monkeypatch.setattr(rebuild, "figures", lambda: {"line": lambda: drawing(2)})
    assert rebuild.main(["--check"]) == 1
    assert "line.svg is not what would be drawn" in capsys.readouterr().err
    assert rebuild.same_picture('<path d="M 1.23 4"/>', '<path d="M 1.24 4"/>')
    assert not rebuild.same_picture('<path d="M 1.23 4"/>', '<path d="M 1.83 4"/>')
