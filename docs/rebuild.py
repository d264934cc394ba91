"""Writes every generated document and figure anew, from the kept records and the code.

    python docs/rebuild.py [NAME ...]    all, or only those of these names: RESULTS, README
    python docs/rebuild.py --check       writes nothing; exits with 1 if a document is not what would be written

docs/templates/NAME.md becomes docs/NAME.md, filled with the values of docs/making/name.py. In README.md and the
hand-written documents, what stands between `<!-- made by docs/rebuild.py: NAME -->` and `<!-- end -->` is filled
from docs/templates/fragments/NAME.md in the same way; `results-first-run` too takes its values from results.py.
Figures are those of all modules of docs/making.
"""

import argparse
import importlib
import pkgutil
import re
import sys
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, partial
from io import StringIO
from itertools import zip_longest
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

import making
from jinja2 import Environment, FileSystemLoader, StrictUndefined, TemplateError
from making import tour
from making.words import wrapped

from numpygpt.errors import UserError

if TYPE_CHECKING:
    from matplotlib.figure import Figure

DOCS = Path(__file__).resolve().parent
ROOT = DOCS.parent
TEMPLATES, IMAGES = DOCS / "templates", DOCS / "images"
MARKED = re.compile(r"(<!-- made by docs/rebuild\.py: (\S+) -->\n).*?(<!-- end -->)", re.DOTALL)
PLACES, LONG = re.compile(r' (?:d|x|y)="[^"]*"|translate\([^)]*\)'), re.compile(r"-?\d+\.\d{3,}")
ROUNDING_ERRORS = {"gradient-check"}  # what this picture shows differs a little between machines
HEAD = "<!-- Made by docs/rebuild.py from docs/templates/{}: edit that, not this. -->\n\n"


@dataclass(frozen=True)
class Document:
    """A file that is made, whole or in part, from `templates`; `make` gives what it should hold."""

    path: Path
    make: Callable[[], str]
    templates: tuple[str, ...]

    @property
    def name(self) -> str:
        return self.path.stem

    @property
    def shown(self) -> str:
        return self.path.relative_to(ROOT).as_posix()


# --- documents ---


def documents() -> list[Document]:
    """All generated documents, those that have a generated part, and the notebook (make_tour.py runs its code)."""
    whole = [
        Document(DOCS / template.name, partial(_whole, template.name), (template.name,))
        for template in sorted(TEMPLATES.glob("*.md"))
    ]
    others = sorted({ROOT / "README.md", *DOCS.glob("*.md")} - {d.path for d in whole})
    marked = {path: MARKED.findall(path.read_text(encoding="utf-8")) for path in others}
    partly = [
        Document(path, partial(_filled, path), tuple(f"fragments/{name}.md" for _, name, _ in parts))
        for path, parts in marked.items()
        if parts
    ]
    notebook = [Document(path, tour.refreshed, ()) for path in DOCS.glob(tour.NOTEBOOK.name)]
    return whole + partly + notebook


def _whole(template: str) -> str:
    return HEAD.format(template) + _render(template, DOCS)


def _filled(path: Path) -> str:
    def fill(match: re.Match[str]) -> str:
        return f"{match[1]}{_render(f'fragments/{match[2]}.md', path.parent)}{match[3]}"

    return MARKED.sub(fill, path.read_text(encoding="utf-8"))


def _render(template: str, base: Path) -> str:
    """The filled template; its links are relative to `base`. Raises UserError for whatever is wrong in it."""
    env = Environment(  # Markdown, not HTML: nothing is escaped
        loader=FileSystemLoader(TEMPLATES), undefined=StrictUndefined, autoescape=False,
        trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True,
    )  # fmt: skip
    env.filters["wrapped"] = wrapped
    module = content(module_name(template))
    own = getattr(module, "FIGURES", {})
    env.globals.update(figure=partial(figure, base=base, own=own))
    env.globals.update(getattr(module, "VALUES", {}))
    try:
        return env.get_template(template).render()
    except (UserError, TemplateError) as error:
        raise UserError(f"docs/templates/{template}: {error}") from error


def figure(stem: str, words: str, base: Path = DOCS, own: Collection[str] = ()) -> str:
    """A Markdown image of one of FIGURES; `words` say what it shows to those who cannot see it."""
    if stem not in own and stem not in figures():
        raise UserError(f"no module of docs/making draws {stem}: it is none of {', '.join(figures())}")
    return f"![{words}]({(IMAGES / f'{stem}.svg').relative_to(base).as_posix()})"


# --- modules ---


def module_name(template: str) -> str:
    """`results` for RESULTS.md and for fragments/results-first-run.md."""
    return Path(template).stem.lower().split("-")[0]


@cache
def content(name: str) -> ModuleType | None:
    """The module of docs/making that fills the document of this name; none if it needs none."""
    if name not in [module.name for module in pkgutil.iter_modules(making.__path__)]:
        return None
    return importlib.import_module(f"making.{name}")


