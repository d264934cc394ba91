"""The shell of a page that needs nothing but itself: templates, styles, and a policy that allows no more."""

import base64
import hashlib
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

TEMPLATES = Path(__file__).resolve().parent / "templates"


@cache
def environment() -> Environment:
    """Templates in which all text is escaped, but for Markdown, and a name that is not known is an error."""
    escaped = select_autoescape(disabled_extensions=("md.j2",), default=True)
    return Environment(
        loader=FileSystemLoader(TEMPLATES), autoescape=escaped, undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True,
    )  # fmt: skip


@cache
def source(name: str) -> str:
    return (TEMPLATES / name).read_text(encoding="utf-8")


def style() -> str:
    """The themes, and the page's own rules after them."""
    return environment().get_template("styles/theme.css.j2").render() + "\n" + source("styles/page.css")


def policy(scripts: Sequence[str], styles: Sequence[str]) -> str:
    """A Content-Security-Policy that allows these very scripts and styles, pictures within the page, no more."""
    allowed = []
    for sources in (scripts, styles):
        digests = (hashlib.sha256(source.encode()).digest() for source in sources)
        allowed.append(" ".join(f"'sha256-{base64.b64encode(digest).decode('ascii')}'" for digest in digests))
    return (
        f"default-src 'none'; script-src {allowed[0]}; style-src {allowed[1]}; "
        "img-src data:; base-uri 'none'; form-action 'none'"
    )
