"""Makes the tables and pictures of the documents, from the kept records and the code; the words are their authors'.

    python docs/rebuild.py [NAME ...]    those of all documents, or only of these: RESULTS, README
    python docs/rebuild.py --check       writes nothing; exits with 1 if something is not what would be made

What stands between `<!-- made by docs/rebuild.py: NAME -->` and `<!-- end -->` is the table of that name in
docs/making/tables.py; docs/images/NAME.svg, where a document shows it, is the picture of that name in
docs/making/result_figures.py or lessons.py. For `_` names have `-`.
"""

import argparse
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from inspect import getmembers, isfunction
from io import StringIO
from pathlib import Path
from types import ModuleType
from typing import Any

from making import lessons, result_figures, tables, tokenizer_tables
from matplotlib import rc_context
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

from analysis.figures.style import styled

ROOT = Path(__file__).resolve().parents[1]
MARKED = re.compile(r"(<!-- made by docs/rebuild\.py: (\S+) -->\n).*?(<!-- end -->)", re.DOTALL)
SHOWN = re.compile(r"\]\((?:docs/)?images/([\w-]+)\.svg\)")
PLACES, LONG = re.compile(r' (?:d|x|y)="[^"]*"|translate\([^)]*\)'), re.compile(r"-?\d+\.\d{3,}")
FONTS: dict[Any, Any] = {  # the same wherever they are drawn, with others as wide where they are looked at
    "font.family": ["sans-serif"],
    "font.sans-serif": ["DejaVu Sans", "Verdana", "Arial"],
    "font.monospace": ["DejaVu Sans Mono", "Menlo", "Liberation Mono", "Courier New"],
}
ID = re.compile(r"\b[mp][0-9a-f]{10}\b")
NUMBER, TEXT = re.compile(r"-?\d+(?:\.\d+)?"), re.compile(r">([^<]+)<")


def makers(*modules: ModuleType) -> dict[str, Callable[[], Any]]:
    """The public functions of these modules, by the name of what they make."""
    return {
        name.replace("_", "-"): function
        for module in modules
        for name, function in getmembers(module, isfunction)
        if function.__module__ == module.__name__ and not name.startswith("_")
    }


TABLES, FIGURES = makers(tables, tokenizer_tables) | tables.FURTHER, makers(result_figures, lessons)


def documents() -> list[Path]:
    return [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


def made(document: Path) -> Iterator[tuple[Path, str]]:
    """The document, and the pictures that it shows: files and what each should hold."""
    page = document.read_text(encoding="utf-8")
    names, pictures = {marked[2] for marked in MARKED.finditer(page)}, SHOWN.findall(page)
    if unknown := (names - set(TABLES)) | (set(pictures) - set(FIGURES)):
        sys.exit(f"{document.name} shows {', '.join(unknown)}, which nothing in docs/making makes")
    yield document, MARKED.sub(lambda marked: marked[1] + TABLES[marked[2]]() + marked[3], page)
    for name in pictures:
        yield ROOT / "docs" / "images" / f"{name}.svg", drawn(FIGURES[name])


def drawn(drawing: Callable[[], Figure]) -> str:
    """A figure as SVG, the same for the same data; places are rounded to a hundredth of a point."""
    with styled(), rc_context(FONTS):
        written = StringIO()
        FigureCanvasSVG(drawing()).print_svg(written, metadata={"Date": None, "Creator": None})
    page = PLACES.sub(lambda places: LONG.sub(lambda x: f"{float(x[0]):.2f}", places[0]), written.getvalue())
    names: dict[str, str] = {}  # ids are hashes of places to the last bit
    return ID.sub(lambda found: names.setdefault(found[0], f"id{len(names)}"), page)


def is_stale(path: Path, due: str) -> bool:
    """Whether the file holds something else; a picture may differ by half a point in places, not in words."""
    is_ = path.read_text(encoding="utf-8") if path.exists() else ""
    same_words = path.suffix == ".svg" and TEXT.findall(is_) == TEXT.findall(due)
    if not same_words or NUMBER.sub("", is_) != NUMBER.sub("", due):
        return is_ != due
    pairs = zip(NUMBER.findall(is_), NUMBER.findall(due), strict=True)
    return any(abs(float(a) - float(b)) > 0.5 for a, b in pairs)


def main(arguments: Sequence[str] | None = None) -> int:
    """The command; returns its exit status."""
    known = [document.stem for document in documents()]
    parser = argparse.ArgumentParser(
        prog="rebuild.py", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(known)} (default: all)")
    parser.add_argument("--check", action="store_true", help="write nothing, tell what is out of date")
    options = parser.parse_args(arguments)
    if unknown := set(options.names).difference(known):
        parser.error(f"no document is called {', '.join(sorted(unknown))}")
    wanted = [document for document in documents() if document.stem in (options.names or known)]
    stale = [pair for document in wanted for pair in made(document) if is_stale(*pair)]
    for path, due in stale:
        if options.check:
            print(f"{path.relative_to(ROOT)} is out of date: run python docs/rebuild.py", file=sys.stderr)
        else:
            path.write_text(due, encoding="utf-8", newline="\n")
    return 1 if stale and options.check else 0


if __name__ == "__main__":
    sys.exit(main())