@cache
def figures() -> "dict[str, Callable[[], Figure]]":
    """All drawings, by the stem of their file. Raises UserError if two modules name the same."""
    found: dict[str, Callable[[], Figure]] = {}
    for module in sorted(module.name for module in pkgutil.iter_modules(making.__path__)):
        own: dict[str, Callable[[], Any]] = getattr(content(module), "FIGURES", {})
        if twice := sorted(set(own) & set(found)):
            raise UserError(
                f"docs/making/{module}.py draws {twice[0]}, which another module draws: rename it"
            )
        found |= own
    return found


def draw(drawing: "Callable[[], Figure]") -> str:
    """A figure as SVG, the same for the same data."""
    from matplotlib import rc_context
    from matplotlib.backends.backend_svg import FigureCanvasSVG

    from analysis.style import styled

    with styled(), rc_context({"svg.fonttype": "path"}):  # letters as shapes: the same wherever it is shown
        written = StringIO()
        FigureCanvasSVG(drawing()).print_svg(written, metadata={"Date": None, "Creator": None})
        return rounded(written.getvalue())


def rounded(svg: str) -> str:
    """The picture with its places rounded to a hundredth of a point: half the size, and not a trace of rounding."""
    return PLACES.sub(lambda places: LONG.sub(lambda x: f"{float(x[0]):.2f}", places[0]), svg)


def same_picture(one: str, other: str, points: float = 0.5) -> bool:
    """Whether two pictures are the same, but for places that differ by up to so many points."""
    number = re.compile(r"-?\d+(?:\.\d+)?")
    if number.sub("", one) != number.sub("", other):
        return False
    pairs = zip(number.findall(one), number.findall(other), strict=True)
    return all(abs(float(a) - float(b)) <= points for a, b in pairs)


# --- the two commands ---


def rebuild(names: Sequence[str] = ()) -> Iterator[str]:
    """Writes documents (of these names, or all) and the figures of their modules; yields what went wrong."""
    chosen = [d for d in documents() if not names or d.name in names]
    if unknown := set(names) - {d.name for d in chosen}:
        yield f"no document is called {', '.join(sorted(unknown))}: see docs/templates"
    wanted = {module_name(template) for document in chosen for template in document.templates}
    due = [getattr(content(name), "FIGURES", {}) for name in sorted(wanted)] if names else [figures()]
    for stem, drawing in [pair for drawings in due for pair in drawings.items()]:
        try:
            IMAGES.mkdir(exist_ok=True)
            (IMAGES / f"{stem}.svg").write_text(draw(drawing), encoding="utf-8", newline="\n")
        except UserError as error:
            yield f"docs/images/{stem}.svg: {error}"
    for document in chosen:
        try:
            document.path.write_text(document.make(), encoding="utf-8", newline="\n")
        except UserError as error:
            yield str(error)


def check() -> Iterator[str]:
    """Writes nothing; yields a sentence for each document or figure that is not as it should be."""
    for document in documents():
        try:
            difference = _difference(document)
        except UserError as error:
            difference = str(error)
        if difference:
            yield difference
    for stem, drawing in figures().items():
        path = IMAGES / f"{stem}.svg"
        try:
            due = draw(drawing)
            if not path.exists():
                yield f"docs/images/{stem}.svg is missing"
            elif not same_picture(
                path.read_text(encoding="utf-8"), due, 20 if stem in ROUNDING_ERRORS else 0.5
            ):
                yield f"docs/images/{stem}.svg is not what would be drawn"
        except UserError as error:
            yield f"docs/images/{stem}.svg: {error}"


def _difference(document: Document) -> str | None:
    """Where the committed file first departs from what would be written."""
    if not document.path.exists():
        return f"{document.shown} is missing"
    written = document.path.read_text(encoding="utf-8").split("\n")
    for number, (is_, due) in enumerate(zip_longest(written, document.make().split("\n")), start=1):
        if is_ != due:
            return f"{document.shown}:{number} is {is_!r}, should be {due!r}"
    return None


def main(arguments: Sequence[str] | None = None) -> int:
    """The command; returns its exit status."""
    parser = argparse.ArgumentParser(
        prog="rebuild.py", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help="a document, as RESULTS (default: all)")
    parser.add_argument("--check", action="store_true", help="write nothing, tell what is out of date")
    options = parser.parse_args(arguments)
    try:
        problems = list(check() if options.check else rebuild(options.names))
    except UserError as error:
        print(f"rebuild.py: {error}", file=sys.stderr)
        return 2
    for problem in problems:
        print(problem, file=sys.stderr)
    if problems and options.check:
        print("run: python docs/rebuild.py", file=sys.stderr)
    return (1 if options.check else 2) if problems else 0


if __name__ == "__main__":
    sys.exit(main())
