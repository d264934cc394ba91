"""The page's colours: they can be read, they rise evenly, and they are those of the figures."""

import re

import pytest

from analysis.figures.style import PALETTE
from analysis.page.shell import TEMPLATES


def theme(name):
    text = (TEMPLATES / "styles" / f"{name}.css").read_text(encoding="utf-8")
    return dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", text))


def luminance(colour):
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(a, b):
    lighter, darker = sorted((luminance(a), luminance(b)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("name", ["light", "dark"])
def test_contrasts_are_those_of_wcag_aa(name):
    colours = theme(name)
    grounds = ("paper", "raised", "faint")
    pairs = [(ink, ground) for ink in ("ink", "soft", "accent") for ground in grounds]
    pairs += [(kind, f"{kind}-ground") for kind in ("good", "stop", "caution")] + [("soft", "note-ground")]
    pairs += [("ink", f"t{i}") for i in range(4)] + [("ink", "copied"), ("paper", "ink")]
    pairs += [("on-low", f"b{i}") for i in range(6)] + [("on-six", "b6")]
    pairs += [("on-high", f"b{i}") for i in range(7, 10)]
    low = {pair: contrast(colours[pair[0]], colours[pair[1]]) for pair in pairs}
    assert not {pair: round(value, 2) for pair, value in low.items() if value < 4.5}
    shapes = {f"look-{i}": contrast(colours[f"look-{i}"], colours["paper"]) for i in range(len(PALETTE))}
    assert not {look: round(v, 2) for look, v in shapes.items() if v < (2 if name == "light" else 3)}


@pytest.mark.parametrize("name", ["light", "dark"])
def test_colours_of_cost_rise_evenly_and_neighbouring_tokens_differ_in_grey(name):
    colours = theme(name)
    steps = [luminance(colours[f"b{i}"]) for i in range(10)]
    assert steps == sorted(steps, reverse=name == "light")
    tokens = [luminance(colours[f"t{i}"]) for i in range(4)]
    for one, other in zip(tokens, tokens[1:] + tokens[:1], strict=True):
        assert abs(one - other) > (0.1 if name == "light" else 0.02)


def test_light_colours_are_those_of_the_figures():
    colours = theme("light")
    assert [colours[f"look-{i}"] for i in range(len(PALETTE))] == [look.colour for look in PALETTE]
    assert theme("dark").keys() == colours.keys()
