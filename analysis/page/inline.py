"""A figure within a page: its SVG, whose text is text and whose colours are those of the page's theme."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from markupsafe import Markup

from analysis.figures.drawings import Drawing
from analysis.figures.style import GRID, INK, PALETTE, PAPER, SOFT

COLOURS = {INK: "ink", SOFT: "soft", GRID: "line", PAPER: "paper"} | {
    look.colour: f"look-{number}" for number, look in enumerate(PALETTE)
}
LONG, COLOUR = re.compile(r"-?\d+\.\d{3,}"), re.compile("|".join(COLOURS))


def figures(
    drawings: tuple[Drawing, ...], prefix: str, files: Mapping[str, Path]
) -> dict[str, dict[str, Any]]:
    """By their names, what templates show: a drawing and its `svg`, of `files` by prefix and name."""
    found = {}
    for drawing in drawings:
        stem = f"{prefix}{drawing.name}"
        found[drawing.name] = vars(drawing) | {"svg": inline(files[stem], stem, drawing.caption)}
    return found


def inline(file: Path, name: str, caption: str) -> Markup:
    """The drawing in `file` as an element for HTML; `name` keeps its ids apart from those of other drawings.

    The page's policy allows no style within an element: each of its properties becomes an attribute, but for the
    fonts, which are the page's. Places are rounded to a hundredth of a point.
    """
    root = ElementTree.parse(file).getroot()
    for parent in [*root.iter()]:
        for child in [*parent]:
            if child.tag.endswith(("metadata", "style")):
                parent.remove(child)
    for element in root.iter():
        element.tag = element.tag.rpartition("}")[2]
        element.text = element.text if element.tag == "text" else None
        element.tail = None
        _plain_attributes(element, name)
    root.attrib |= {"role": "img", "aria-label": caption, "stroke-linejoin": "round"}
    return Markup(ElementTree.tostring(root, "unicode"))


def _plain_attributes(element: ElementTree.Element, name: str) -> None:
    attributes = {key.rpartition("}")[2]: value for key, value in element.attrib.items()}
    pairs = (pair.partition(":") for pair in attributes.pop("style", "").split(";") if pair)
    attributes |= {key.strip(): value.strip() for key, _, value in pairs}
    attributes.pop("font-family", None)
    if element.tag == "g":
        attributes.pop("id", None)  # nothing refers to a group
    for key, value in attributes.items():
        value = LONG.sub(lambda number: f"{float(number[0]):.2f}", " ".join(value.split()))
        value = COLOUR.sub(lambda colour: f"var(--{COLOURS[colour[0]]})", value)
        value = value.replace("url(#", f"url(#{name}-")
        attributes[key] = {"id": f"{name}-{value}", "href": f"#{name}-{value[1:]}"}.get(key, value)
    element.attrib = attributes
